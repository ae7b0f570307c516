"""Reads a sheet for somebody else: bytes on standard input, the grid or one finding as JSON on standard output.

`python -m lodeline.events.sheet_worker csv|xlsx [SECONDS MEGABYTES]`. With bounds the process limits itself before it
reads anything: processor time, memory, no files written, no further processes.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from lodeline.events.sheet_grid import SheetLimits, Unreadable, as_dict

if TYPE_CHECKING:
    from lodeline.events.sheet_grid import Grid

CSV, XLSX = "csv", "xlsx"
NEEDS: Final = "workbooks need more packages: pip install 'lodeline[sheets]'"


def has_xlsx() -> bool:
    """Whether openpyxl and defusedxml are installed. Looked up, not imported."""
    return find_spec("openpyxl") is not None and find_spec("defusedxml") is not None


def grid_of(data: bytes, form: str, limits: SheetLimits) -> Grid:
    """The grid of a sheet in `form`. Raises `Unreadable`."""
    from lodeline.events.sheet_templates import DATA_SHEET

    if len(data) > limits.max_bytes:
        raise Unreadable(
            "sheet.bytes", f"{len(data)} bytes; at most {limits.max_bytes} are read. Split the sheet."
        )
    if form == XLSX:
        if not has_xlsx():
            raise Unreadable("sheet.packages", f"{NEEDS}; CSV needs none")
        from lodeline.events.sheet_xlsx import grid_of_xlsx

        return grid_of_xlsx(data, limits, DATA_SHEET)
    from lodeline.events.sheet_csv import grid_of_csv

    return grid_of_csv(data, limits)


def bound(seconds: int, megabytes: int) -> None:
    """Limit this process; systems without such limits have the caller's clock only."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def slim() -> None:
    """Let openpyxl do without lxml, so that all XML goes through defusedxml, and without numpy, which is heavy."""
    os.environ["OPENPYXL_LXML"] = "False"
    sys.modules["numpy"] = None  # type: ignore[assignment]


def main(words: list[str]) -> int:
    """0: a grid or a finding was written."""
    limits = SheetLimits()
    slim()
    if len(words) > 2:
        bound(int(words[1]), int(words[2]))
    try:
        found = as_dict(grid_of(sys.stdin.buffer.read(limits.max_bytes + 1), words[0], limits))
    except Unreadable as refused:
        found = {"refused": refused.finding.as_dict()}
    sys.stdout.write(json.dumps(found, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
