"""Appending to the log: cost per statement in batches of 1,000, beside a bare sqlite3 insert of the same bytes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import ROOT, bar, command, data_folder, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT, BATCH = 20_000, 1_000
BYTES = 1_000


def _append(data: Path) -> None:
    """Runs in a process of its own: prints seconds for COUNT statements in batches."""
    from lodeline_server.kit import setup

    setup.django()
    from django.db import transaction

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log.actions import NewStatement, append

    filler = "x" * (BYTES - 60)
    batches = [
        [NewStatement(type="bench", payload={"id": f"urn:bench:{start + n}", "text": filler}) for n in range(BATCH)]
        for start in range(0, COUNT, BATCH)
    ]
    started = time.perf_counter()
    for batch in batches:
        with transaction.atomic():
            append(actor=platform(), workspace=1, statements=batch, now=now())
    print(json.dumps({"seconds": time.perf_counter() - started, "file": str(data)}))


def _bare(data: Path) -> float:
    """The floor: the same number of rows of the same size, same durability."""
    connection = sqlite3.connect(data / "bare.sqlite3", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)")
    rows = [(n, b"l" * 200, b"h" * 32, b"s" * (BYTES + 60)) for n in range(COUNT)]
    started = time.perf_counter()
    for start in range(0, COUNT, BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows[start : start + BATCH])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def bars() -> Iterator[dict[str, Any]]:
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.log", str(data)], cwd=ROOT, env=environment(data), text=True, capture_output=True, check=True
        )
        ours, bare = json.loads(done.stdout)["seconds"], _bare(data)
    each = ours / COUNT * 1e6
    yield bar(
        "append in batches of 1,000 with sealing, SQLite FULL, under 100 us a statement",
        f"{each:.0f} us, {COUNT / ours:,.0f} statements/s",
        met=each < 100,
        detail=f"bare sqlite3 insert of the same bytes {bare / COUNT * 1e6:.0f} us: {ours / bare:.1f} times",
    )


if __name__ == "__main__":
    _append(Path(sys.argv[1]))
