"""`lodeline events sheet FILE --template NAME`: a filled template to a document, or findings. Nothing is sent."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from lodeline.events.sheet import Sheet
    from lodeline.events.sheet_templates import Template

_GOOD, _REFUSED, _UNUSABLE = 0, 1, 2


def add_arguments(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Arguments of `lodeline events sheet`."""
    from lodeline.events.sheet_templates import TEMPLATES

    said = "Read a filled template (XLSX or CSV): findings by cell, and the document it becomes. Nothing is sent."
    sheet = verbs.add_parser("sheet", help="a filled template to a document, or findings", description=said)
    sheet.add_argument("file", metavar="FILE", help="the sheet; with --blank the file to write")
    sheet.add_argument("--template", required=True, choices=tuple(TEMPLATES), help="which template it is")
    sheet.add_argument(
        "--party", metavar="ID", default="", help="whose sheet it is: a GLN or a full identifier"
    )
    sheet.add_argument(
        "--zone", metavar="ZONE", default="", help="time zone, where the sheet does not say it"
    )
    sheet.add_argument(
        "--decimal", choices=(".", ","), default="", help="decimal mark of numbers kept as text"
    )
    sheet.add_argument("--out", metavar="FILE", help="write the document there; only without errors")
    sheet.add_argument(
        "--blank", action="store_true", help="write the empty template instead (.xlsx or .csv)"
    )
    sheet.add_argument("--examples", action="store_true", help="with --blank and .csv: with the example rows")
    sheet.add_argument("--json", action="store_true", help="one JSON object on standard output")
    sheet.add_argument("--now", metavar="TIME", help="the time taken as now (ISO 8601); default: the clock")


def run(args: argparse.Namespace) -> int:
    """0: no error found; 1: at least one; 2: a file cannot be read or written."""
    from lodeline.events.sheet_templates import TEMPLATES

    template = TEMPLATES[args.template]
    if args.blank:
        return _blank(args, template)
    from lodeline.events.sheet_values import Wrong

    try:
        now = datetime.fromisoformat(args.now) if args.now else datetime.now(UTC)  # noqa: TID251
    except ValueError:
        return _unusable(f"--now is no time: {args.now}")
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    try:
        party = _party(args.party)
    except Wrong as wrong:
        return _unusable(f"--party: {wrong}")
    try:
        data = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    except OSError as error:
        return _unusable(f"{args.file}: {error.strerror}")
    sheet = read(
        data, "" if args.file == "-" else Path(args.file).name, template, party, now, args.zone, args.decimal
    )
    if args.json:
        print(json.dumps(_as_dict(args.file, sheet), indent=2, ensure_ascii=False))
    else:
        _print(args.file, sheet)
    if sheet.refused:
        return _REFUSED
    if args.out:
        try:
            text = json.dumps(sheet.document(now), ensure_ascii=False, indent=2)
            Path(args.out).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            return _unusable(f"{args.out}: {error.strerror}")
    return _GOOD


def read(
    data: bytes, name: str, template: Template, party: str, now: datetime, zone: str = "", decimal: str = ""
) -> Sheet:
    """Read a sheet in this process. A server has a worker for it, which is bounded."""
    from lodeline.events.sheet import form_of, read_grid, unreadable
    from lodeline.events.sheet_grid import CellFinding, SheetLimits, Unreadable
    from lodeline.events.sheet_values import Wrong
    from lodeline.events.sheet_worker import grid_of
    from lodeline.evidence import Severity

    limits = SheetLimits()
    try:
        grid = grid_of(data, form_of(name, data), limits)
    except Unreadable as refused:
        return unreadable(template, refused.finding)
    except Wrong as wrong:
        return unreadable(template, CellFinding(rule=wrong.rule, severity=Severity.ERROR, message=str(wrong)))
    return read_grid(grid, template, party=party, now=now, zone=zone, decimal=decimal, limits=limits)


def _party(said: str) -> str:
    """The party's canonical key; without one, a placeholder that names nobody."""
    from lodeline.events.sheet_grid import Cell
    from lodeline.events.sheet_templates import SHIPMENTS
    from lodeline.events.sheet_values import Settings
    from lodeline.events.sheet_values import read as read_cell

    if not said:
        return "urn:x-lodeline:epcis:party:you"
    return str(read_cell(Cell(said), SHIPMENTS.column("partner"), Settings()))


def _blank(args: argparse.Namespace, template: Template) -> int:
    from lodeline.events.sheet_worker import NEEDS, has_xlsx
    from lodeline.events.sheet_write import template_csv, template_xlsx

    ending = Path(args.file).suffix.lower()
    if ending not in {".xlsx", ".csv"}:
        return _unusable(f"{args.file}: an empty template is .xlsx or .csv")
    if ending == ".xlsx" and not has_xlsx():
        return _unusable(NEEDS)
    made = template_xlsx(template) if ending == ".xlsx" else template_csv(template, examples=args.examples)
    try:
        Path(args.file).write_bytes(made)
    except OSError as error:
        return _unusable(f"{args.file}: {error.strerror}")
    return _GOOD


def _unusable(words: str) -> int:
    print(f"lodeline: {words}", file=sys.stderr)
    return _UNUSABLE


def _as_dict(name: str, sheet: Sheet) -> dict[str, Any]:
    return {
        "file": name,
        "template": sheet.template.label,
        "sheet": sheet.sheet,
        "rows": len(sheet.rows),
        "events": [
            {"rows": list(one.rows), "id": one.raw.get("eventID") or one.raw["id"]} for one in sheet.made
        ],
        "refused": sheet.refused,
        "errors": sheet.errors,
        "findings": [finding.as_dict() for finding in sheet.findings],
    }


def _print(name: str, sheet: Sheet) -> None:
    for one in sheet.findings:
        where = " ".join(
            word for word in (one.sheet, one.cell or (f"row {one.row}" if one.row else "")) if word
        )
        about = f" ({one.column})" if one.column else ""
        got = "" if one.got is None else f" (got {_shown(one.got)})"
        more = f" [{one.times} cells]" if one.times > 1 else ""
        said = f"{_shown(where)}{_shown(about)}: {_shown(one.message)}{got}{more}"
        print(f"{name}: {one.severity.value}: {said} [{one.rule}]")
    errors = f"{sheet.errors or 'no'} error{'' if sheet.errors == 1 else 's'}"
    print(f"{name}: {errors}, {len(sheet.rows)} rows, {len(sheet.made)} events or statements")


def _shown(text: str) -> str:
    """Text of the sheet for a terminal: control characters cannot move the cursor."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
