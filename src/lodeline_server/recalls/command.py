from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE
from lodeline_server.recalls import command_asking, command_closing, command_drill
from lodeline_server.recalls.command_parts import weighing

if TYPE_CHECKING:
    import argparse

    from lodeline_server.recalls.models import Recall

SUMMARY = SUMMARIES["recall"]
SHOWN = 30
LONGEST = 500  # characters of a reason
STEPS = {"compute", *command_asking.STEPS, *command_closing.STEPS, command_drill.STEP}


COMPUTE = "compute"


def spelled(words: list[str]) -> list[str]:
    """`lodeline recall LOT` stands for `lodeline recall compute LOT`."""
    named = words[:1] and (words[0] in STEPS or words[0] in {"-h", "--help"})
    return words if named or not words else [COMPUTE, *words]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    said = "what a lot reached, by dose, put on record; `compute` may be left out"
    compute = steps.add_parser(COMPUTE, help=said, description=said)
    compute.add_argument("lot", help="identifier, Digital Link path, or label when it is unique")
    compute.add_argument("--reason", default="", help="stands on the list and on record")
    weighing(compute)
    compute.add_argument("--csv", type=Path, metavar="FILE", help="write the list of items")
    compute.add_argument("--pdf", type=Path, metavar="FILE", help="write the list to print")
    command_asking.add_arguments(steps)
    command_drill.add_arguments(steps)
    command_closing.add_arguments(steps)


def run(args: argparse.Namespace) -> int:
    if args.step in command_asking.STEPS:
        return command_asking.run(args)
    if args.step in command_closing.STEPS:
        return command_closing.run(args)
    return command_drill.run(args) if args.step == command_drill.STEP else _compute(args)


def _compute(args: argparse.Namespace) -> int:
    started = perf_counter()
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log import projections
    from lodeline_server.lots.command import choose
    from lodeline_server.recalls.actions import compute
    from lodeline_server.recalls.deciding import Order

    projections.follow_all()
    lot = choose(args.lot, args.workspace, json_wanted=args.json)
    if isinstance(lot, int):
        return lot
    order = Order(
        lot=lot.key, threshold=args.threshold, substance=args.substance, reason=args.reason[:LONGEST]
    )
    try:
        recall = compute(actor=platform(lot.workspace_id), order=order, now=now(), timer=perf_counter)
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(". ".join(filter(None, [f"lodeline: {problem}", problem.detail])), file=sys.stderr)
        return REFUSED
    try:
        _write(recall, args.csv, args.pdf)
    except OSError as error:
        print(f"lodeline: {error.strerror}: {error.filename}", file=sys.stderr)
        return UNUSABLE
    if args.json:
        print(json.dumps(_as_dict(recall), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(recall)))
        print(f"\nthe whole command took {perf_counter() - started:.2f} s", file=sys.stderr)
    return GOOD


def _write(recall: Recall, table: Path | None, sheet: Path | None) -> None:
    from lodeline_server.recalls import lists

    if table is not None:
        from lodeline_server.kit.tables import plain

        with table.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([plain(cell) for cell in row] for row in lists.rows(recall))
    if sheet is not None:
        from lodeline_server.kit import pdf

        sheet.write_bytes(pdf.render("recalls/list.typ", lists.printed(recall), now=recall.computed_at))


def _as_dict(recall: Recall) -> dict[str, Any]:
    from lodeline_server.recalls.answers import as_dict

    return as_dict(recall)


def _lines(recall: Recall) -> list[str]:
    from lodeline.quantities import format_mass
    from lodeline_server.kit.charts.numbers import dose, percent
    from lodeline_server.recalls import lists, queries

    masses = queries.masses(recall)
    hits = queries.hits(recall)
    looked = f"threshold {dose(recall.threshold)}, log position {recall.evidence_position}"
    lines = [f"{recall.number}  {lists.heading(recall, recall.affected, recall.threshold)}"]
    if recall.affected:
        lines.append(lists.carried(masses))
    lines += [f"{looked}, computed in {recall.milliseconds} ms, on record at {recall.position}", ""]
    for hit in hits[:SHOWN]:
        mass = "" if hit.held is None else format_mass(hit.held)
        where = ", ".join(filter(None, [hit.holder_name, hit.site_name, hit.status]))
        lines.append(f"{hit.rank:>5}  {hit.label:<16} {percent(hit.share):>8} {mass:>10}  {where}")
    if recall.affected > SHOWN:
        lines.append(f"       {recall.affected - SHOWN} more: --csv FILE or --json gives all")
    return [
        *lines,
        "",
        f"{recall.below} items below the threshold hold {format_mass(masses.below)}; {recall.untouched} are untouched",
        f"{recall.lots} lots on the way hold {format_mass(masses.waiting)}; the lot itself {format_mass(masses.held)}",
    ]
