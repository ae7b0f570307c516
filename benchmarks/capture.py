"""Capture: the whole way into log and lots in one process, step by step; then 100,000 events over HTTP.

One detached signature per document, every check on, each commit on the disk (SQLite FULL).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks import documents
from benchmarks.harness import ROOT, bar, command, data_folder, environment, server
from lodeline.keys import b64url, sign_detached

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 1_000
FEW, MANY = 10, 100
MOST_RATIO, MOST_MEMORY = 1.3, 1024
LEAST = {"SQLite": 5_000, "PostgreSQL": 4_000}
TICKS = os.sysconf("SC_CLK_TCK")


def prepare(data: Path, **extra: str) -> str:
    """A workspace with one organisation; its API key."""
    command(data, "manage", "migrate", "--verbosity", "0", **extra)
    command(data, "user", "workspace", "Bars", "--slug", "bars", **extra)
    command(
        data, "user", "organisation", "Bars Works", "--slug", "works", "--workspace", "bars",
        "--party", documents.PARTY, **extra,
    )  # fmt: skip
    made = command(data, "user", "key", "works", "--role", "maker", "--name", "bars", "--json", **extra)
    return str(json.loads(made.stdout)["key"])


def client(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def family(pid: int) -> list[int]:
    """The process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, rest = [], [pid]
    while rest:
        one = rest.pop()
        found.append(one)
        rest += children.get(one, [])
    return found


def cpu(pid: int) -> float:
    """CPU seconds of the server's processes so far."""
    total = 0.0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def resident(pid: int) -> int:
    """Resident memory of the server's processes, in MiB."""
    pages = 0
    for one in family(pid):
        try:
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


class Memory(threading.Thread):
    """Watches the highest resident memory of all processes together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.highest, self.on = pid, 0, True

    def run(self) -> None:
        while self.on:
            self.highest = max(self.highest, resident(self.pid))
            time.sleep(0.2)


def ask(data: Path, sql: str) -> Any:
    with closing(sqlite3.connect(f"file:{data / 'lodeline.sqlite3'}?mode=ro", uri=True, timeout=30)) as base:
        return base.execute(sql).fetchone()[0]


def run(number: int) -> dict[str, float]:
    """Capture `number` documents into a fresh folder; seconds, CPU seconds, memory."""
    with data_folder() as data:
        key = prepare(data)
        bodies = [documents.batch(n, SIZE) for n in range(number)]
        signed = [sign_detached(documents.KEY, body, documents.KID) for body in bodies]
        with server(data) as (address, pid), client(address, key) as http:
            public = b64url(documents.KEY.verify_key.raw)
            http.post(
                "/api/signing-keys", json={"kid": documents.KID, "public_key": public}
            ).raise_for_status()
            memory = Memory(pid)
            memory.start()
            began, used = time.perf_counter(), cpu(pid)
            for body, jws in zip(bodies, signed, strict=True):
                answer = http.post(
                    "/epcis/capture",
                    content=body,
                    headers={"Content-Type": "application/json", "Lodeline-Signature": jws},
                )
                if answer.status_code != 202:
                    raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
            submitted = time.perf_counter() - began
            _wait(data, "SELECT count(*) FROM events_capturejob WHERE state IN ('waiting', 'running')", 0)
            captured = time.perf_counter() - began
            size = ask(data, "SELECT coalesce(max(size), 0) FROM log_logstate WHERE name = 'main'")
            _wait(data, f"SELECT count(*) FROM log_cursor WHERE position < {size}", 0)
            projected = time.perf_counter() - began
            used = cpu(pid) - used
            memory.on = False
            taken = ask(
                data, "SELECT coalesce(sum(accepted), 0) FROM events_capturejob WHERE state = 'taken'"
            )
            held = ask(data, "SELECT count(*) FROM log_entry WHERE type LIKE 'epcis.%'")
            by_party = http.get("/api/captures?limit=1").json()["items"][0]["signature"]
        if (taken, held, by_party) != (number * SIZE, number * (SIZE + 1), f"party:{documents.KID}"):
            raise RuntimeError(f"taken {taken}, log {held}, signed {by_party}")
    return {
        "submitted": submitted,
        "captured": captured,
        "projected": projected,
        "cpu": used,
        "memory": memory.highest,
        "each": used / (number * SIZE) * 1e6,
    }


def _wait(data: Path, sql: str, value: int) -> None:
    until = time.monotonic() + 1800
    while ask(data, sql) != value:
        if time.monotonic() > until:
            raise RuntimeError(f"not within half an hour: {sql}")
        time.sleep(0.2)


def _steps() -> None:
    """Runs in a process of its own: CPU microseconds an event for each step, means over documents in a row."""
    import gzip

    from lodeline_server.kit import setup

    setup.django()
    from lodeline import strictjson
    from lodeline.access import platform
    from lodeline.events import context, epcis, rules, schema
    from lodeline.events.limits import Limits
    from lodeline.keys import verify_detached
    from lodeline_server.events import actions, custody, filing, processing, storage
    from lodeline_server.events.querying import projection as projection_of_queries
    from lodeline_server.evidence import projections as projections_of_evidence
    from lodeline_server.kit.clock import now
    from lodeline_server.log import after, projections
    from lodeline_server.lots import projections as projections_of_lots
    from lodeline_server.lots import rows as rows_of_lots
    from lodeline_server.parties.models import Organisation

    took: dict[str, float] = {}

    def clock(name: str, work: Any) -> Any:
        begin = time.process_time()
        value = work()
        took[name] = took.get(name, 0) + time.process_time() - begin
        return value

    def watch(holder: Any, name: str, label: str) -> None:
        honest = getattr(holder, name)
        setattr(holder, name, lambda *args, **kwargs: clock(label, lambda: honest(*args, **kwargs)))

    organisation = Organisation.objects.get(slug="works")
    actor = platform(organisation.workspace_id)
    actions.register_key(
        actor=actor, organisation=organisation, kid=documents.KID, public_key=documents.KEY.verify_key.raw,
        now=now() - timedelta(days=400),
    )  # fmt: skip
    actor = type(actor)(
        kind="platform",
        id="bench",
        workspace=actor.workspace,
        organisation=organisation.pk,
        party=organisation.party,
    )
    watch(filing.Content, "decisions", "  identity: content hash, what is on record (at submit and again)")
    watch(custody.queries, "things", "  things: read")
    watch(filing, "_judged", "  checks against the record")
    watch(filing, "append", "  log: seal, leaf, tree, insert")
    watch(storage, "insert_records", "  records: insert")
    watch(storage, "store_things", "  things: insert, update")
    watch(after, "_round", "  log as static files")
    watch(projections_of_evidence.EvidenceProjection, "apply", "  evidence")
    watch(projections_of_lots.Lots, "apply", "  lots: touches, folding, rows")
    watch(rows_of_lots, "insert", "    of which rows of touches")
    watch(rows_of_lots, "store_lots", "    of which rows of lots that are new")
    watch(rows_of_lots, "move_lots", "    of which rows of lots that go on")
    watch(projection_of_queries.Index, "apply", "  index for queries")
    checker = schema.validator("TransformationEvent")
    key = {documents.KID: documents.KEY.verify_key}
    served, mine = _server_cpu(), 0.0
    for number in range(DOCUMENTS):
        body = documents.batch(number + 50, SIZE)  # not the one that goes in: nothing is in a cache yet
        jws = sign_detached(documents.KEY, body, documents.KID)
        clock("  signature of the document", lambda body=body, jws=jws: verify_detached(jws, body, key))
        parsed = clock("  strict parse", lambda body=body: strictjson.loads(body))
        events = epcis.events_of(parsed)
        names = context.Names.of(parsed["@context"])
        clock("  schema", lambda events=events: all(map(checker.is_valid, events)))
        clock(
            "  rules (parse, times, units, identifiers)",
            lambda events=events, names=names: [
                rules.read_event(raw, names, (), now=now(), limits=Limits()) for raw in events
            ],
        )
        clock("  pack raw bytes", lambda body=body: gzip.compress(body, filing.ZIP_LEVEL))
        body = documents.batch(number, SIZE)
        document = actions.Document(data=body, jws=sign_detached(documents.KEY, body, documents.KID))
        begin = time.process_time()
        job = clock(
            SUBMIT,
            lambda document=document: actions.submit(actor=actor, document=document, now=now(), queue=False),
        )
        clock(PROCESS, lambda job=job: processing.process(job, now(), follow=False))
        clock(FOLLOW, projections.follow_all)
        mine += time.process_time() - begin
    took[SERVER] = _server_cpu() - served
    took[WHOLE] = mine + took[SERVER]
    print(json.dumps({name: value / (DOCUMENTS * SIZE) * 1e6 for name, value in took.items()}))


def _server_cpu() -> float:
    """CPU seconds so far of PostgreSQL's process that serves this connection; SQLite works in this one."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cpu(cursor.fetchone()[0])


DOCUMENTS, TRIES = 10, 3
SUBMIT = "= submit: signature, parse, every check, identity, job row"
PROCESS = "= process: judge against the record, log, records, things, in one transaction"
FOLLOW = "= projections: all that were registered, to the log's end"
SERVER = "= the database server's process"
WHOLE = "= whole way"


def steps(**extra: str) -> dict[str, float]:
    """CPU microseconds an event, by step; `extra`: environment, as DATABASE_URL."""
    with data_folder() as data:
        prepare(data, **extra)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.capture", "steps"],
            cwd=ROOT, env=environment(data, **extra), text=True, capture_output=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _quickest(**extra: str) -> dict[str, float]:
    """The best of some runs: what else the machine does only adds."""
    return min((steps(**extra) for _ in range(TRIES)), key=lambda found: found[WHOLE])


def _whole_way() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    for engine, least in LEAST.items():
        name = f"{engine}: whole way into log and lots, at least {least:,} events/s per core"
        if engine == "SQLite":
            found = _quickest()
        elif postgres.programs() is None:
            yield bar(name, "", met=None, detail="PostgreSQL is not installed")
            continue
        else:
            found = _fresh_clusters(postgres)
        rate = 1e6 / found[WHOLE]
        table = "\n".join(f"{took:7.1f} µs  {step}" for step, took in found.items())
        detail = (
            f"CPU per event of all processes that do the work, mean over {DOCUMENTS} documents of {SIZE:,}, best of "
            f"{TRIES} runs:\n{table}"
        )
        yield bar(name, f"{rate:,.0f}", met=rate >= least, detail=detail)


def _fresh_clusters(postgres: Any) -> dict[str, float]:
    found = []
    for _ in range(TRIES):
        with postgres.cluster() as url:
            found.append(steps(DATABASE_URL=url))
    return min(found, key=lambda one: one[WHOLE])


def bars() -> Iterator[dict[str, Any]]:
    yield from _whole_way()
    few, many = run(FEW), run(MANY)
    events = MANY * SIZE
    yield bar(
        f"{events:,} events captured over HTTP: events/s stated",
        f"{events / many['captured']:,.0f} in the log, {events / many['projected']:,.0f} with projections",
        met=True,
        detail=(
            f"sent in {many['submitted']:.1f} s, in the log after {many['captured']:.1f} s, projections at its end "
            f"after {many['projected']:.1f} s; one signature per document of {SIZE:,}"
        ),
    )
    yield bar(
        f"memory under {MOST_MEMORY:,} MiB",
        f"{many['memory']:,} MiB, all server processes together",
        met=many["memory"] < MOST_MEMORY,
    )
    ratio = many["each"] / few["each"]
    yield bar(
        f"cost per event at {events:,} within {MOST_RATIO} times that at {FEW * SIZE:,}",
        f"{ratio:.2f}",
        met=ratio <= MOST_RATIO,
        detail=f"CPU per event, projections included: {few['each']:.0f} µs and {many['each']:.0f} µs",
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["steps"]:
        _steps()
    elif sys.argv[1:] == ["whole"]:
        for found in _whole_way():
            print(found["verdict"], found["bar"], found["figure"], found["detail"], sep="\n")
    else:
        for found in bars():
            print(found["verdict"], found["bar"], found["figure"], found["detail"], sep="\n")
