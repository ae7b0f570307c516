"""A filled template to events and findings: `read_grid` finds settings and headings, reads all cells, makes the events.

All findings are given, not the first; each names sheet, row, column and cell. What the ordinary check of documents
has to say about the events is said beside the rows they come from.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from lodeline import strictjson
from lodeline.events import sheet_values as values
from lodeline.events.check import Checked, check
from lodeline.events.limits import Limits
from lodeline.events.sheet_events import Line, Made, document, make
from lodeline.events.sheet_grid import Cell, CellFinding, Grid, Row, SheetLimits, place
from lodeline.events.sheet_templates import DECIMAL, MARK, TEMPLATES, ZONE, Column, Template
from lodeline.evidence import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

_HEAD: Final = 20
"""Rows looked through for settings and headings."""
_ENDINGS: Final = {"csv": "csv", "tsv": "csv", "txt": "csv", "xlsx": "xlsx"}
MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_COLUMNS: Final = (
    ("eventTime", "time"), ("epcClass", "lot"), ("uantityList", "quantity"), ("readPoint", "site"),
    ("bizLocation", "site"), ("destinationList", "partner"), ("sourceList", "partner"), ("ilmd/lode:comp", "Ni"),
    ("issued", "issued"), ("composition", "value"), ("content/sampled", "sampled"), ("subject", "lot"),
)  # fmt: skip
"""Where a finding about an event stands in its row."""
_PLACE: Final = re.compile(r"/(?:epcisBody/eventList|statements)/([0-9]+)(.*)")


@frozen(kw_only=True)
class Sheet:
    """What a sheet says. `lines`: rows that could be read; `rows`: all rows below the headings, as they stand there."""

    template: Template
    sheet: str
    columns: tuple[tuple[int, Column], ...] = ()
    rows: tuple[Row, ...] = ()
    made: tuple[Made, ...] = field(default=(), repr=False)
    findings: tuple[CellFinding, ...] = ()
    errors: int = 0
    checked: Checked | None = field(default=None, repr=False)
    """What the check of documents made of `made`."""

    @property
    def refused(self) -> bool:
        """True when a finding is an error."""
        return self.errors > 0

    def document(self, now: datetime, source: dict[str, Any] | None = None) -> dict[str, Any]:
        """The document to capture; `source`: the sheet itself."""
        return document(self.made, self.template, now, source)


def source_of(
    sheet: Sheet,
    data: bytes,
    *,
    name: str,
    zone: str = "",
    decimal: str = "",
    rows: Sequence[Sequence[int]] = (),
) -> dict[str, Any]:
    """The sheet as it came, to stand in the document: sealed with it, every event can be compared with its row.

    `rows`: those of each event, where the document holds others than the sheet's alone.
    """
    said = {"zone": zone, "decimal": decimal}
    return {
        "name": name,
        "template": sheet.template.label,
        "mediaType": MEDIA_TYPES[form_of(name, data)],
        "sha256": sha256(data).hexdigest(),
        "size": len(data),
        "sheet": sheet.sheet,
        "rows": [list(one) for one in rows or [one.rows for one in sheet.made]],
        "raw": b64encode(data).decode(),
        **{key: value for key, value in said.items() if value},
    }


def form_of(name: str, data: bytes) -> str:
    """`csv` or `xlsx`, by what the file holds; an ending that says otherwise is refused. Raises `Wrong`."""
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    if ending in {"xlsm", "xlsb", "xltm", "xlam"}:
        raise values.Wrong("sheet.macros", "Workbooks with macros are not opened. Save it as .xlsx.")
    packed = data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0"
    found = "xlsx" if packed else "csv"
    if ending and ending not in _ENDINGS:
        raise values.Wrong("sheet.format", f"A sheet is .xlsx or .csv; this file ends in .{ending[:10]}.")
    if ending and _ENDINGS[ending] != found:
        raise values.Wrong(
            "sheet.format", f"The name ends in .{ending}, but that is not what the file holds. Save it again."
        )
    return found


def unreadable(template: Template, finding: CellFinding) -> Sheet:
    """A sheet that could not be read at all."""
    return Sheet(template=template, sheet=finding.sheet, findings=(finding,), errors=1)


def read_grid(
    grid: Grid,
    template: Template,
    *,
    party: str,
    now: datetime,
    zone: str = "",
    decimal: str = "",
    limits: SheetLimits | None = None,
    checks: Limits | None = None,
) -> Sheet:
    """Read a filled template. `zone` and `decimal` hold where the sheet does not say them itself.

    `party`: who says it, the canonical key. Findings of severity error: nothing of the sheet should be captured.
    """
    limits = limits or SheetLimits()
    book = values.Notebook(grid.sheet, limits.max_findings)
    at = _headings(grid, template)
    if at is None:
        titles = ", ".join(column.title for column in template.columns if column.required)
        book.error("sheet.headings", f"No row of headings was found. A {template.name} sheet has: {titles}.")
        return Sheet(
            template=template, sheet=grid.sheet, findings=(*grid.notes, *book.all()), errors=book.errors
        )
    settings = _settings(grid, grid.rows[:at], template, book, zone, decimal)
    columns = _columns(grid.rows[at], template, book)
    rows = grid.rows[at + 1 :]
    if len(rows) > limits.max_rows:
        book.error("sheet.rows", f"{len(rows)} rows; at most {limits.max_rows} are read. Split the sheet.")
        rows = ()
    elif not rows:
        book.error("sheet.empty", "There are no rows below the headings. Fill them in.")
    known: dict[tuple[int, Cell], Any] = {}  # sites, parties and units repeat
    lines = [line for row in rows if (line := _line(row, columns, settings, book, known)) is not None]
    titles_of = {column.name: (index, column.title) for index, column in columns}
    made = make(template, lines, party, partial(_complain, book, titles_of))
    checked = _checked(made, template, now, checks or Limits(), titles_of, book)
    found = (*grid.notes, *book.all())
    return Sheet(
        template=template, sheet=grid.sheet, columns=tuple(columns), rows=rows, made=tuple(made), findings=found,
        errors=book.errors, checked=checked,
    )  # fmt: skip


def _headings(grid: Grid, template: Template) -> int | None:
    """The place of the row with the most headings, at least two of them."""
    titles = {column.title.lower() for column in template.columns}
    best, most = None, 1
    for index, row in enumerate(grid.rows[:_HEAD]):
        known = sum(cell is not None and cell.text.strip(" *").lower() in titles for cell in row.cells)
        if known > most:
            best, most = index, known
    return best


def _settings(
    grid: Grid, rows: tuple[Row, ...], template: Template, book: values.Notebook, zone: str, decimal: str
) -> values.Settings:
    """Settings above the headings; the sheet's own go before those given with it."""
    said = {ZONE: (zone, 0, ""), DECIMAL: (decimal, 0, "")}
    for row in rows:
        first, second = (*row.cells, None, None)[:2]
        word = first.text.strip() if first else ""
        if second is None:
            continue
        if word.lower() == MARK.lower():
            _version(second, row, template, book)
        for name in (ZONE, DECIMAL):
            if word.lower() == name.lower():
                said[name] = (second.text, row.number, place(1, row.number))
    zone_found = decimal_found = None
    for name, (text, number, cell) in said.items():
        if not text.strip():
            continue
        try:
            if name == ZONE:
                zone_found = values.zone_of(text)
            else:
                decimal_found = values.decimal_mark(text)
        except values.Wrong as wrong:
            book.error(wrong.rule, str(wrong), number, name, cell, text)
    return values.Settings(zone_found, decimal_found, grid.epoch_1904)


def _version(cell: Cell, row: Row, template: Template, book: values.Notebook) -> None:
    name, _, version = cell.text.strip().partition("/")
    where = (row.number, MARK, place(1, row.number), cell.text)
    if name != template.name:
        known = "another template" if name in TEMPLATES else "no template"
        book.error("sheet.template", f"The sheet says {known}: {template.label} is wanted here.", *where)
    elif version and version != str(template.version):
        book.error(
            "sheet.version",
            f"Version {version[:10]} of this template is not known; {template.version} is. Take the current template.",
            *where,
        )


def _columns(row: Row, template: Template, book: values.Notebook) -> list[tuple[int, Column]]:
    by_title = {column.title.lower(): column for column in template.columns}
    found: list[tuple[int, Column]] = []
    for index, cell in enumerate(row.cells):
        if cell is None:
            continue
        column = by_title.get(cell.text.strip(" *").lower())
        where = (row.number, cell.text[:60], place(index, row.number))
        if column is None:
            book.error(
                "sheet.column-unknown",
                "The template has no such column. Take it out, or correct the heading.",
                *where,
            )
        elif any(column is other for _, other in found):
            book.error("sheet.column-twice", "This column stands twice. Keep one of them.", *where)
        else:
            found.append((index, column))
    for column in template.columns:
        if column.required and not any(column is other for _, other in found):
            book.error(
                "sheet.column-missing",
                f"The column {column.title} is missing. Add it.",
                row.number,
                column.title,
            )
    return found


def _line(
    row: Row,
    columns: list[tuple[int, Column]],
    settings: values.Settings,
    book: values.Notebook,
    known: dict[tuple[int, Cell], Any],
) -> Line | None:
    """The values of one row, or None when one of them cannot be read."""
    found: dict[str, Any] = {}
    good = True
    _beyond(row, columns, book)
    for index, column in columns:
        cell = row.cells[index] if index < len(row.cells) else None
        if cell is None:
            if column.required:
                book.error(
                    "sheet.missing", f"{column.title} is missing. {column.help}", row.number, column.title,
                    place(index, row.number),
                )  # fmt: skip
                good = False
            continue
        try:
            if (value := known.get((index, cell))) is None:
                value = known[index, cell] = values.read(cell, column, settings)
            found[column.name] = value
        except values.Wrong as wrong:
            book.error(wrong.rule, str(wrong), row.number, column.title, place(index, row.number), cell.text)
            good = False
        else:
            if said := values.notes_of(cell, column):
                book.remark(*said, row.number, column.title, place(index, row.number))
    if good and "lot" in found:
        try:
            found["lot"] = values.lot_key(found.get("gtin"), found["lot"])
        except values.Wrong as wrong:
            index = next(index for index, column in columns if column.name == "lot")
            book.error(wrong.rule, str(wrong), row.number, "Lot", place(index, row.number), found["lot"])
            good = False
    complete = good and all(column.name in found for _, column in columns if column.required)
    return Line(number=row.number, values=found) if complete else None


def _beyond(row: Row, columns: list[tuple[int, Column]], book: values.Notebook) -> None:
    """Cells that stand under no heading."""
    known = {index for index, _ in columns}
    for index, cell in enumerate(row.cells):
        if cell is not None and index not in known:
            book.remark(
                "sheet.no-heading", "Cells under no heading are not read.", row.number, "", place(index, row.number),
                Severity.WARNING,
            )  # fmt: skip


def _complain(
    book: values.Notebook, titles: dict[str, tuple[int, str]], rule: str, message: str, row: int, name: str
) -> None:
    index, title = titles.get(name, (-1, ""))
    book.error(rule, message, row, title, place(index, row) if index >= 0 else "")


def _checked(
    made: list[Made],
    template: Template,
    now: datetime,
    limits: Limits,
    titles: dict[str, tuple[int, str]],
    book: values.Notebook,
) -> Checked | None:
    """What the check of documents says, beside the rows."""
    if not made:
        return None
    checked = check(strictjson.canonical(document(made, template, now)), now=now, limits=limits)
    for finding in checked.findings:
        found = _PLACE.match(finding.pointer)
        row = made[int(found[1])].rows[0] if found and int(found[1]) < len(made) else 0
        name = next((name for word, name in _COLUMNS if found and word in found[2]), "")
        index, title = titles.get(name, (-1, ""))
        cell = place(index, row) if row and index >= 0 else ""
        if finding.severity is Severity.ERROR:
            book.error(finding.rule, finding.message, row, title, cell, finding.got)
        else:
            book.remark(finding.rule, finding.message, row, title, cell, finding.severity)
    return checked


def shown(sheet: Sheet, most: int) -> Iterator[tuple[int, list[str]]]:
    """Rows as they stand in the sheet, number and text of each column: the first ones, and those with findings."""
    told = {finding.row for finding in sheet.findings}
    wanted = {row.number for row in sheet.rows[:most]}
    wanted |= set([row.number for row in sheet.rows if row.number in told][:most])
    for row in sheet.rows:
        if row.number in wanted:
            yield (
                row.number,
                [
                    cell.text if index < len(row.cells) and (cell := row.cells[index]) is not None else ""
                    for index, _ in sheet.columns
                ],
            )
