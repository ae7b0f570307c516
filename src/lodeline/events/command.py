"""`lodeline events check|hash|convert|find|sheet FILE...`: documents are read, nothing is sent, stored or looked up."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.events import command_find, command_sheet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from lodeline.events.check import Checked

SUMMARY = "Check, name and convert EPCIS and statement documents. Nothing is sent or stored."
_GOOD, _REFUSED, _UNUSABLE = 0, 1, 2
_FILES = "document as JSON or XML; - reads standard input"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `lodeline events`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    said = "Say what is wrong with documents. Findings only: nothing is sent or stored."
    check = verbs.add_parser("check", help="say what is wrong with documents", description=said)
    check.add_argument("files", nargs="+", metavar="FILE", help=_FILES)
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    check.add_argument(
        "--lenient", action="store_true", help="repair by named rules first, and list each repair"
    )
    check.add_argument(
        "--namespace", metavar="URI", default="", help="your own, for fields without prefix (R-KEY-NS)"
    )
    check.add_argument("--now", metavar="TIME", help="the time taken as now (ISO 8601); default: the clock")
    said = "The CBV 2.0 event hash of each event, one a line, in order; alike for JSON-LD and XML."
    hashed = verbs.add_parser("hash", help="the CBV 2.0 event hash of each event", description=said)
    hashed.add_argument("files", nargs="+", metavar="FILE", help=_FILES)
    hashed.add_argument("--json", action="store_true", help="one JSON object on standard output")
    hashed.add_argument("--prehash", action="store_true", help="the strings that are hashed, instead")
    said = "Write a document in the other format: EPCIS 2.0 JSON-LD or EPCIS 2.0 XML (1.2 is read as well)."
    convert = verbs.add_parser("convert", help="JSON-LD to XML and back", description=said)
    convert.add_argument("file", metavar="FILE", help=_FILES)
    convert.add_argument("--to", choices=("json", "xml"), help="default: the other one")
    convert.add_argument("--out", metavar="FILE", help="write there instead of standard output")
    command_find.add_arguments(verbs)
    command_sheet.add_arguments(verbs)


def run(args: argparse.Namespace) -> int:
    """0: no error found; 1: at least one; 2: a file cannot be read."""
    if args.verb == "find":
        return command_find.run(args, _documents)
    runs = {"check": _run_check, "hash": _run_hash, "convert": _run_convert, "sheet": command_sheet.run}
    return runs[args.verb](args)


def _run_check(args: argparse.Namespace) -> int:
    from lodeline.events.check import check
    from lodeline.events.limits import Limits

    try:
        now = datetime.fromisoformat(args.now) if args.now else datetime.now(UTC)  # noqa: TID251
    except ValueError:
        print(f"lodeline: --now is no time: {args.now}", file=sys.stderr)
        return _UNUSABLE
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    limits = Limits()
    results = []
    code = _GOOD
    for name, data in _read(args.files, limits.max_bytes + 1):
        if data is None:
            code = _UNUSABLE
            continue
        checked = check(data, now=now, limits=limits, lenient=args.lenient, namespace=args.namespace)
        code = max(code, _REFUSED if checked.refused else _GOOD)
        results.append((name, checked))
        if not args.json:
            _print(name, checked)
    if args.json:
        print(json.dumps({"files": [_as_dict(name, checked) for name, checked in results]}, indent=2))
    return code


def _run_hash(args: argparse.Namespace) -> int:
    from lodeline.events.hashing import hashes, prehashes

    results: list[dict[str, Any]] = []
    code = _GOOD
    for name, document, reason in _documents(args.files):
        if document is None:
            print(f"lodeline: {name}: {reason}", file=sys.stderr)
            code = _UNUSABLE
            continue
        raws, bad = _hashable(document)
        if bad:
            print(f"lodeline: {name}: {bad}; 'lodeline events check' says more", file=sys.stderr)
            code = max(code, _REFUSED)
            continue
        names = hashes(raws, document.get("@context"))
        strings = list(prehashes(raws, document.get("@context"))) if args.prehash else []
        if args.json:
            results.append(
                {"file": name, "hashes": names, **({"prehashes": strings} if args.prehash else {})}
            )
        else:
            for line in strings or names:
                print(_shown(line) if args.prehash else line)
    if args.json:
        print(json.dumps({"files": results}, indent=2))
    return code


def _hashable(document: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The raw events; or why one of them cannot be named: only what fits the schema has a name."""
    from lodeline.events.epcis import events_of
    from lodeline.events.schema import validator
    from lodeline.events.vocabulary import EVENT_TYPES

    raws = events_of(document)
    if not raws:
        return [], "no event in it"
    for index, raw in enumerate(raws):
        kind = raw.get("type") if isinstance(raw, dict) else None
        if kind not in EVENT_TYPES or not validator(str(kind), xml=True).is_valid(raw):
            return [], f"event {index} does not fit the schema"
    return raws, ""


def _run_convert(args: argparse.Namespace) -> int:
    from lodeline.events.xml_write import Unwritable, xml_of

    name, document, reason = next(_documents([args.file]))
    if document is None:
        print(f"lodeline: {name}: {reason}", file=sys.stderr)
        return _UNUSABLE
    _, bad = _hashable(document)
    if bad:
        print(f"lodeline: {name}: {bad}; 'lodeline events check' says more", file=sys.stderr)
        return _REFUSED
    to = args.to or ("json" if reason == "xml" else "xml")
    try:
        made = (
            xml_of(document)
            if to == "xml"
            else json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
        )
    except Unwritable as error:
        print(f"lodeline: {name}: {error}", file=sys.stderr)
        return _REFUSED
    if args.out:
        try:
            Path(args.out).write_bytes(made)
        except OSError as error:
            print(f"lodeline: {args.out}: {error.strerror}", file=sys.stderr)
            return _UNUSABLE
    else:
        sys.stdout.write(made.decode())
    return _GOOD


def _documents(names: list[str]) -> Iterator[tuple[str, dict[str, Any] | None, str]]:
    """(name, document or None, why not, or the format it came in)."""
    from lodeline.events.limits import Limits
    from lodeline.events.reading import read
    from lodeline.events.xml_tree import looks_like_xml

    limits = Limits()
    for name, data in _read(names, limits.max_bytes + 1, quiet=True):
        if data is None:
            yield name, None, "cannot be read"
            continue
        document, found = read(data, limits)
        if document is None:
            yield name, None, f"{found[-1].message} [{found[-1].rule}]"
        else:
            yield name, document, "xml" if looks_like_xml(data) else "json"


def _read(names: list[str], most: int, *, quiet: bool = False) -> Iterator[tuple[str, bytes | None]]:
    for name in names:
        try:
            if name == "-":
                yield name, sys.stdin.buffer.read(most)
                continue
            with Path(name).open("rb") as file:
                yield name, file.read(most)
        except OSError as error:
            if not quiet:
                print(f"lodeline: {name}: {error.strerror}", file=sys.stderr)
            yield name, None


def _as_dict(name: str, checked: Checked) -> dict[str, object]:
    return {
        "file": name,
        "type": checked.kind,
        "events": len(checked.events),
        "statements": len(checked.statements),
        "refused": checked.refused,
        "findings": [finding.as_dict() for finding in checked.findings],
        "repairs": [repair.as_dict() for repair in checked.repairs],
    }


def _print(name: str, checked: Checked) -> None:
    for finding in checked.findings:
        got = "" if finding.got is None else f" (got {_shown(finding.got)})"
        said = _shown(finding.message)
        print(
            f"{name}: {finding.severity.value}: {_shown(finding.pointer) or '/'}: {said}{got} [{finding.rule}]"
        )
    errors = sum(finding.severity.value == "error" for finding in checked.findings)
    read = (
        _count(len(checked.statements), "statement")
        if checked.statements
        else _count(len(checked.events), "event")
    )
    repaired = f", {_count(len(checked.repairs), 'repair')}" if checked.repairs else ""
    print(f"{name}: {_count(errors, 'error')}{repaired}, {read} readable")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _shown(text: str) -> str:
    """Text of the document for a terminal: control characters cannot move the cursor."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
