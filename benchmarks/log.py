"""Appending to the log: cost per statement in batches of 1,000, beside a bare sqlite3 insert of the same bytes."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.harness import ROOT, bar, command, data_folder, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT, BATCH, RUNS = 20_000, 1_000, 3
BYTES = 1_000  # canonical payload of one statement
LEAF_BYTES, HASH_BYTES, SEAL_BYTES = 190, 32, 60  # what stands beside the payload in a row
MOST = 40  # microseconds of CPU a statement


def _append() -> None:
    """Runs in a process of its own: prints wall and CPU seconds for COUNT statements, then of reading them."""
    from lodeline_server.kit import setup

    setup.django()
    from django.db import transaction

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import queries
    from lodeline_server.log.actions import NewStatement, append
    from lodeline_server.log.fsck import fsck

    start, filler = queries.size(), "x" * (BYTES - 60)
    batches = [
        [
            NewStatement(type="bench", payload={"id": f"urn:bench:{begin + n}", "text": filler})
            for n in range(BATCH)
        ]
        for begin in range(0, COUNT, BATCH)
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        with transaction.atomic():
            append(actor=platform(), workspace=1, statements=batch, now=now())
    told = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    wall = time.perf_counter()
    assert sum(1 for _ in queries.read(start)) == COUNT
    told["read"] = time.perf_counter() - wall
    wall = time.perf_counter()
    verdict = fsck()
    assert not verdict.findings
    told["fsck"] = (time.perf_counter() - wall) / verdict.size * COUNT
    print(json.dumps(told))


def _bare(data: Path) -> float:
    """The floor: the same number of rows of the same size, same durability."""
    connection = sqlite3.connect(data / "bare.sqlite3", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "DROP TABLE IF EXISTS t; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)"
    )
    rows = [(n, b"l" * LEAF_BYTES, b"h" * HASH_BYTES, b"s" * (BYTES + SEAL_BYTES)) for n in range(COUNT)]
    started = time.perf_counter()
    for start in range(0, COUNT, BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows[start : start + BATCH])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def bars() -> Iterator[dict[str, Any]]:
    told, bare = [], []
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        for _ in range(RUNS):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.log"],
                cwd=ROOT, env=environment(data), text=True, capture_output=True, check=True,
            )  # fmt: skip
            told.append(json.loads(done.stdout))
            bare.append(_bare(data))
    each = {name: statistics.median(one[name] for one in told) / COUNT * 1e6 for name in told[0]}
    floor = statistics.median(bare) / COUNT * 1e6
    yield bar(
        f"append in batches of 1,000 with sealing, SQLite FULL: at most {MOST} us of CPU a statement of 1 kB",
        f"{each['cpu']:.0f} us CPU, {each['wall']:.0f} us wall, {1e6 / each['wall']:,.0f} statements/s",
        met=each["cpu"] <= MOST,
        detail=f"median of {RUNS} runs of {COUNT:,}; bare sqlite3 insert of the same bytes {floor:.0f} us wall: "
        f"{each['wall'] / floor:.1f} times; reading and unsealing {each['read']:.0f} us, "
        f"fsck {each['fsck']:.0f} us a statement",
    )


if __name__ == "__main__":
    _append()
