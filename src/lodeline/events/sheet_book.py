"""A workbook of texts, written by openpyxl. Imported only where one is written: openpyxl is slow to import.

The same rows give the same bytes: neither the clock nor the order of anything shows. No cell is a formula.
"""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.packaging.core import DocumentProperties  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]
from openpyxl.worksheet.datavalidation import DataValidation  # type: ignore[import-untyped]
from openpyxl.xml.constants import ARC_CORE  # type: ignore[import-untyped]
from openpyxl.xml.functions import tostring  # type: ignore[import-untyped]

from lodeline.events.sheet_grid import letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_AS_TEXT: Final = "@"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP archive can tell."""


@frozen(kw_only=True)
class Page:
    """One sheet. `heads`: rows in bold, from 1. `numbers`: columns whose cells may be numbers; all else is text.

    `choices`: words offered in a column, in the rows from `first` to `last`.
    """

    name: str
    rows: Sequence[Sequence[str]]
    heads: frozenset[int]
    numbers: Sequence[bool]
    width: int
    choices: Mapping[int, Sequence[str]]
    first: int = 1
    last: int = 1


def book_of(pages: Sequence[Page]) -> bytes:
    """The workbook's bytes."""
    book: Any = Workbook(write_only=True)
    for page in pages:
        _write(book.create_sheet(page.name), page)
    found = BytesIO()
    book.save(found)
    return _timeless(found)


def _write(sheet: Any, page: Page) -> None:
    for column, may_count in enumerate(page.numbers):
        sheet.column_dimensions[letters(column)].width = page.width
        if not may_count:
            sheet.column_dimensions[letters(column)].number_format = _AS_TEXT
    for column, words in page.choices.items():
        offered = DataValidation(type="list", formula1='"' + ",".join(words) + '"', allow_blank=True)
        offered.showErrorMessage = True
        offered.add(f"{letters(column)}{page.first}:{letters(column)}{page.last}")
        sheet.data_validations.append(offered)
    for number, row in enumerate(page.rows, 1):
        head = number in page.heads
        sheet.append(
            [
                _cell(
                    sheet,
                    text,
                    head=head,
                    number=not head and column < len(page.numbers) and page.numbers[column],
                )
                for column, text in enumerate(row)
            ]
        )


def _cell(sheet: Any, text: str, *, head: bool, number: bool) -> Any:
    if not text and head:
        return None
    cell: Any = WriteOnlyCell(sheet)
    if number and text.replace(".", "", 1).isdecimal():
        cell.value = float(text) if "." in text else int(text)
        return cell
    cell.number_format = _AS_TEXT
    if text:
        cell.value = text
        cell.data_type = "s"  # also what begins like a formula or an error
    if head:
        cell.font = Font(bold=True)
    return cell


def _timeless(book: BytesIO) -> bytes:
    """The same workbook with fixed times in the archive and in its properties."""
    then = datetime(*_LONG_AGO)  # noqa: DTZ001 - openpyxl writes times without a zone as UTC
    core = tostring(DocumentProperties(creator="Lodeline", created=then, modified=then).to_tree())
    found = BytesIO()
    with zipfile.ZipFile(book) as written, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in written.namelist():
            part = zipfile.ZipInfo(name, date_time=_LONG_AGO)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, core if name == ARC_CORE else written.read(name))
    return found.getvalue()
