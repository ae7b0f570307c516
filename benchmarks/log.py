"""Appending to the log in batches of 1,000, beside a bare insert (SQLite) or COPY (PostgreSQL) of the same bytes."""

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

COUNT, BATCH, RUNS = 20_000, 1_000, 5
BYTES = 1_000  # canonical payload of one statement
LEAST, MOST, MOST_POSTGRESQL = 40_000, 2.5, 3.0
TEN_TIMES = 10
COLUMNS = (
    "position, type, workspace, organisation, time, leaf, leaf_hash, sealed, key_version, subject_key_id"
)


def _append() -> None:
    """Runs in a process of its own, as a server does it: prints seconds for COUNT statements, and of sealing them."""
    from lodeline_server.kit import setup

    setup.django()
    from django.db import connection, transaction

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import actions, after, queries
    from lodeline_server.log.books import MAIN
    from lodeline_server.log.fsck import fsck

    after.in_background()
    spent = 0.0
    sealed = actions._sealed  # noqa: SLF001 - what is measured apart

    def timed(*args: Any) -> Any:
        nonlocal spent
        started = time.perf_counter()
        found = sealed(*args)
        spent += time.perf_counter() - started
        return found

    actions._sealed = timed  # noqa: SLF001
    start, filler = queries.size(), "x" * (BYTES - 60)
    batches = [
        [
            actions.NewStatement(type="bench", payload={"id": f"urn:bench:{begin + n}", "text": filler})
            for n in range(BATCH)
        ]
        for begin in range(0, COUNT, BATCH)
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        with transaction.atomic():
            actions.append(actor=platform(), workspace=1, statements=batch, now=now())
    told = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "sealing": spent}
    rows = list(MAIN.entries.objects.filter(position__gte=start).order_by("position").values_list())
    if connection.vendor == "postgresql":
        told["bare"] = _copy(rows)
    else:
        told["bare"] = _insert(rows)
        wall = time.perf_counter()
        assert sum(1 for _ in queries.read(start)) == COUNT
        told["read"] = time.perf_counter() - wall
        wall = time.perf_counter()
        verdict = fsck()
        assert not verdict.findings
        told["fsck"] = (time.perf_counter() - wall) / verdict.size * COUNT
    print(json.dumps(told))


def _insert(rows: list[tuple[Any, ...]]) -> float:
    """The floor: the rows as they stand, into a table with nothing but a key, with the same durability."""
    from django.conf import settings

    bare = sqlite3.connect(settings.DATA / "bare.sqlite3", isolation_level=None)
    bare.executescript(
        f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; DROP TABLE IF EXISTS t;"
        f"CREATE TABLE t ({COLUMNS.replace('position', 'position INTEGER PRIMARY KEY', 1)})"
    )
    plain = [(*row[:4], row[4].isoformat(" "), *map(bytes, row[5:8]), *row[8:]) for row in rows]
    started = time.perf_counter()
    for start in range(0, COUNT, BATCH):
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(f"INSERT INTO t VALUES ({', '.join('?' * 10)})", plain[start : start + BATCH])
        bare.execute("COMMIT")
    seconds = time.perf_counter() - started
    bare.close()
    return seconds


def _copy(rows: list[tuple[Any, ...]]) -> float:
    from django.db import connection

    plain = [(*row[:5], *map(bytes, row[5:8]), *row[8:]) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute(
            "CREATE TABLE bare (position int8 primary key, type varchar, workspace int8, organisation int8,"
            " time timestamptz, leaf bytea, leaf_hash bytea, sealed bytea, key_version int4, subject_key_id int8)"
        )
        started = time.perf_counter()
        for start in range(0, COUNT, BATCH):
            with cursor.copy(f"COPY bare ({COLUMNS}) FROM STDIN") as copy:
                for row in plain[start : start + BATCH]:
                    copy.write_row(row)
        return time.perf_counter() - started


def _runs(data: Path, **extra: str) -> list[dict[str, float]]:
    told = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.log"],
            cwd=ROOT, env=environment(data, **extra), text=True, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        told.append(json.loads(done.stdout.splitlines()[-1]))
    return told


def _figures(told: list[dict[str, float]]) -> tuple[dict[str, float], float]:
    """Medians in microseconds a statement, and the median of each run's own ratio to its floor."""
    each = {name: statistics.median(one[name] for one in told) / COUNT * 1e6 for name in told[0]}
    return each, statistics.median((one["wall"] - one["sealing"]) / one["bare"] for one in told)


def bars() -> Iterator[dict[str, Any]]:
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        each, ratio = _figures(_runs(data))
    apart = each["wall"] - each["sealing"]
    yield bar(
        f"append, batches of 1,000, SQLite FULL, sealing apart: at least {LEAST:,} statements/s",
        f"{1e6 / apart:,.0f} statements/s",
        met=1e6 / apart >= LEAST,
        detail=f"{apart:.1f} us a statement of {BYTES} bytes, and {each['sealing']:.1f} us of sealing (canonical form, "
        f"salted commitment, encryption): {1e6 / each['wall']:,.0f} statements/s with it; "
        f"reading and opening {each['read']:.0f} us, fsck {each['fsck']:.0f} us",
    )
    yield bar(
        f"append beside a bare sqlite3 insert of the same rows, same durability: at most {MOST} times",
        f"{ratio:.2f} times",
        met=ratio <= MOST,
        detail=f"median of {RUNS} runs of {COUNT:,}, each beside its own floor ({each['bare']:.1f} us)",
    )
    yield from _postgresql()
    yield _canonical()


def _postgresql() -> Iterator[dict[str, Any]]:
    name = (
        f"append on PostgreSQL beside COPY of the same rows, sealing apart: at most {MOST_POSTGRESQL:g} times"
    )
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    if postgres.programs() is None:
        yield bar(name, "PostgreSQL is not installed", met=None)
        return
    with data_folder() as data, postgres.cluster() as url:
        command(data, "manage", "migrate", "--verbosity", "0", DATABASE_URL=url)
        each, ratio = _figures(_runs(data, DATABASE_URL=url))
    yield bar(
        name,
        f"{ratio:.2f} times",
        met=ratio <= MOST_POSTGRESQL,
        detail=f"{each['wall'] - each['sealing']:.1f} us a statement beside {each['bare']:.1f} us, "
        f"and {each['sealing']:.1f} us of sealing",
    )


def _canonical() -> dict[str, Any]:
    """A passport of about 10 kB: JCS bytes by our fast path and by the plain library, in turns."""
    import rfc8785

    from lodeline.strictjson import canonical

    points = [{"number": n, "name": f"point {n}", "value": f"{n}.25", "unit": "kg"} for n in range(170)]
    value = {"id": "urn:x-lodeline:passport:1", "points": points, "share": 0.16, "text": "Größe µ" * 20}
    assert canonical(value) == rfc8785.dumps(value)
    ours, theirs = [], []
    for _ in range(15):
        for function, seconds in ((canonical, ours), (rfc8785.dumps, theirs)):
            started = time.perf_counter()
            for _again in range(20):
                function(value)
            seconds.append((time.perf_counter() - started) / 20)
    ratio = statistics.median(theirs) / statistics.median(ours)
    return bar(
        f"canonical() of a 10 kB passport: at least {TEN_TIMES} times the rate of plain rfc8785, same bytes",
        f"{ratio:.1f} times",
        met=ratio >= TEN_TIMES,
        detail=f"{len(canonical(value)):,} bytes: {statistics.median(ours) * 1e6:.0f} us beside "
        f"{statistics.median(theirs) * 1e6:.0f} us",
    )


if __name__ == "__main__":
    _append()
