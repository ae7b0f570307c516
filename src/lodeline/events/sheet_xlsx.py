"""XLSX (ECMA-376, parts 1 and 2) to a grid, by the standard library alone.

Read are: which sheets there are, shared texts, which formats show dates or percent, and the cells of one sheet.
Formulas are never calculated: their last value is taken and marked. Links, drawings and everything else stay shut.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any, Final

from lodeline.events.sheet_csv import too_long, too_many_rows
from lodeline.events.sheet_grid import (
    BOOLEAN,
    DATE,
    FAULT,
    NUMBER,
    PERCENT,
    TEXT,
    Cell,
    CellFinding,
    Grid,
    Row,
    SheetLimits,
    Unreadable,
    place,
)
from lodeline.events.sheet_zip import Parts
from lodeline.evidence import Severity

_DATES: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_PERCENTS: Final = frozenset((9, 10))
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROWS_BEFORE: Final = 20
_WORKBOOK: Final = "/officeDocument"
_MAX_INDEX: Final = 16_384


def grid_of_xlsx(data: bytes, limits: SheetLimits, wanted: str) -> Grid:
    """The sheet named `wanted`, else the first visible one. Raises `Unreadable`."""
    parts = Parts(data, limits)
    workbook = _relations(parts, "").get(_WORKBOOK, ["xl/workbook.xml"])[0]
    book = _Book()
    parts.parse(workbook, book.start, book.end, book.text)
    if not book.sheets:
        raise Unreadable("sheet.format", "The workbook has no sheet.")
    if len(book.sheets) > limits.max_sheets:
        raise Unreadable(
            "sheet.sheets", f"{len(book.sheets)} sheets; at most {limits.max_sheets} are opened."
        )
    visible = [sheet for sheet in book.sheets if sheet[2]] or book.sheets
    name, relation, _ = next((one for one in visible if one[0].strip().lower() == wanted.lower()), visible[0])
    related = _relations(parts, workbook)
    target = related.get(relation, [""])[0]
    shared, formats = _Texts(limits), _Formats()
    for path in related.get("/sharedStrings", []):
        parts.parse(path, shared.start, shared.end, shared.text)
    for path in related.get("/styles", []):
        parts.parse(path, formats.start, formats.end, formats.text)
    reader = _Cells(name, limits, shared.found, formats.kinds())
    parts.parse(target, reader.start, reader.end, reader.text)
    notes = []
    if any("/externalLinks/" in part for part in parts.names):
        message = "The workbook links to others. Links are not followed; the values saved in it are taken."
        notes.append(CellFinding(rule="sheet.links", severity=Severity.NOTE, message=message, sheet=name))
    return Grid(sheet=name, rows=tuple(reader.rows), epoch_1904=book.epoch_1904, notes=tuple(notes))


def _relations(parts: Parts, owner: str) -> dict[str, list[str]]:
    """Parts that `owner` names: by id, and by the end of the relation's type."""
    folder, name = posixpath.split(owner)
    found: dict[str, list[str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = posixpath.normpath(target[1:] if target[:1] == "/" else posixpath.join(folder, target))
            kind = attributes.get("Type", "")
            found.setdefault("/" + kind.rpartition("/")[2], []).append(path)
            found.setdefault(attributes.get("Id", ""), []).append(path)

    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path in parts.names:
        parts.parse(path, start, _nothing, _nothing)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("|")[2]


def _nothing(*_: Any) -> None:
    """What does not interest a reader."""


class _Book:
    """Sheets as (name, relation id, visible), and which year dates count from."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.epoch_1904 = False

    end = text = staticmethod(_nothing)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "sheet":
            relation = next(
                (value for key, value in attributes.items() if _local(key) == "id" and "|" in key), ""
            )
            shown = attributes.get("state", "visible") == "visible"
            self.sheets.append((attributes.get("name", "")[:60], relation, shown))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in {"1", "true"}


class _Texts:
    """Shared texts. Phonetic readings beside a text are left out."""

    def __init__(self, limits: SheetLimits) -> None:
        self.limits = limits
        self.found: list[str] = []
        self.now: list[str] = []
        self.inside = self.reading = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        name = _local(tag)
        if name == "si":
            self.now = []
        elif name == "rPh":
            self.reading = True
        elif name == "t":
            self.inside = not self.reading

    def end(self, tag: str) -> None:
        name = _local(tag)
        if name == "si":
            self.found.append("".join(self.now))
        elif name == "rPh":
            self.reading = False
        elif name == "t":
            self.inside = False

    def text(self, words: str) -> None:
        if self.inside:
            self.now.append(words)


class _Formats:
    """Which cell formats show a number as a date or as percent."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.used: list[str] = []
        self.inside = False

    text = staticmethod(_nothing)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "numFmt":
            self.own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.used.append(attributes.get("numFmtId", "0"))

    def end(self, tag: str) -> None:
        if _local(tag) == "cellXfs":
            self.inside = False

    def kinds(self) -> list[str]:
        return [self._kind(one) for one in self.used]

    def _kind(self, identifier: str) -> str:
        if identifier in self.own:
            code = _QUOTED.sub("", self.own[identifier].partition(";")[0]).lower()
            if code == "general":
                return NUMBER
            if "%" in code:
                return PERCENT
            return DATE if any(letter in code for letter in "ydhms") else NUMBER
        number = int(identifier) if identifier.isdecimal() and len(identifier) < 6 else 0
        return DATE if number in _DATES else PERCENT if number in _PERCENTS else NUMBER


class _Cells:
    """The cells of one sheet, row by row, as they come."""

    def __init__(self, sheet: str, limits: SheetLimits, shared: list[str], kinds: list[str]) -> None:
        self.sheet, self.limits, self.shared, self.kinds = sheet, limits, shared, kinds
        self.rows: list[Row] = []
        self.cells: list[Cell | None] = []
        self.row = self.column = self.length = 0
        self.type = self.style = ""
        self.value: list[str] = []
        self.taking = self.formula = self.reading = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if name == "c":
            self._place(attributes.get("r"))
            self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.value, self.formula = [], False
        elif name in {"v", "t"}:
            self.taking = not self.reading
        elif name == "f":
            self.formula = True
        elif name == "rPh":
            self.reading = True
        elif name == "row":
            given = attributes.get("r", "")
            number = int(given) if given.isdecimal() and len(given) < 8 else self.row + 1
            if number <= self.row:
                raise Unreadable(
                    "sheet.xml", f"Row {number} stands twice. Save the workbook again.", sheet=self.sheet
                )
            self.row, self.column, self.cells = number, -1, []

    def _place(self, reference: str | None) -> None:
        self.column += 1
        if reference is None:
            return
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise Unreadable(
                "sheet.xml", "A cell has no place in the sheet. Save the workbook again.", sheet=self.sheet
            )
        column = 0
        for letter in found[1]:
            column = column * 26 + ord(letter) - 64
        self.column = column - 1

    def text(self, words: str) -> None:
        if self.taking:
            self.value.append(words)

    def end(self, tag: str) -> None:
        name = _local(tag)
        if name in {"v", "t"}:
            self.taking = False
        elif name == "rPh":
            self.reading = False
        elif name == "c":
            self._cell()
        elif name == "row" and any(self.cells):
            if len(self.rows) > self.limits.max_rows + _ROWS_BEFORE:
                raise too_many_rows(self.limits, self.sheet)
            self.rows.append(Row(self.row, tuple(self.cells)))

    def _cell(self) -> None:
        text = "".join(self.value)
        if self.column >= self.limits.max_columns:
            if text.strip() or self.column >= _MAX_INDEX:
                raise Unreadable(
                    "sheet.columns",
                    f"Row {self.row} goes on beyond column {self.limits.max_columns}. Use the template.",
                    sheet=self.sheet,
                    row=self.row,
                )
            return
        cell = self._read(text)
        if cell is None:
            return
        if len(cell.text) > self.limits.max_cell:
            raise too_long(place(self.column, self.row), len(cell.text), self.limits, self.sheet)
        self.length += len(cell.text)
        if self.length > self.limits.max_text:
            raise Unreadable(
                "sheet.text-size",
                "The cells hold more text than is read at once. Split the sheet.",
                sheet=self.sheet,
            )
        if self.column < len(self.cells):
            raise Unreadable("sheet.xml", "A cell stands twice. Save the workbook again.", sheet=self.sheet)
        self.cells += [None] * (self.column - len(self.cells))
        self.cells.append(cell)

    def _read(self, text: str) -> Cell | None:
        if self.type == "s":
            number = int(text) if text.isdecimal() and len(text) < 9 else -1
            if not 0 <= number < len(self.shared):
                raise Unreadable(
                    "sheet.xml", "A text of the workbook is missing. Save it again.", sheet=self.sheet
                )
            text = self.shared[number]
        elif self.type in {"n", "d"}:
            return self._number(text)
        elif self.type == "b":
            return Cell(text, BOOLEAN, self.formula)
        elif self.type == "e":
            return Cell(text, FAULT, self.formula)
        text = text.strip()
        if not text:
            return Cell("", TEXT, formula=True) if self.formula else None
        return Cell(text, TEXT, self.formula)

    def _number(self, text: str) -> Cell | None:
        text = text.strip()
        if not text:
            return Cell("", TEXT, formula=True) if self.formula else None
        if self.type == "d":  # ISO 8601, in strict workbooks
            return Cell(text, TEXT, self.formula)
        style = int(self.style) if self.style.isdecimal() and len(self.style) < 7 else -1
        kind = self.kinds[style] if 0 <= style < len(self.kinds) else NUMBER
        return Cell(text, kind, self.formula)
