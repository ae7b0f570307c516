"""XLSX to a grid, by openpyxl. Imported only where a workbook is read: openpyxl is slow to import.

openpyxl opens the workbook and takes its sheets, formats, shared texts and cells apart; `sheet_zip` has looked at the
archive before. Formulas are never calculated: their last value is taken and marked. Links, drawings and everything
else stay shut.
"""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from contextlib import redirect_stdout
from datetime import date, time
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Final

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.cell.read_only import ReadOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles.numbers import is_date_format  # type: ignore[import-untyped]
from openpyxl.utils.datetime import MAC_EPOCH  # type: ignore[import-untyped]
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser  # type: ignore[import-untyped]

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
from lodeline.events.sheet_zip import broken, entities, looked_at
from lodeline.evidence import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS_BEFORE: Final = 20
_MAX_COLUMN: Final = 16_384
_MAX_ROW: Final = 1_048_576
_ARCHIVE: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_CONTENT: Final = (ValueError, TypeError, LookupError, AttributeError, OSError, ArithmeticError)
"""What openpyxl raises for content it cannot make sense of."""


def grid_of_xlsx(data: bytes, limits: SheetLimits, wanted: str) -> Grid:
    """The sheet named `wanted`, else the first visible one. Raises `Unreadable`."""
    names = looked_at(data, limits)
    try:
        # openpyxl warns of what it would not save again, and prints about broken formats: answers go that way.
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            return _grid(data, limits, wanted, names)
    except DefusedXmlException:
        raise entities() from None
    except SyntaxError:  # ParseError of the standard library, or lxml's
        raise Unreadable("sheet.xml", "The XML of a part is broken. Save the workbook again.") from None
    except _ARCHIVE:
        raise broken() from None
    except _CONTENT as error:
        if isinstance(error.__cause__, DefusedXmlException):
            raise entities() from None
        raise Unreadable(
            "sheet.xml", "The workbook contradicts itself or lacks a part. Save it again."
        ) from None


def _grid(data: bytes, limits: SheetLimits, wanted: str, names: frozenset[str]) -> Grid:
    book: Any = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    sheets: list[Any] = book.worksheets
    if not sheets:
        raise Unreadable("sheet.format", "The workbook has no sheet.")
    if len(sheets) > limits.max_sheets:
        raise Unreadable("sheet.sheets", f"{len(sheets)} sheets; at most {limits.max_sheets} are opened.")
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"] or sheets
    sheet = next((one for one in visible if one.title.strip().lower() == wanted.lower()), visible[0])
    cells = _Cells(sheet, limits)
    rows = tuple(cells.rows())
    notes = []
    if any("/externalLinks/" in part for part in names):
        message = "The workbook links to others. Links are not followed; the values saved in it are taken."
        notes.append(
            CellFinding(rule="sheet.links", severity=Severity.NOTE, message=message, sheet=cells.name)
        )
    return Grid(sheet=cells.name, rows=rows, epoch_1904=book.epoch == MAC_EPOCH, notes=tuple(notes))


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's, which gives values; whether a formula stands beside one is told in the same pass."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().parse_cell(element)
        found["formula"] = element.find(FORMULA_TAG) is not None
        return found


class _Cells:
    """The cells of one sheet, row by row, as they come.

    The parser below openpyxl's sheet of rows is taken: that one fills gaps up to whatever a file says its size is, and
    leaves out rows and cells that stand twice.
    """

    def __init__(self, sheet: Any, limits: SheetLimits) -> None:
        self.sheet, self.limits = sheet, limits
        self.name: str = sheet.title[:60]
        self.kinds: dict[int, str] = {}
        self.length = 0

    def rows(self) -> Iterator[Row]:
        """Rows in which something stands. No number becomes a date here: grids keep what the file says."""
        last = count = 0
        with self.sheet._get_source() as source:  # noqa: SLF001 - openpyxl has no public way to one part
            shared = self.sheet._shared_strings  # noqa: SLF001
            for number, raw in _Parser(source, shared, data_only=True).parse():
                if not last < number <= _MAX_ROW:
                    said = "stands twice" if 0 < number <= last else "is none of a sheet"
                    raise self._bad(f"Row {number} {said}. Save the workbook again.")
                last = number
                cells = self._row(number, raw)
                if any(cells):
                    count += 1
                    if count > self.limits.max_rows + _ROWS_BEFORE + 1:
                        raise too_many_rows(self.limits, self.name)
                    yield Row(number, cells)

    def _bad(self, message: str) -> Unreadable:
        return Unreadable("sheet.xml", message, sheet=self.name)

    def _row(self, number: int, raw: list[dict[str, Any]]) -> tuple[Cell | None, ...]:
        cells: list[Cell | None] = []
        for one in raw:
            column = one["column"] - 1
            if column >= self.limits.max_columns:
                if column >= _MAX_COLUMN or (one["value"] is not None and str(one["value"]).strip()):
                    raise Unreadable(
                        "sheet.columns",
                        f"Row {number} goes on beyond column {self.limits.max_columns}. Use the template.",
                        sheet=self.name,
                        row=number,
                    )
                continue
            cell = self._cell(one)
            if cell is None:
                continue
            if len(cell.text) > self.limits.max_cell:
                raise too_long(place(column, number), len(cell.text), self.limits, self.name)
            self.length += len(cell.text)
            if self.length > self.limits.max_text:
                raise Unreadable(
                    "sheet.text-size",
                    "The cells hold more text than is read at once. Split the sheet.",
                    sheet=self.name,
                )
            if column < len(cells):
                raise self._bad("A cell stands twice. Save the workbook again.")
            cells += [None] * (column - len(cells))
            cells.append(cell)
        return tuple(cells)

    def _cell(self, raw: dict[str, Any]) -> Cell | None:
        value, formula = raw["value"], raw["formula"]
        if value is None:
            return Cell("", TEXT, formula=True) if formula else None
        if isinstance(value, bool):
            return Cell(str(int(value)), BOOLEAN, formula)
        if isinstance(value, (int, float)):
            kind = self._kind(raw["style_id"]) if math.isfinite(value) else FAULT
            return Cell(repr(value), kind, formula)
        if raw["data_type"] == "e":
            return Cell(str(value), FAULT, formula)
        text = value.isoformat() if isinstance(value, (date, time)) else str(value).strip()
        return Cell(text, TEXT, formula) if text or formula else None

    def _kind(self, style: int) -> str:
        """What a number is shown as."""
        kind = self.kinds.get(style)
        if kind is None:
            try:
                shown = ReadOnlyCell(self.sheet, 1, 1, None, "n", style).number_format or ""
            except LookupError:
                shown = ""
            first = shown.partition(";")[0]
            kind = DATE if is_date_format(first) and first.lower() != "general" else NUMBER
            kind = PERCENT if "%" in first else kind
            self.kinds[style] = kind
        return kind
