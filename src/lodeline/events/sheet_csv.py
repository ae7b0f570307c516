"""CSV to a grid: UTF-8 with or without a byte order mark; comma, semicolon or tab; quotes as in RFC 4180."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Final

from lodeline.events.sheet_grid import Cell, Grid, Row, SheetLimits, Unreadable, place

SHEET: Final = "CSV"
_MARKS: Final = (",", ";", "\t")
_LOOKED_AT: Final = 20
_ESCAPED: Final = ("'=", "'+", "'-", "'@")
"""How a cell is written that a spreadsheet program would take for a formula; read back without the apostrophe."""


def grid_of_csv(data: bytes, limits: SheetLimits) -> Grid:
    """Parse the bytes. Raises `Unreadable`."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("sheet.encoding", "This is UTF-16. Save it as CSV UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Unreadable(
            "sheet.encoding", f"Line {line} holds bytes that are not UTF-8. Save it as CSV UTF-8.", row=line
        ) from None
    if "\0" in text:
        raise Unreadable(
            "sheet.encoding", "It holds the character U+0000, so it is no CSV. Save it as CSV UTF-8."
        )
    return Grid(sheet=SHEET, rows=tuple(_rows(text, delimiter(text), limits)))


def delimiter(text: str) -> str:
    """The mark that parts the first lines into the most cells; where none does, the comma."""
    counts = dict.fromkeys(_MARKS, 0)
    quoted = False
    lines = 0
    for letter in text[:65_536]:
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            if letter in counts:
                counts[letter] += 1
            elif letter == "\n":
                lines += 1
                if lines >= _LOOKED_AT:
                    break
    # A semicolon or tab wins over commas, which may be decimal marks.
    if counts["\t"] and counts["\t"] >= counts[";"]:
        return "\t"
    return ";" if counts[";"] and counts[";"] * 3 >= counts[","] else ","


def _rows(text: str, mark: str, limits: SheetLimits) -> list[Row]:
    csv.field_size_limit(limits.max_bytes)
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True)
    found: list[Row] = []
    number = 0
    try:
        for number, fields in enumerate(reader, 1):
            if not any(fields):
                continue
            if len(fields) > limits.max_columns and any(fields[limits.max_columns :]):
                raise Unreadable(
                    "sheet.columns",
                    f"Row {number} has {len(fields)} columns; at most {limits.max_columns} are read. Use the template.",
                    row=number,
                )
            if len(found) > limits.max_rows + _LOOKED_AT:
                raise too_many_rows(limits)
            cells = fields[: limits.max_columns]
            for column, cell in enumerate(cells):
                if len(cell) > limits.max_cell:
                    raise too_long(place(column, number), len(cell), limits, SHEET)
            found.append(Row(number, tuple([Cell(_plain(one)) if one.strip() else None for one in cells])))
    except csv.Error as error:
        raise Unreadable(
            "sheet.quotes",
            f"Row {number + 1}: {error}. Quotes stand around a whole cell and are doubled inside it.",
            row=number + 1,
        ) from None
    return found


def too_many_rows(limits: SheetLimits, sheet: str = SHEET) -> Unreadable:
    return Unreadable(
        "sheet.rows", f"More than {limits.max_rows} rows. Split the sheet.", sheet=sheet, row=limits.max_rows
    )


def too_long(cell: str, length: int, limits: SheetLimits, sheet: str) -> Unreadable:
    return Unreadable(
        "sheet.cell",
        f"{length} characters in one cell; at most {limits.max_cell} are read. Shorten it.",
        sheet=sheet,
        cell=cell,
    )


def _plain(text: str) -> str:
    found = text.strip()
    return found[1:] if found.startswith(_ESCAPED) else found
