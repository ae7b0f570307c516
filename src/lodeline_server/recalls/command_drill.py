"""`lodeline recall drill`: draw a lot, answer, abandon, the history. On record."""

from __future__ import annotations

import secrets
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED
from lodeline_server.recalls.command_parts import common, names, told

if TYPE_CHECKING:
    import argparse

    from lodeline.access import Actor
    from lodeline_server.recalls.drilling.models import Drill

STEP = "drill"
MOST = 10_000


def add_arguments(steps: Any) -> None:
    said = "recall drills: a lot drawn at random, against the clock"
    parser = steps.add_parser(STEP, help=said, description=said)
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")

    def part(name: str, words: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = parts.add_parser(name, help=words, description=words)
        common(one)
        return one

    one = part("draw", "draw a lot, on record; the clock runs from here")
    one.add_argument(
        "--limit", type=int, default=4 * 3600, metavar="SECONDS", help="time to answer (default: 14400)"
    )
    one.add_argument("--ticket", default="", help="of an earlier drill, to hold it again")
    one = part("answer", "stop the clock and compare; ends with 1 when the drill is not passed")
    one.add_argument(
        "--listed", type=Path, metavar="FILE", help="items people found (default: Lodeline lists them)"
    )
    one.add_argument("--truth", type=Path, metavar="FILE", help="a list kept elsewhere (default: the record)")
    one = part("abandon", "end the drill without an answer; it stays in the history")
    one.add_argument("--reason", required=True, help="stands in the history")
    part("list", "the history of drills")


def run(args: argparse.Namespace) -> int:
    passed = True

    def step(actor: Actor) -> tuple[Any, list[str]]:
        nonlocal passed
        found, lines = PARTS[args.part](args, actor)
        passed = args.part != "answer" or found["passed"]
        return found, lines

    code = told(args, step)
    return code if code != GOOD or passed else REFUSED


def _draw(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls.drilling import actions, answers

    if not 0 < args.limit <= 30 * 86_400:
        raise Problem(422, "The limit is 1 second to 30 days", detail=str(args.limit))
    row = actions.draw(actor=actor, limit=args.limit, ticket=args.ticket, now=now(), random=secrets.randbelow)
    lines = [
        f"{row.number}: what did lot {row.label} reach?  {row.lot}",
        f"drawn from {row.population} lots by ticket {row.ticket}, on record at {row.position}",
        f"the clock runs, {row.limit} s",
    ]
    return answers.as_dict(row), lines


def _running(actor: Actor) -> Drill:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls.drilling import queries

    row = queries.open_(actor.workspace or 0)
    if row is None:
        raise Problem(409, "No drill is running", detail="Draw a lot first.")
    return row


def _answer(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.clock import now
    from lodeline_server.recalls.drilling import actions, answers

    given = actions.Answer(
        listed=names([], args.listed, most=MOST) if args.listed else None,
        truth=names([], args.truth, most=MOST) if args.truth else None,
    )
    row = actions.answer(actor=actor, row=_running(actor), given=given, now=now(), timer=perf_counter)
    return answers.as_dict(row), [
        _line(row),
        *(f"  missed  {one}" for one in row.missed[:20]),
        *(f"  wrong   {one}" for one in row.wrong[:20]),
    ]


def _abandon(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.clock import now
    from lodeline_server.recalls.drilling import actions, answers

    row = actions.abandon(actor=actor, row=_running(actor), reason=args.reason, now=now())
    return answers.as_dict(row), [_line(row)]


def _list(_args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.recalls.drilling import answers, queries

    rows = queries.visible(actor)
    figures = answers.figures(queries.figures(rows))
    found = {"figures": figures, "drills": [answers.head(row) for row in rows]}
    head = f"{figures['drawn']} drawn, {figures['passed']} passed, {figures['abandoned']} abandoned"
    return found, [head, *(_line(row) for row in rows)]


def _line(row: Drill) -> str:
    from lodeline_server.kit.charts.numbers import percent

    start = f"{row.number}  {row.drawn_at:%Y-%m-%d}  lot {row.label}  ticket {row.ticket}"
    if row.seconds is None or row.completeness is None or row.precision is None:
        return f"{start}  {row.state} {row.reason}".rstrip()
    return (
        f"{start}  {'passed' if row.passed else 'not passed'}: {row.seconds} s of {row.limit}, "
        f"{percent(row.completeness)} of the list found, {percent(row.precision)} of the answer right"
    )


PARTS = {"draw": _draw, "answer": _answer, "abandon": _abandon, "list": _list}
