"""32 writers hand in documents while the sequencer is killed again and again: dense, none lost, none twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks import documents
from benchmarks.harness import ROOT, bar, command, data_folder, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITERS, STATEMENTS, SIZE = 32, 1_000, 50
PROCESSES = 4
WITHIN = 600


def _hand_in(first: int, writers: int, statements: int, size: int) -> None:
    """Some of the writers, a thread each. Prints the id of each document's first event once it was acknowledged."""
    from concurrent.futures import ThreadPoolExecutor

    from lodeline_server.kit import setup

    setup.django()
    from django.db import connections

    from lodeline.access import Actor, Role
    from lodeline_server.events import actions
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Organisation

    home = Organisation.objects.get()

    def write(writer: int) -> None:
        actor = Actor(
            kind="key", id=f"key:{writer}", workspace=home.workspace_id, organisation=home.pk, party=home.party,
            role=Role.MAKER,
        )  # fmt: skip
        for number in range(statements // size):
            start = writer * statements + number * size
            data = documents.document([documents.event(n) for n in range(start, start + size)])
            while True:
                try:
                    actions.submit(actor=actor, document=actions.Document(data=data), now=now())
                except Problem as busy:
                    if busy.status != 503:
                        raise
                    time.sleep(0.05)
                else:
                    break
            sys.stdout.write(f"{start}\n")
            sys.stdout.flush()
        connections.close_all()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(first, first + writers)))


def _sequence() -> None:
    """The sequencer: until nothing is open any more, or it is killed."""
    from lodeline_server.kit import setup

    setup.django()
    from lodeline_server.events import processing
    from lodeline_server.kit.clock import now

    while group := processing.waiting():
        processing.process_group(group, now())


def _check() -> None:
    from collections import Counter

    from lodeline_server.kit import setup

    setup.django()
    from lodeline_server.events.models import CaptureJob, EventRecord
    from lodeline_server.log import queries
    from lodeline_server.log.books import MAIN
    from lodeline_server.log.fsck import fsck

    positions = list(MAIN.entries.objects.order_by("position").values_list("position", flat=True))
    said = Counter(one.payload["id"] for one in queries.read(types=["epcis.event"]))
    print(
        json.dumps(
            {
                "dense": positions == list(range(len(positions))),
                "events": len(said),
                "twice": sum(number > 1 for number in said.values()),
                "records": EventRecord.objects.count(),
                "open": CaptureJob.objects.exclude(state=CaptureJob.State.TAKEN).count(),
                "findings": [finding.rule for finding in fsck().findings],
            }
        )
    )


def prepare(data: Path, **extra: str) -> None:
    """A workspace with one organisation."""
    for words in (
        ("manage", "migrate", "--verbosity", "0"),
        ("user", "workspace", "Bars", "--slug", "bars"),
        (
            "user", "organisation", "Bars Works", "--slug", "works", "--workspace", "bars",
            "--party", documents.PARTY,
        ),
    ):  # fmt: skip
        done = command(data, *words, **extra)
        if done.returncode:
            raise RuntimeError(done.stderr[-1000:])


def run(data: Path, *, writers: int, statements: int, size: int, seed: int, url: str = "") -> dict[str, Any]:
    """What stands in the log afterwards, how often the sequencer was killed, and the seconds it took."""
    extra = {"DATABASE_URL": url} if url else {}
    prepare(data, **extra)
    rng, env = random.Random(seed), environment(data, **extra)

    def start(*words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sequencing", *map(str, words)],
            cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    began = time.perf_counter()
    each = max(1, writers // PROCESSES)
    handing = [start("hand-in", first, each, statements, size) for first in range(0, writers, each)]
    killed, until = 0, time.monotonic() + WITHIN
    while time.monotonic() < until:
        sequencer = start("sequence")
        alive = any(one.poll() is None for one in handing)
        try:
            sequencer.wait(rng.uniform(0.9, 2.5) if alive or killed < 3 else WITHIN)
        except subprocess.TimeoutExpired:
            sequencer.kill()
            killed += 1
        sequencer.communicate()
        if not alive and sequencer.returncode == 0:
            break
    acknowledged = sum(len(one.communicate()[0].splitlines()) for one in handing) * size
    took = time.perf_counter() - began
    checked = start("check")
    found = json.loads(checked.communicate()[0].splitlines()[-1])
    return {**found, "acknowledged": acknowledged, "killed": killed, "seconds": took}


def sound(found: dict[str, Any], wanted: int) -> bool:
    return bool(
        found["dense"]
        and found["acknowledged"] == found["events"] == found["records"] == wanted
        and not (found["twice"] or found["open"] or found["findings"])
    )


def bars() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    for name in ("SQLite", "PostgreSQL"):
        title = f"{WRITERS} writers x {STATEMENTS:,} statements, sequencer killed, {name}: dense, none lost or twice"
        if name == "PostgreSQL" and postgres.programs() is None:
            yield bar(title, "PostgreSQL is not installed", met=None)
            continue
        with data_folder() as data:
            how = {"writers": WRITERS, "statements": STATEMENTS, "size": SIZE, "seed": 5}
            if name == "PostgreSQL":
                with postgres.cluster() as url:
                    found = run(data, url=url, **how)
            else:
                found = run(data, **how)
        yield bar(
            title,
            f"{found['events']:,} of {WRITERS * STATEMENTS:,} events once each, {found['killed']} kills",
            met=sound(found, WRITERS * STATEMENTS),
            detail=f"{found['seconds']:.0f} s; {json.dumps(found)}",
        )


if __name__ == "__main__":
    step, *rest = sys.argv[1:]
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if step == "hand-in":
        _hand_in(*map(int, rest))
    else:
        {"sequence": _sequence, "check": _check}[step]()
