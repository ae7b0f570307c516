"""`lodeline recall list`, `notify`, `outcome`, `close`: what follows a recall, on record."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.recalls.closure import Mark, Outcome
from lodeline_server.recalls.command_parts import common, names, told

if TYPE_CHECKING:
    import argparse

    from lodeline.access import Actor
    from lodeline_server.recalls.models import Recall

STEPS = ("list", "notify", "outcome", "close")
NOBODY = "unknown"


def add_arguments(steps: Any) -> None:
    def step(name: str, words: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = steps.add_parser(name, help=words, description=words)
        if name != "list":
            one.add_argument("number", metavar="NUMBER", help="of the recall, like RC-2026-001")
        common(one)
        return one

    step("list", "the recalls on record, newest first")
    one = step("notify", "whom to tell of a recall; with --mark, say that they were")
    one.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the list with lots, serials and contacts"
    )
    one.add_argument("--mark", choices=[mark.value for mark in Mark], help="what happened to the notice")
    one.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="PARTY",
        help="a holder of the list (default: all); unknown too",
    )
    one.add_argument("--on", default="", metavar="TIME", help="when it happened, ISO 8601 (default: now)")
    one.add_argument("--note", default="", help="stands on record: name no person")
    one = step("outcome", "say what became of things that were reached")
    one.add_argument("outcome", choices=[outcome.value for outcome in Outcome])
    one.add_argument(
        "things", nargs="*", metavar="THING", help="serials or lots of the list (default: all open)"
    )
    one.add_argument("--holder", default=None, metavar="PARTY", help="only what is open there")
    one.add_argument("--on", default="", metavar="TIME", help="when it happened, ISO 8601 (default: now)")
    one.add_argument("--note", default="", help="stands on record: name no person")
    one = step("close", "close a recall; ends with 1 while something is open without a reason")
    one.add_argument(
        "--signed-off-by", required=True, metavar="NAME", help="a role or function; stands on record"
    )
    one.add_argument(
        "--reason",
        action="append",
        default=[],
        metavar="PARTY=WORDS",
        help="why what is open there may stay so",
    )
    one.add_argument("--pdf", type=Path, metavar="FILE", help="write the report to print")


def run(args: argparse.Namespace) -> int:
    steps = {"list": _list, "notify": _notify, "outcome": _outcome, "close": _close}
    return told(args, lambda actor: steps[args.step](args, actor))


def _recall(args: argparse.Namespace, actor: Actor) -> Recall:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls import queries

    row = queries.visible(actor).filter(number=args.number).first() if args.number.isprintable() else None
    if row is None:
        raise Problem(404, "There is no such recall", detail=args.number)
    return row


def _when(word: str) -> datetime:
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem

    if not word:
        return now()
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise Problem(
            422, "This is no time", detail=f"{word}: give ISO 8601, like 2026-11-01T08:00Z"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _party(word: str) -> str:
    return "" if word == NOBODY else word


def _list(_args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.recalls import queries
    from lodeline_server.recalls.answers import head

    rows = [head(row) for row in queries.visible(actor).select_related("closure")]
    return {"recalls": rows}, [
        f"{row['number']}  lot {row['label']}  {row['affected']} items  "
        f"{'closed' if row['closed'] else 'open'}  {row['reason']}".rstrip()
        for row in rows
    ]


def _notify(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.tables import plain
    from lodeline_server.recalls.closing import actions, answers, lists, queries

    row = _recall(args, actor)
    if args.mark:
        parties = [_party(word) for word in args.to] or [one.party for one in queries.addressees(row)]
        marking = actions.Marking(mark=Mark(args.mark), parties=parties, on=_when(args.on), note=args.note)
        actions.mark(actor=actor, recall=row, marking=marking, now=now())
    people = queries.addressees(row)
    if args.csv is not None:
        with args.csv.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([plain(cell) for cell in line] for line in lists.rows(people))
    lines = [f"{row.number}  lot {row.label}: {len(people)} holders to tell"]
    for one in people:
        marks = ", ".join(f"{name} {mark.on:%Y-%m-%d %H:%M}" for name, mark in one.marks.items())
        contact = f"  {one.contact}" if one.contact else ""
        lines.append(
            f"  {one.name or 'holder not known'}{contact}  {one.items} items, {one.lots} lots  {marks or 'not told'}"
        )
    return answers.notices(row), lines


def _outcome(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.clock import now
    from lodeline_server.recalls.closing import actions, answers

    row = _recall(args, actor)
    settling = actions.Settling(
        outcome=Outcome(args.outcome),
        keys=names(args.things, None, most=actions.MOST),
        holder=None if args.holder is None else _party(args.holder),
        on=_when(args.on),
        note=args.note,
    )
    said = actions.settle(actor=actor, recall=row, settling=settling, now=now())
    found = answers.progress(row)
    left = sum(one["things"] for one in found["open"])
    return found, [f"{row.number}: {said} things {args.outcome}; of {left} it is open what became of them"]


def _close(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit import pdf
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls.closing import actions, answers, lists, report

    row = _recall(args, actor)
    reasons = {}
    for word in args.reason:
        party, equals, words = word.partition("=")
        if not equals:
            raise Problem(422, "A reason is PARTY=WORDS", detail=word)
        reasons[_party(party)] = words
    closure = actions.close(
        actor=actor, recall=row, reasons=reasons, signed_off_by=args.signed_off_by, now=now()
    )
    if args.pdf is not None:
        data = lists.printed(row, closure, report.as_dict(closure))
        args.pdf.write_bytes(pdf.render("recalls/closure.typ", data, now=closure.closed_at))
    lines = [f"{row.number} is closed, on record at {closure.position}. {lists.heading(closure)}"]
    lines += [f"  {label}: {said}" for label, said in lists.pairs(closure)]
    return answers.progress(row), [*lines, f"  SHA-256 of report and evidence: {closure.bundle}"]
