"""Capture under load over HTTP: sixteen clients, documents of a hundred events, ten minutes; and four server processes.

A client sends its next document when at most three of its earlier ones are still on their way into the log. At the end
every event is looked for: in the jobs, in the log, among the lots. LODELINE_LOAD_SECONDS shortens it.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from benchmarks import documents
from benchmarks.capture import cpu, prepare, resident
from benchmarks.harness import BIN, ROOT, bar, data_folder, environment, free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = int(os.environ.get("LODELINE_LOAD_SECONDS", "600"))
SHORT = max(SECONDS // 10, 5)
CLIENTS, EVENTS, ON_THE_WAY, READERS = 16, 100, 4, 2
GROWTH = 1.2
"""Memory of the last fifth of the time at most this many times that of the second fifth."""
BARE = ("--interface", "wsgi", "--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "4", "--no-ws",
        "--log-level", "warning", "benchmarks.bare_endpoint:application")  # fmt: skip
READ = ("/epcis/events?perPage=30", "/api/captures?limit=20", "/epcis/bizSteps")


@define
class Load:
    """What the clients saw. Times in seconds."""

    address: str
    key: str
    until: float
    jobs: bool = True
    took: list[float] = Factory(list)
    read: list[float] = Factory(list)
    errors: list[str] = Factory(list)
    sent: int = 0
    lock: threading.Lock = Factory(threading.Lock)

    def send(self, client: int) -> None:
        """One client's documents, one after the other."""
        line = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        way: deque[str] = deque()
        number = 0
        while time.monotonic() < self.until:
            body = documents.batch(client + CLIENTS * number, EVENTS)
            number += 1
            began = time.perf_counter()
            try:
                line.request("POST", "/epcis/capture", body, head)
                answer = line.getresponse()
                said = answer.read()
            except OSError as wrong:
                self.wrong(repr(wrong))
                line.close()
                continue
            took = time.perf_counter() - began
            if answer.status != 202:
                self.wrong(f"{answer.status}: {said[:200]!r}")
                continue
            with self.lock:
                self.took.append(took)
                self.sent += EVENTS
            if self.jobs:
                way.append(f"/epcis/capture/{json.loads(said)['captureID']}")
                self.drain(line, head, way)

    def drain(self, line: http.client.HTTPConnection, head: dict[str, str], way: deque[str]) -> None:
        """Wait until few enough documents are on their way."""
        while len(way) >= ON_THE_WAY:
            line.request("GET", way[0], headers=head)
            answer = line.getresponse()
            job = json.loads(answer.read())
            if job.get("running", True):
                time.sleep(int(answer.headers["Retry-After"]))
                continue
            way.popleft()
            if not job["success"]:
                self.wrong(f"job: {job['errors'][:1]}")

    def ask(self, number: int) -> None:
        """One reader's questions."""
        line = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        head = {"Authorization": f"Bearer {self.key}"}
        while time.monotonic() < self.until:
            began = time.perf_counter()
            line.request("GET", READ[number % len(READ)], headers=head)
            answer = line.getresponse()
            said = answer.read()
            number += 1
            if answer.status != 200:
                self.wrong(f"{answer.status}: {said[:200]!r}")
            with self.lock:
                self.read.append(time.perf_counter() - began)
            time.sleep(0.2)

    def wrong(self, words: str) -> None:
        with self.lock:
            self.errors.append(words)

    def run(self, readers: int = 0) -> None:
        """All clients until the time is over."""
        threads = [threading.Thread(target=self.send, args=(n,)) for n in range(CLIENTS)]
        threads += [threading.Thread(target=self.ask, args=(n,)) for n in range(readers)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def quantile(self, part: float, times: list[float] | None = None) -> float:
        """Milliseconds."""
        found = sorted(self.took if times is None else times)
        return found[min(int(len(found) * part), len(found) - 1)] * 1000 if found else 0.0


def _inside() -> None:
    """Runs in a process of its own beside the server: wait until all is taken up; what is on record."""
    from lodeline_server.kit import setup

    setup.django()
    from lodeline_server.events.models import CaptureJob, EventRecord
    from lodeline_server.log.models import Cursor, Entry
    from lodeline_server.log.queries import size
    from lodeline_server.lots.models import Lot

    until = time.monotonic() + 1800
    while CaptureJob.objects.filter(state__in=CaptureJob.OPEN).exists():
        if time.monotonic() > until:
            raise RuntimeError("documents are still waiting after half an hour")
        time.sleep(0.5)
    while Cursor.objects.filter(position__lt=size()).exists():
        if time.monotonic() > until:
            raise RuntimeError("projections are still behind after half an hour")
        time.sleep(0.5)
    jobs = CaptureJob.objects.values_list("state", "accepted")
    print(
        json.dumps(
            {
                "taken": sum(accepted for _, accepted in jobs),
                "other": sum(state != "taken" for state, _ in jobs),
                "records": EventRecord.objects.count(),
                "log": Entry.objects.filter(type="epcis.event").count(),
                "jobs": len(jobs),
                "lots": Lot.objects.count(),
            }
        )
    )


def _found(data: Path, **extra: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT, env=environment(data, **extra), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


class Watch(threading.Thread):
    """Resident memory of the server's processes, each second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.on = pid, True
        self.seen: list[int] = []

    def run(self) -> None:
        while self.on:
            self.seen.append(resident(self.pid))
            time.sleep(1)

    def fifth(self, number: int) -> float:
        part = max(len(self.seen) // 5, 1)
        return statistics.mean(self.seen[number * part : (number + 1) * part] or self.seen)


@contextmanager
def bare(data: Path) -> Iterator[str]:
    """The endpoint that only stores the body."""
    port = free_port()
    process = subprocess.Popen(
        [str(BIN / "granian"), "--port", str(port), *BARE],
        cwd=ROOT,
        env=environment(data),
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                    break
            except OSError:
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(15)


def loaded(data: Path, seconds: int, *words: str, readers: int = 0, **extra: str) -> dict[str, Any]:
    """Load on a fresh installation; what was seen and what is on record afterwards."""
    key = prepare(data, **extra)
    with server(data, *words, **extra) as (address, pid):
        watch = Watch(pid)
        watch.start()
        used = cpu(pid)
        load = Load(address=address, key=key, until=time.monotonic() + seconds)
        load.run(readers)
        while_on = time.monotonic()
        found = _found(data, **extra)
        behind = time.monotonic() - while_on
        used = cpu(pid) - used
        watch.on = False
    lost = [
        f"{name}: {found[name]} of {wanted}"
        for name, wanted in (("taken", load.sent), ("records", load.sent), ("log", load.sent))
        if found[name] != wanted
    ]
    return {
        "load": load,
        "lost": lost + ([f"{found['other']} jobs not taken"] if found["other"] else []),
        "rate": load.sent / seconds,
        "behind": behind,
        "memory": (watch.fifth(1), watch.fifth(4), max(watch.seen)),
        "each": used / max(load.sent, 1) * 1e6,
    }


def _bar(name: str, seen: dict[str, Any], more: str) -> dict[str, Any]:
    load = seen["load"]
    early, late, most = seen["memory"]
    good = not load.errors and not seen["lost"] and late <= GROWTH * early
    figure = (
        f"{load.sent:,} events, {len(load.errors)} errors, {len(seen['lost'])} losses, "
        f"p50 {load.quantile(0.5):.0f} ms, p99 {load.quantile(0.99):.0f} ms, memory {early:.0f} to {late:.0f} MiB"
    )
    detail = (
        f"{seen['rate']:.0f} events/s taken in, all on record and projected {seen['behind']:.1f} s after the end, "
        f"{seen['each']:.0f} us of processor time an event, at most {most} MiB; {more}"
        + "".join(f"; {one}" for one in (*load.errors[:3], *seen["lost"]))
    )
    return bar(name, figure, met=good, detail=detail)


def bars() -> Iterator[dict[str, Any]]:
    with data_folder() as data:
        seen = loaded(data, SECONDS)
    with data_folder() as data, bare(data) as address:
        plain = Load(address=address, key="none", until=time.monotonic() + SHORT, jobs=False)
        plain.run()
    slower = seen["load"].quantile(0.5) / plain.quantile(0.5)
    yield _bar(
        f"{CLIENTS} clients, documents of {EVENTS} events, {SECONDS} s: no error, no loss, stable memory",
        seen,
        f"a bare Django endpoint that only stores the body took {plain.sent / SHORT:.0f} events/s in {SHORT} s, "
        f"p50 {plain.quantile(0.5):.0f} ms, p99 {plain.quantile(0.99):.0f} ms, {len(plain.errors)} errors: "
        f"ours answers in {slower:.1f} times that",
    )
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    name = f"PostgreSQL, 4 server processes, {CLIENTS} clients and {READERS} readers: no error, no loss, stable memory"
    if postgres.programs() is None:
        yield bar(name, "", met=None, detail="PostgreSQL is not installed")
        return
    with postgres.cluster() as url, data_folder() as data:
        seen = loaded(data, max(SECONDS // 5, 5), "--workers", "4", readers=READERS, DATABASE_URL=url)
    load = seen["load"]
    yield _bar(
        name, seen,
        f"{len(load.read)} answers to readers, p50 {load.quantile(0.5, load.read):.0f} ms, "
        f"p99 {load.quantile(0.99, load.read):.0f} ms, {max(SECONDS // 5, 5)} s",
    )  # fmt: skip


if __name__ == "__main__":
    _inside()
