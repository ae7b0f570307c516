"""Sheets are read by another process, which limits itself: a hostile file costs that process, never the server.

A short CSV is read here: its cost is bounded by its length.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Final

import structlog

from lodeline import strictjson
from lodeline.events.sheet_csv import grid_of_csv
from lodeline.events.sheet_grid import CellFinding, Grid, SheetLimits, Unreadable, from_dict
from lodeline.events.sheet_worker import CSV
from lodeline_server.kit.problems import Problem

SECONDS: Final = 20
"""Processor time of the worker; by the clock it has half as much again."""
MEGABYTES: Final = 768
SHORT: Final = 256 * 1024
AT_ONCE: Final = 2
WAIT: Final = 10.0
MAX_ANSWER: Final = 96 * 1024 * 1024
MAX_VALUES: Final = 3_000_000
log = structlog.get_logger(__name__)
_slots = threading.BoundedSemaphore(AT_ONCE)


def grid(data: bytes, form: str) -> Grid:
    """The grid of a sheet. Raises `Unreadable`; `Problem` 429 when too many are read at once."""
    if form == CSV and len(data) <= SHORT:
        return grid_of_csv(data, SheetLimits())
    if not _slots.acquire(timeout=WAIT):
        raise Problem(429, "Too many sheets at once", detail="Try again in a few seconds.")
    try:
        answer = _run(data, form)
    finally:
        _slots.release()
    if "refused" in answer:
        refused = CellFinding.from_dict(answer["refused"])
        raise Unreadable(
            refused.rule, refused.message, sheet=refused.sheet, row=refused.row, cell=refused.cell
        )
    return from_dict(answer)


def _run(data: bytes, form: str) -> dict[str, object]:
    command = [sys.executable, "-I", "-m", "lodeline.events.sheet_worker", form, str(SECONDS), str(MEGABYTES)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=data,
            capture_output=True,
            timeout=SECONDS * 1.5,
            cwd="/",
            env={"PATH": os.defpath},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("sheet.time", f"Reading it takes more than {SECONDS} s. Split the sheet.") from None
    if done.returncode or len(done.stdout) > MAX_ANSWER:
        log.warning(
            "sheet not read", code=done.returncode, said=done.stderr[-300:].decode("ascii", "replace")
        )
        raise Unreadable("sheet.cost", "Reading it takes more time or memory than a sheet may. Split it.")
    answer = strictjson.loads(done.stdout, max_bytes=MAX_ANSWER, max_values=MAX_VALUES)
    assert isinstance(answer, dict)
    return answer
