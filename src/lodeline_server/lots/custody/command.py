from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline.access import Actor
    from lodeline_server.lots.custody.models import CustodyBook

SUMMARY = SUMMARIES["custody"]
LARGEST = 4 * 1024 * 1024
WHAT = ("rules", "receipt", "conversion", "claim", "correction")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    words = {
        "example": "print rules or an entry to begin with",
        "books": "list the books of credits",
        "book": "show a period of a book, line by line",
        "scheme": "set the rules of a scheme, or a later version of them",
        "entry": "book entries from a file, all or none",
        "close": "close a period of a book for good",
        "check": "say what does not fit in the books; exit code 1 when anything is an error",
    }
    made = {name: steps.add_parser(name, help=said, description=said) for name, said in words.items()}
    for name in ("book", "close"):
        made[name].add_argument("book", help="the name of a book, as 'custody books' lists it")
    made["book"].add_argument(
        "--period", default="", metavar="DAY", help="any day of the period (default: the newest)"
    )
    made["close"].add_argument("--period", required=True, metavar="DAY", help="any day of the period")
    made["close"].add_argument(
        "--accept", action="store_true", help="close it with its findings; they stand on record with it"
    )
    for name, said in (("scheme", "JSON, one object"), ("entry", "JSON, one entry or a list of them")):
        made[name].add_argument("file", type=Path, help=f"{said}; - reads from standard input")
    made["example"].add_argument("what", choices=WHAT, help="what to print")
    made["example"].add_argument("--site", default="", help="put this site into it")
    made["check"].add_argument("--book", default="", help="only this book")
    for one in made.values():
        one.add_argument("--workspace", default="", help="needed only when there are several")
        one.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    if args.step == "example":
        from lodeline_server.lots.custody.examples import example

        print(json.dumps(example(args.what, args.site), indent=1))
        return GOOD
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log import projections

    projections.follow_all()
    try:
        actor = _actor(args.workspace)
        answer, lines, code = _STEPS[args.step](args, actor)
    except Problem as problem:
        _complain(problem, json_wanted=args.json)
        return UNUSABLE if problem.status == 400 else REFUSED
    except (OSError, ValueError) as error:
        _complain(error, json_wanted=args.json)
        return UNUSABLE
    print(json.dumps(answer, ensure_ascii=False, indent=1) if args.json else "\n".join(lines))
    return code


def _complain(error: Exception, *, json_wanted: bool) -> None:
    from lodeline_server.kit.problems import Problem

    if json_wanted:
        print(json.dumps(error.as_dict() if isinstance(error, Problem) else {"error": str(error)}))
        return
    detail = getattr(error, "detail", "")
    print(". ".join(filter(None, [f"lodeline custody: {error}", detail])), file=sys.stderr)
    for one in getattr(error, "findings", ()):
        print(f"  {one.rule:<12} {one.pointer or '/'}  {one.message}", file=sys.stderr)


def _actor(slug: str) -> Actor:
    from lodeline.access import platform
    from lodeline_server.parties.models import Workspace

    found = list(Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("slug")[:20])
    if len(found) != 1:
        known = ", ".join(one.slug for one in found) or "none"
        raise ValueError(f"name the workspace with --workspace; found: {known}")
    return platform(found[0].pk)


def _day(text: str) -> datetime:
    day = datetime.fromisoformat(text)
    return day.replace(tzinfo=UTC) if day.tzinfo is None else day


def _read(path: Path) -> Any:
    from lodeline import strictjson

    data = sys.stdin.buffer.read(LARGEST + 1) if str(path) == "-" else path.read_bytes()
    return strictjson.loads(data, max_bytes=LARGEST)


def _one(actor: Actor, ref: str) -> CustodyBook:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.lots.custody import queries

    row = queries.one(actor, ref)
    if row is None:
        raise Problem(404, f"There is no book {ref[:60]}")
    return row


def _books(_args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline_server.kit.clock import now
    from lodeline_server.lots.custody import answers, queries

    rows = [answers.head(row, now()) for row in queries.books(actor)]
    lines = [
        f"{row['book']}  {row['balanceKg']:>16} kg  {row['group']}, {'+'.join(row['characteristics'])}, "
        f"{row['model']}, {row['scheme']}  {row['site']}"
        for row in rows
    ]
    return {"books": rows}, lines or ["There is no book yet: 'lodeline custody entry FILE' opens one."], GOOD


def _book(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.lots.custody import answers, queries

    row, moment = _one(actor, args.book), now()
    spans = queries.periods(row, moment)
    if args.period:
        spans = [one for one in spans if one.holds(_day(args.period))]
    if not spans:
        raise Problem(404, "The book has no such period")
    found = answers.period(queries.paged(row, spans[-1], moment), row)
    state = "closed" if found["closed"] else "open"
    lines = [
        f"{row.group}, {'+'.join(row.characteristics.splitlines())}, {row.model}, {row.scheme}, {row.site}",
        f"{found['start'][:10]} to {found['end'][:10]}, {state}",
        "",
        f"{'':<10}  {'opening':<14} {'':>16} {found['openingKg']:>16} kg",
        *(
            f"{one['at'][:10]}  {one['kind']:<14} {one['changeKg']:>16} {one['balanceKg']:>16} kg  {one['entry'] or ''}"
            for one in found["lines"]
        ),
        f"{'':<10}  {'closing':<14} {'':>16} {found['closingKg']:>16} kg",
    ]
    return answers.head(row, moment) | {"period": found}, lines, GOOD


def _scheme(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline_server.kit.clock import now
    from lodeline_server.lots.custody import actions

    row = actions.set_scheme(actor=actor, raw=_read(args.file), now=now())
    answer = {
        "scheme": row.name,
        "version": row.version,
        "starts": row.starts.isoformat(),
        "position": row.position,
    }
    return answer, [f"{row.name} {row.version} is in force from {row.starts:%Y-%m-%d} on"], GOOD


def _entry(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline_server.kit.clock import now
    from lodeline_server.lots.custody import actions, answers

    raw = _read(args.file)
    rows = actions.book(actor=actor, raw=raw if isinstance(raw, list) else [raw], now=now())
    found = [answers.entry(row) for row in rows]
    lines = [f"{one['entry']}  {one['kind']} of {one['massKg']} kg in {one['book']}" for one in found]
    return {"entries": found}, lines, GOOD


def _close(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline_server.kit.clock import now
    from lodeline_server.lots.custody import actions, answers

    row = actions.close(actor=actor, ref=args.book, day=_day(args.period), now=now(), accept=args.accept)
    found = answers.closing(row)
    return found, [f"closed up to {found['end'][:10]}: {found['closingKg']} kg are carried on"], GOOD


def _check(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str], int]:
    from lodeline.evidence import Severity
    from lodeline_server.kit.clock import now
    from lodeline_server.lots.custody.findings import findings

    only = {_one(actor, args.book).ref} if args.book else None
    found = findings(actor.workspace or 0, now(), only)
    lines = [
        f"{one.severity.value:<8} {one.rule:<11} {one.group}, {one.period}: {one.message}"
        + (f" ({one.entry})" if one.entry else "")
        for one in found
    ]
    bad = any(one.severity is Severity.ERROR for one in found)
    answer = {"findings": [one.as_dict() for one in found]}
    return (
        answer,
        lines or ["The books agree with their rules and with what moved."],
        REFUSED if bad else GOOD,
    )


_STEPS = {
    "books": _books,
    "book": _book,
    "scheme": _scheme,
    "entry": _entry,
    "close": _close,
    "check": _check,
}
