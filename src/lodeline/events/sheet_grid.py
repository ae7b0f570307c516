"""A sheet as rows of cells, where its findings stand, and how much of it is read.

The readers of CSV and XLSX make a `Grid`; nothing in it is interpreted yet. Rows and columns are named as people see
them in a spreadsheet program: rows from 1, columns by letters.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from attrs import field, frozen

from lodeline.evidence import Finding, Severity

TEXT, NUMBER, DATE, PERCENT, BOOLEAN, FAULT = "tndpbe"
"""Kinds of cells. DATE and PERCENT are numbers shown as such; FAULT is an error value like #REF!."""
KINDS: Final = frozenset((TEXT, NUMBER, DATE, PERCENT, BOOLEAN, FAULT))


@frozen(kw_only=True)
class SheetLimits:
    """What is read of a sheet. Beyond any of these there is a finding, never a partial reading."""

    max_bytes: int = 8 * 1024 * 1024
    max_inflated: int = 96 * 1024 * 1024
    """All parts of an XLSX together, unpacked."""
    max_ratio: int = 250
    """Unpacked to packed of one part above 1 MiB; sheets of equal rows reach about 60."""
    max_parts: int = 500
    max_sheets: int = 20
    max_rows: int = 10_000
    """Rows of data: as many as a document may have events."""
    max_columns: int = 60
    max_cell: int = 2_000
    """Characters in one cell."""
    max_text: int = 16 * 1024 * 1024
    """Characters in all cells together: one shared text may be shown in many."""
    max_findings: int = 500


class Cell(NamedTuple):
    """One cell. `formula`: what stands here was calculated when the file was saved."""

    text: str
    kind: str = TEXT
    formula: bool = False


class Row(NamedTuple):
    """One row that is not empty: its number, and its cells from column A on; None where nothing stands."""

    number: int
    cells: tuple[Cell | None, ...]


@frozen(kw_only=True)
class Grid:
    """What was read of one sheet. `epoch_1904`: its dates count from 1904. `notes`: what the reader has to say."""

    sheet: str
    rows: tuple[Row, ...]
    epoch_1904: bool = False
    notes: tuple[CellFinding, ...] = ()


@frozen(kw_only=True)
class CellFinding:
    """A finding about a sheet: which sheet, row, column and cell, which rule, what to do.

    `row` 0: the whole sheet; `column`: the heading, or nothing; `cell`: like B7. `times`: so many cells of the
    column say the same, this is the first.
    """

    rule: str
    severity: Severity
    message: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    cell: str = ""
    got: str | None = None
    times: int = field(default=1)

    @property
    def pointer(self) -> str:
        """A JSON pointer (RFC 6901): sheet, then the cell or the row."""
        name = self.sheet.replace("~", "~0").replace("/", "~1")
        place = self.cell or (str(self.row) if self.row else "")
        return (f"/{name}" if name else "") + (f"/{place}" if place else "")

    def finding(self) -> Finding:
        """In the common form."""
        return Finding(
            rule=self.rule, severity=self.severity, pointer=self.pointer, message=self.message, got=self.got
        )

    def as_dict(self) -> dict[str, Any]:
        found = {
            **self.finding().as_dict(),
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "cell": self.cell,
        }
        return {**found, "times": self.times} if self.times > 1 else found

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> CellFinding:
        kept = {key: raw[key] for key in ("rule", "message", "sheet", "row", "column", "cell")}
        return cls(severity=Severity(raw["severity"]), got=raw.get("got"), times=raw.get("times", 1), **kept)


class Unreadable(Exception):  # noqa: N818 - a verdict, said to who sent it
    """The file cannot be read as a sheet; the finding says why and what to do."""

    def __init__(self, rule: str, message: str, *, sheet: str = "", row: int = 0, cell: str = "") -> None:
        super().__init__(message)
        self.finding = CellFinding(
            rule=rule, severity=Severity.ERROR, message=message, sheet=sheet, row=row, cell=cell
        )


def letters(column: int) -> str:
    """The name of a column counted from 0: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def place(column: int, row: int) -> str:
    """The name of a cell: column from 0, row from 1."""
    return f"{letters(column)}{row}"


def as_dict(grid: Grid) -> dict[str, Any]:
    """For the way from the worker: lists and texts only."""
    return {
        "sheet": grid.sheet,
        "epoch_1904": grid.epoch_1904,
        "rows": [[row.number, [cell and list(cell) for cell in row.cells]] for row in grid.rows],
        "notes": [note.as_dict() for note in grid.notes],
    }


def from_dict(raw: dict[str, Any]) -> Grid:
    """Back from `as_dict`."""
    return Grid(
        sheet=raw["sheet"],
        epoch_1904=raw["epoch_1904"],
        rows=tuple(
            Row(number, tuple([cell and Cell(*cell) for cell in cells])) for number, cells in raw["rows"]
        ),
        notes=tuple(map(CellFinding.from_dict, raw["notes"])),
    )
