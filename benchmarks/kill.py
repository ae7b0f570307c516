"""kill -9 at random moments of a capture: afterwards every document is wholly in or wholly out, and capturing
again completes it. Half of the moments hit the command line, half the worker of a started server."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from benchmarks import documents
from benchmarks.capture import ask, client, family, prepare
from benchmarks.harness import LODELINE, bar, command, data_folder, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

SIZE = 600
MOMENTS = 20
JOBS_OPEN = "SELECT count(*) FROM events_capturejob WHERE state IN ('waiting', 'running')"


class Broken(AssertionError):  # noqa: N818 - a verdict
    """A document was found half in."""


def log_size(data: Path) -> int:
    """Documents and events in the log; what the clocks of a server state meanwhile is not counted."""
    return int(ask(data, "SELECT count(*) FROM log_entry WHERE type LIKE 'epcis.%'"))


def standing(data: Path, number: int, before: int) -> bool:
    """True when document `number` is wholly in, False when wholly out; `Broken` in between."""
    first, last = (f"urn:uuid:{n:08x}-" for n in (number * SIZE, (number + 1) * SIZE - 1))
    records = ask(
        data, f"SELECT count(*) FROM events_eventrecord WHERE event_id >= '{first}' AND event_id <= '{last}~'"
    )
    size, entries = log_size(data), int(ask(data, "SELECT count(*) FROM log_entry"))
    tree = int(ask(data, "SELECT coalesce(max(size), 0) FROM log_logstate WHERE name = 'main'"))
    signed = int(ask(data, "SELECT coalesce(max(size), 0) FROM log_checkpoint"))
    if (records, size - before) not in {(0, 0), (SIZE, SIZE + 1)} or not entries == tree == signed:
        raise Broken(
            f"document {number}: {records} of {SIZE} events, log {before} to {size}, {entries} entries"
        )
    return bool(records)


def by_command(data: Path, rng: random.Random, number: int, within: float) -> tuple[float, bool]:
    """Kill the command; then run it again to the end. The moment, and whether the document was in by then."""
    path = data / "document.json"
    path.write_bytes(documents.batch(number, SIZE))
    before, moment = log_size(data), rng.uniform(0.4 * within, within)  # before that it only imports
    words = [str(LODELINE), "capture", str(path), "--as", "works", "--json"]
    process = subprocess.Popen(
        words,
        env=environment(data),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment)
    process.kill()
    process.wait()
    was_in = standing(data, number, before)
    done = command(data, "capture", str(path), "--as", "works", "--json")
    (told,) = json.loads(done.stdout)["documents"]
    expected = (0, SIZE) if was_in else (SIZE, 0)
    if (told["accepted"], told["duplicates"]) != expected or not standing(data, number, before):
        raise Broken(f"document {number} is not complete after capturing again: {told}")
    return moment, was_in


class Served:
    """A started server that is started again after its worker was killed."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [str(LODELINE), "serve", "--port", str(self.port), "--workers", "1"],
            env=environment(self.data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        import httpx

        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.address}/healthz", timeout=2).status_code == 200 and self.worker():
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise RuntimeError("the server did not get ready")

    def worker(self) -> int:
        for pid in family(self.process.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as words:  # noqa: PTH123
                    if b"lodeline_server.config.worker" in words.read():
                        return pid
            except OSError:
                continue
        return 0


def by_worker(served: Served, key: str, rng: random.Random, number: int, within: float) -> tuple[float, bool]:
    """Kill the worker while it processes; the next start completes the document without being asked."""
    data = served.data
    before, moment = log_size(data), rng.uniform(0, within)
    body = documents.batch(number, SIZE)
    with client(served.address, key) as http:
        answer = http.post("/epcis/capture", content=body, headers={"Content-Type": "application/json"})
    if answer.status_code != 202:
        raise RuntimeError(answer.text[:500])
    time.sleep(moment)
    os.kill(served.worker(), signal.SIGKILL)
    served.process.wait(30)
    was_in = standing(data, number, before)
    served.start()
    until = time.monotonic() + 60
    while ask(data, JOBS_OPEN) and time.monotonic() < until:
        time.sleep(0.1)
    if not standing(data, number, before):
        raise Broken(f"document {number} was not completed after the restart")
    with client(served.address, key) as http:
        again = http.post("/epcis/capture", content=body, headers={"Content-Type": "application/json"})
        while (job := http.get(again.headers["Location"]).json())["running"]:
            time.sleep(0.05)
    if (job["accepted"], job["duplicates"]) != (0, SIZE):
        raise Broken(f"document {number}, captured again, is not known: {job}")
    return moment, was_in


def measured(data: Path) -> float:
    """Seconds one undisturbed capture by command takes here."""
    path = data / "document.json"
    path.write_bytes(documents.batch(0, SIZE))
    begin = time.monotonic()
    done = command(data, "capture", str(path), "--as", "works")
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return time.monotonic() - begin


def run(moments: int, seed: int = 1) -> list[tuple[str, float, bool]]:
    """(what was killed, when, whether the document was in by then) of each moment; raises `Broken`."""
    rng = random.Random(seed)
    with data_folder() as data:
        key = prepare(data)
        within = measured(data)
        half = moments // 2
        found = [("command", *by_command(data, rng, number, within)) for number in range(1, half + 1)]
        with Served(data) as served:
            found += [
                ("worker", *by_worker(served, key, rng, number, within / 2))
                for number in range(half + 1, moments + 1)
            ]
        fsck = command(data, "log", "fsck", "--json")
        if fsck.returncode:
            raise Broken(f"fsck: {fsck.stdout[-500:]}")
    return found


def bars() -> Iterator[dict[str, Any]]:
    try:
        found = run(MOMENTS)
    except Broken as broken:
        yield bar(
            f"kill -9 at {MOMENTS} moments: wholly in or wholly out", "broken", met=False, detail=str(broken)
        )
        return
    in_by_then = sum(was_in for _, _, was_in in found)
    yield bar(
        f"kill -9 at {MOMENTS} moments: wholly in or wholly out, capturing again completes",
        f"{in_by_then} were in by then, {len(found) - in_by_then} out, none half",
        met=len(found) == MOMENTS,
        detail=", ".join(
            f"{what} {moment:.2f} s {'in' if was_in else 'out'}" for what, moment, was_in in found
        ),
    )
