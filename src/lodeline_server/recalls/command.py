from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentTypeError
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE
from lodeline.lots.values import SUBSTANCES
from lodeline.quantities import QuantityError, decimal

if TYPE_CHECKING:
    import argparse

    from lodeline_server.recalls.models import Recall

SUMMARY = SUMMARIES["recall"]
SHOWN = 30
LONGEST = 500  # characters of a reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lot", help="identifier, Digital Link path, or label when it is unique")
    parser.add_argument(
        "--threshold",
        type=_share,
        default=Fraction(0),
        help="smallest dose that counts, a share like 0.001 or 0.1%%; 0, the default, lists everything reached",
    )
    parser.add_argument(
        "--substance",
        default="",
        choices=[*SUBSTANCES, "mass"],
        help="dose of this substance, or by mass (default: the lot's only substance, else mass)",
    )
    parser.add_argument("--reason", default="", help="stands on the list and on record")
    parser.add_argument("--workspace", default="", help="needed only when there are several")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the list of items")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write the list to print")


def _share(word: str) -> Fraction:
    """0.001 or 0.1%."""
    try:
        value = Fraction(decimal(word.removesuffix("%"))) / (100 if word.endswith("%") else 1)
    except QuantityError:
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{word!r} is no share: give 0 to 1, like 0.001, or 0.1%")
    return value


def run(args: argparse.Namespace) -> int:
    started = perf_counter()
    from lodeline_server.kit import setup

    setup.django()
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
