"""`lodeline events check FILE...`: findings only. Nothing is sent, stored or looked up."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from lodeline.events.check import Checked

SUMMARY = "Check EPCIS and statement documents. Findings only: nothing is sent or stored."
_GOOD, _REFUSED, _UNUSABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `lodeline events`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="say what is wrong with documents", description=SUMMARY)
    check.add_argument("files", nargs="+", metavar="FILE", help="document as JSON; - reads standard input")
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    check.add_argument("--now", metavar="TIME", help="the time taken as now (ISO 8601); default: the clock")


def run(args: argparse.Namespace) -> int:
    """0: no error found; 1: at least one; 2: a file cannot be read."""
    from lodeline.events.check import check
    from lodeline.events.limits import Limits

    try:
        now = datetime.fromisoformat(args.now) if args.now else datetime.now(UTC)  # noqa: TID251
    except ValueError:
        print(f"lodeline: --now is no time: {args.now}", file=sys.stderr)
        return _UNUSABLE
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    limits = Limits()
    code = _GOOD
    results = []
    for name in args.files:
        try:
            data = _bytes(name, limits.max_bytes + 1)
        except OSError as error:
            print(f"lodeline: {name}: {error.strerror}", file=sys.stderr)
            code = _UNUSABLE
            continue
        checked = check(data, now=now, limits=limits)
        code = max(code, _REFUSED if checked.refused else _GOOD)
        results.append((name, checked))
        if not args.json:
            _print(name, checked)
    if args.json:
        print(json.dumps({"files": [_as_dict(name, checked) for name, checked in results]}, indent=2))
    return code


def _bytes(name: str, most: int) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(most)
    with Path(name).open("rb") as file:
        return file.read(most)


def _as_dict(name: str, checked: Checked) -> dict[str, object]:
    return {
        "file": name,
        "type": checked.kind,
        "events": len(checked.events),
        "statements": len(checked.statements),
        "refused": checked.refused,
        "findings": [finding.as_dict() for finding in checked.findings],
    }


def _print(name: str, checked: Checked) -> None:
    for finding in checked.findings:
        got = "" if finding.got is None else f" (got {_shown(finding.got)})"
        print(
            f"{name}: {finding.severity.value}: {finding.pointer or '/'}: {finding.message}{got} [{finding.rule}]"
        )
    errors = sum(finding.severity.value == "error" for finding in checked.findings)
    read = (
        _count(len(checked.statements), "statement")
        if checked.statements
        else _count(len(checked.events), "event")
    )
    print(f"{name}: {_count(errors, 'error')}, {read} readable")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _shown(text: str) -> str:
    """Text of the document for a terminal: control characters cannot move the cursor."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
