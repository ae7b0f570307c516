"""Erasing a person: 20 planted strings, found before by API and in projections, absent afterwards; proofs verify."""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from benchmarks import canaries
from benchmarks.capture import client, prepare
from benchmarks.harness import ROOT, bar, command, data_folder, environment, server
from lodeline.log.merkle import leaf_hash
from lodeline.log.proof import verify_inclusion
from lodeline_server.config.backup import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

ERASE = (
    "import argparse; from lodeline_server.log import command_erase as c; p = argparse.ArgumentParser(); "
    "c.add_arguments(p); raise SystemExit(c.run(p.parse_args()))"
)
# Statements with their proofs, as stored; they are verified on this side.
PROOFS = """
import json
from lodeline_server.kit import setup
setup.django(lean=True)
from lodeline_server.log import queries, notebook
newest = notebook.newest()
for one in queries.read():
    path = [step.hex() for step in queries.inclusion(one.position, newest.size)]
    print(json.dumps({"position": one.position, "leaf": one.leaf.decode(), "path": path, "note": newest.note,
                      "erased": one.erased}))
"""


@define
class Found:
    """What was seen. Words by file or table; `proofs`: statements whose way into the checkpoint was verified."""

    by_api: set[str] = Factory(set)
    tables_before: dict[str, set[str]] = Factory(dict)
    files_before: dict[str, set[str]] = Factory(dict)
    tables_after: dict[str, set[str]] = Factory(dict)
    files_after: dict[str, set[str]] = Factory(dict)
    api_after: set[str] = Factory(set)
    backup_after: dict[str, set[str]] = Factory(dict)
    restored_before: dict[str, set[str]] = Factory(dict)
    restored_after: dict[str, set[str]] = Factory(dict)
    outcome: dict[str, Any] = Factory(dict)
    proofs: int = 0
    size: int = 0
    erased: int = 0
    sound: bool = False
    rebuilt: bool = False
    passport: int = 0
    seconds: float = 0.0
    refused: str = ""


class Broken(AssertionError):  # noqa: N818 - a verdict
    """Something did not go as planned."""


def erase(data: Path, *words: str, **extra: str) -> dict[str, Any]:
    """The command, in a process of its own; its answer."""
    done = subprocess.run(
        [sys.executable, "-c", ERASE, *words, "--json"],
        env=environment(data, **extra), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Broken(f"erase ended with {done.returncode}: {done.stdout}{done.stderr[-1500:]}")
    return dict(json.loads(done.stdout))


def plant(data: Path, room: Path, **extra: str) -> str:
    """Capture everything, issue a passport, compute a score; the API key of a maker."""
    key = prepare(data, **extra)
    bodies = canaries.ground() | canaries.planted()
    for name, body in bodies.items():
        (room / name).write_bytes(body)
    good = [str(room / name) for name in bodies if name != "proceed.json"]
    for paths, more, codes in ((good, [], {0}), ([str(room / "proceed.json")], ["--proceed"], {0, 1})):
        done = command(data, "capture", *paths, "--as", "works", "--json", *more, **extra)
        if done.returncode not in codes:
            raise Broken(f"{paths}: {done.stdout[-800:]}{done.stderr[-800:]}")
    for words in (["passport", "issue", "--all"], ["score", "compute", "--all"]):
        if (done := command(data, *words, "--json", **extra)).returncode:
            raise Broken(f"{words}: {done.stdout[-800:]}{done.stderr[-800:]}")
    return key


def run(*, database: str = "", cluster: Path | None = None) -> Found:
    """Plant, look, erase, look again. `cluster`: the data folder of a PostgreSQL that only this uses."""
    found, extra = Found(), {"DATABASE_URL": database} if database else {}
    with data_folder() as home, ExitStack() as stack:
        data, room = home / "data", home / "documents"
        room.mkdir()
        key = plant(data, room, **extra)
        tables, rows, close = reader(data, database)
        with server(data, "--no-worker", **extra) as (address, _), client(address, key) as http:
            sent = http.post("/epcis/capture", content=canaries.waiting(),
                             headers={"Content-Type": "application/json"})  # fmt: skip
            if sent.status_code != 202:
                raise Broken(f"the waiting document: {sent.status_code} {sent.text[:300]}")
            found.size = _size(http)
            found.by_api = canaries.in_statements(_payloads(http, found.size))
            page = f"/01/{canaries.GTIN}/21/P1"
            for form in ("text/html", "application/json"):
                found.by_api |= canaries.in_bytes(
                    http.get(page, headers={"Accept": form}).content, canaries.WORDS
                )
            found.tables_before = canaries.in_tables(rows, tables())
            found.files_before = canaries.in_folder(data)
            close()
            older = home / "older.tar.gz"
            command(data, "backup", str(older), **extra)
            began = time.perf_counter()
            said = erase(data, canaries.PERSON, "--workspace", "bars", "--reason", "request", **extra)
            found.seconds = time.perf_counter() - began
            found.outcome = said["erasures"][0]
            found.api_after = canaries.in_statements(_payloads(http, _size(http)))
            shown = http.get(page, headers={"Accept": "application/json"})
            found.passport = shown.status_code
            found.api_after |= canaries.in_bytes(shown.content, canaries.WORDS)
            again = http.post("/epcis/capture", content=canaries.waiting(),
                              headers={"Content-Type": "application/json"})  # fmt: skip
            found.refused = f"{again.status_code} {again.text}"
        _verify(found, data, extra)
        tables, rows, close = reader(data, database)
        found.tables_after = canaries.in_tables(rows, tables())
        close()
        found.files_after = canaries.in_folder(data)
        if cluster is not None:
            found.files_after |= {
                f"cluster/{name}": words for name, words in canaries.in_folder(cluster).items()
            }
        copy = stack.enter_context(data_folder()) / "backup.tar.gz"
        if command(data, "backup", str(copy), **extra).returncode == 0:
            _unpack(copy, copy.parent / "open")
            found.backup_after = canaries.in_folder(copy.parent / "open")
        if not database:
            _restore(found, older, data, home / "again")
    return found


def _unpack(archive: Path, room: Path) -> None:
    with tarfile.open(archive) as opened:
        unpack(opened, room)


def _restore(found: Found, older: Path, data: Path, fresh: Path) -> None:
    """A backup of before the erasure, beside the list of today."""
    _unpack(older, fresh / "open")
    found.restored_before = canaries.in_folder(fresh / "open")
    shutil.rmtree(fresh / "open")
    shutil.copy2(data / "erased.jsonl", fresh / "erased.jsonl")
    done = command(fresh, "restore", str(older), "--json")
    if done.returncode or json.loads(done.stdout)["erasedAgain"] != 1:
        raise Broken(f"restore: {done.stdout[-800:]}{done.stderr[-800:]}")
    found.restored_after = canaries.in_folder(fresh)
    if command(fresh, "log", "fsck").returncode:
        raise Broken("the restored log is not sound")


def _verify(found: Found, data: Path, extra: dict[str, str]) -> None:
    """Every statement's proof, by the core; fsck; a rebuild that changes nothing."""
    fsck = command(data, "log", "fsck", "--json", **extra)
    found.sound = fsck.returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", PROOFS],
        env=environment(data, **extra),
        text=True,
        capture_output=True,
        check=True,
    )
    found.size = json.loads(fsck.stdout)["size"]
    for line in done.stdout.splitlines():
        one = json.loads(line)
        head = one["note"].split("\n")
        path = [bytes.fromhex(step) for step in one["path"]]
        verify_inclusion(
            leaf_hash(one["leaf"].encode()), one["position"], int(head[1]), path, base64.b64decode(head[2])
        )
        found.proofs += 1
        found.erased += one["erased"]
    rebuilt = command(data, "rebuild", "--check", "--json", **extra)
    found.rebuilt = rebuilt.returncode == 0 and json.loads(rebuilt.stdout)["same"]


def _size(http: httpx.Client) -> int:
    return int(http.get("/api/log/checkpoint").json()["size"])


def _payloads(http: httpx.Client, size: int) -> Iterator[dict[str, Any]]:
    for position in range(size):
        answer = http.get(f"/api/log/statements/{position}")
        if answer.status_code == 200:
            yield answer.json()["payload"]


def reader(
    data: Path, database: str
) -> tuple[Callable[[], list[str]], Callable[[str], Any], Callable[[], None]]:
    """Names of the tables, rows of a query, and the end of the connection."""
    if database:
        import psycopg

        other = psycopg.connect(database, autocommit=True)
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return (
            lambda: [row[0] for row in other.execute(names)],
            lambda sql: other.execute(sql).fetchall(),
            other.close,
        )
    base = sqlite3.connect(f"file:{data / 'lodeline.sqlite3'}?mode=ro", uri=True)
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return (
        lambda: [row[0] for row in base.execute(names)],
        lambda sql: base.execute(sql).fetchall(),
        base.close,
    )


def _bar(name: str, found: Found) -> dict[str, Any]:
    everywhere = found.by_api | set().union(*found.tables_before.values())
    left = {**found.tables_after, **found.files_after, **found.backup_after, **found.restored_after}
    good = (
        everywhere == set(canaries.WORDS)
        and not left
        and not found.api_after
        and found.sound
        and found.rebuilt
        and found.proofs == found.size
    )
    detail = (
        f"{len(found.by_api)} found before by API, {len(set().union(*found.tables_before.values()))} in tables "
        f"({', '.join(sorted(found.tables_before))}); after: {len(left)} places {sorted(left)}; "
        f"{found.erased} statements erased, {found.proofs} of {found.size} proofs verify, "
        f"fsck {'sound' if found.sound else 'DAMAGED'}, rebuild {'the same' if found.rebuilt else 'ANOTHER'}"
    )
    gone = len(set(canaries.WORDS) - set().union(*left.values()))
    return bar(name, f"{gone} of 20 gone, {found.seconds:.1f} s", met=good, detail=detail)


def bars() -> Iterator[dict[str, Any]]:
    yield _bar("erasure of 20 planted strings, SQLite", run())
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    if postgres.programs() is None:
        yield bar(
            "erasure of 20 planted strings, PostgreSQL", "", met=None, detail="PostgreSQL is not installed"
        )
        return
    with postgres.cluster() as url:
        yield _bar("erasure of 20 planted strings, PostgreSQL", run(database=url, cluster=cluster_of(url)))


def cluster_of(url: str) -> Path:
    """Where a throw-away cluster of `tools/postgres.py` keeps its files. It is told to remove what it need not keep."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as base:
        base.execute("ALTER SYSTEM SET wal_recycle = off")
        base.execute("SELECT pg_reload_conf()")
    return Path(url.partition("host=")[2])


if __name__ == "__main__":
    for line in bars():
        print(json.dumps(line, indent=1))
