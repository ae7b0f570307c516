"""Templates as files to fill in, and findings as CSV. No cell written here is taken for a formula.

The XLSX has three sheets: data, help, examples. Columns that hold codes are formatted as text, so that leading zeros
stay. The same template gives the same bytes.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from lodeline.events.sheet_templates import DATA_SHEET, DECIMAL, EXAMPLE_SHEET, HELP_SHEET, MARK, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lodeline.events.sheet_grid import CellFinding
    from lodeline.events.sheet_templates import Template

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
EXAMPLE_ZONE: Final = "Europe/Helsinki"
_NUMBERS: Final = frozenset(("amount", "percent", "share"))
_FILLED_ROWS: Final = 10_020


def plain(value: object) -> str:
    """Text for a cell of a CSV file: what would be taken for a formula gets an apostrophe (CWE-1236)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


def csv_of(rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    """CSV in UTF-8 with a byte order mark, by which spreadsheet programs know it."""
    found = StringIO()
    csv.writer(found, delimiter=delimiter, lineterminator="\r\n").writerows(
        [[plain(cell) for cell in row] for row in rows]
    )
    return b"\xef\xbb\xbf" + found.getvalue().encode()


def findings_csv(findings: Iterable[CellFinding]) -> bytes:
    """Findings, one a row."""
    rows = [
        (
            one.severity.value,
            one.sheet,
            one.row or "",
            one.column,
            one.cell,
            one.message,
            one.got or "",
            one.rule,
            one.times,
        )
        for one in findings
    ]
    return csv_of(
        [("severity", "sheet", "row", "column", "cell", "what to do", "found there", "rule", "times"), *rows]
    )


def template_csv(template: Template, *, examples: bool = False) -> bytes:
    """The template as CSV; with `examples` filled, else without rows."""
    head = _head(template, examples=examples)
    return csv_of([*head, *(template.examples if examples else ())])


def template_xlsx(template: Template) -> bytes:
    """The template as a workbook."""
    from lodeline.events.sheet_book import Page, book_of

    numbers = [column.kind in _NUMBERS for column in template.columns]
    help_rows = [
        (f"{template.title}, version {template.version}",),
        (template.purpose,),
        (f"Each row becomes part of {template.makes}.",),
        (f"Fill the sheet {DATA_SHEET}. Time zone and decimal mark (of numbers kept as text) stand above.",),
        ("Column", "Needed", "What stands there", "Example", "Allowed words"),
        *(
            (
                column.title,
                "yes" if column.required else "no",
                column.help,
                column.example,
                ", ".join(column.words),
            )
            for column in template.columns
        ),
    ]
    words = {index: column.words for index, column in enumerate(template.columns) if column.words}
    return book_of(
        (
            Page(
                name=DATA_SHEET,
                rows=_head(template, examples=False),
                heads=frozenset((5,)),
                numbers=numbers,
                width=22,
                choices=words,
                first=6,
                last=_FILLED_ROWS,
            ),
            Page(
                name=HELP_SHEET,
                rows=help_rows,
                heads=frozenset((1, 5)),
                numbers=[False] * 5,
                width=26,
                choices={},
            ),
            Page(
                name=EXAMPLE_SHEET,
                rows=[*_head(template, examples=True), *template.examples],
                heads=frozenset((5,)),
                numbers=numbers,
                width=26,
                choices={},
            ),
        )
    )


def _head(template: Template, *, examples: bool) -> list[tuple[str, ...]]:
    return [
        (MARK, template.label),
        (ZONE, EXAMPLE_ZONE if examples else ""),
        (DECIMAL, "." if examples else ""),
        (),
        tuple(column.title for column in template.columns),
    ]
