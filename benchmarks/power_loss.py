"""Power loss at a random moment of appending: what was acknowledged is there, and the log is the one it was.

The database runs on a file system that forgets what was not synced (`benchmarks.unsynced`). Acknowledgements and the
checkpoints that were published are kept outside of it. The same harness with unsafe settings has to show loss.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from attrs import field, frozen

from benchmarks.harness import ROOT, bar, command, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEEDS = 20
WRITERS, MOST = 2, 20  # processes, statements to a transaction
LONGEST = 2.0  # seconds of appending before the power goes
READY_WITHIN = 60


@frozen(kw_only=True)
class Outcome:
    """`acknowledged`: (position, leaf hash) as the writers were told; `faults`: what does not hold afterwards."""

    acknowledged: frozenset[tuple[int, str]]
    published: int
    kept: int
    lost: int
    faults: tuple[str, ...] = field(default=())


def here() -> str:
    """Why this machine cannot do it; nothing when it can."""
    if not Path("/dev/fuse").exists() or not shutil.which("fusermount3"):
        return "FUSE (fuse3 and its device) is not here"
    return "" if os.geteuid() == 0 else "mounting for another account needs root"


# --- what runs in processes of their own --------------------------------------------------------------


def _write(*, unsafe: bool) -> None:
    from lodeline_server.kit import setup

    setup.django()
    from django.db import connection, transaction

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import backend
    from lodeline_server.log.actions import NewStatement, append

    if unsafe:
        backend.require_durable = lambda: None
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA synchronous=OFF")
    rng, number = random.Random(os.getpid()), 0
    while True:
        batch = []
        for _ in range(rng.randint(1, MOST)):
            number += 1
            batch.append(NewStatement(type="bench", payload={"id": f"urn:bench:{os.getpid()}:{number}"}))
        with transaction.atomic():
            done = append(actor=platform(), workspace=1, statements=batch, now=now())
        for one in done:
            sys.stdout.write(f"{one.position} {one.leaf_hash.hex()}\n")
        sys.stdout.flush()


def _check() -> None:
    """Standard input: the checkpoints that were seen outside. Prints what stands here, and what does not hold."""
    from lodeline_server.kit import setup

    setup.django()
    from django.db import transaction

    from lodeline.access import platform
    from lodeline.log.proof import ProofError, verify_consistency
    from lodeline_server.kit.clock import now
    from lodeline_server.log import notebook, queries
    from lodeline_server.log.actions import NewStatement, append
    from lodeline_server.log.books import MAIN
    from lodeline_server.log.fsck import fsck

    faults = [f"{one.rule} {one.pointer}" for one in fsck().findings]
    rows = MAIN.entries.objects.order_by("position").values_list("position", "leaf_hash")
    entries = [(position, bytes(leaf).hex()) for position, leaf in rows]
    if [position for position, _ in entries] != list(range(len(entries))):
        faults.append("positions are not dense")
    newest = notebook.newest()
    for note in json.load(sys.stdin):
        seen = notebook.read(note)
        if newest is None or seen.size > newest.size:
            faults.append(f"a checkpoint of {seen.size} was published, the log has {len(entries)}")
            continue
        try:
            proof = queries.consistency(seen.size, newest.size)
            verify_consistency(seen.size, newest.size, seen.root, bytes(newest.root), proof)
        except (ProofError, ValueError) as error:
            faults.append(f"checkpoint {seen.size}: {error}")
    try:
        with transaction.atomic():
            append(
                actor=platform(), workspace=1,
                statements=[NewStatement(type="bench", payload={"id": "urn:bench:after"})], now=now(),
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - whatever it is, the log does not go on
        faults.append(f"cannot go on: {error!r}")
    print(json.dumps({"entries": entries, "faults": faults}))


# --- the run ------------------------------------------------------------------------------------------


@contextmanager
def _mounted(room: Path) -> Iterator[Path]:
    mount, live, store = room / "mount", room / "live", room / "store"
    mount.mkdir()
    store.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.unsynced", str(mount), str(live), str(store)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + READY_WITHIN
        while not os.path.ismount(mount):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the file system was not mounted")
            time.sleep(0.05)
        yield mount
    finally:
        subprocess.run(["fusermount3", "-u", "-z", str(mount)], check=False)
        process.kill()
        process.wait()


def _listen(stream: IO[str], told: set[tuple[int, str]], lock: threading.Lock) -> None:
    for line in stream:
        if line.endswith("\n"):  # half a line was not said
            position, leaf = line.split()
            with lock:
                told.add((int(position), leaf))


def _watch(folder: Path, seen: set[str], ended: threading.Event) -> None:
    """What anybody could have fetched."""
    while not ended.wait(0.02):
        for name in ("checkpoint", "main/checkpoint"):
            with suppress(OSError, UnicodeDecodeError):
                if note := (folder / "log" / name).read_text(encoding="utf-8"):
                    seen.add(note)


def run(base: Path, seed: int, *, postgresql: bool = False, unsafe: bool = False) -> Outcome:
    """One power loss. `base`: a migrated data folder (and a cluster in `pg`)."""
    room = Path(tempfile.mkdtemp(prefix="lodeline-power-"))
    room.chmod(0o755)
    wait = random.Random(seed).uniform(0.2, LONGEST)
    told: set[tuple[int, str]] = set()
    seen: set[str] = set()
    lock, ended = threading.Lock(), threading.Event()
    try:
        shutil.copytree(base, room / "live", copy_function=_copy)
        _own(base, room / "live")
        with _mounted(room) as mount:
            data = mount / "data"
            server, extra = _start(mount / "pg", room, unsafe=unsafe) if postgresql else (None, {})
            writers = [
                subprocess.Popen(
                    [sys.executable, "-m", "benchmarks.power_loss", "unsafe" if unsafe else "write"],
                    cwd=ROOT, env=environment(data, **extra), text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
                )
                for _ in range(WRITERS)
            ]  # fmt: skip
            listeners = [
                threading.Thread(target=_listen, args=(one.stdout, told, lock), daemon=True)
                for one in writers
            ]
            listeners.append(threading.Thread(target=_watch, args=(data, seen, ended), daemon=True))
            for one in listeners:
                one.start()
            until = time.monotonic() + READY_WITHIN
            while not told and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(wait)
            with suppress(OSError):
                (mount / ".power-loss").touch()
            for process in [*writers, *([server] if server else [])]:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            ended.set()
            for one in listeners:
                one.join(10)
        return _judge(room, told, seen, postgresql=postgresql)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _judge(room: Path, told: set[tuple[int, str]], seen: set[str], *, postgresql: bool) -> Outcome:
    disk, server, extra = room / "store" / "disk", None, {}
    try:
        if postgresql:
            server, extra = _start(disk / "pg", room, unsafe=False)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.power_loss", "check"],
            cwd=ROOT, env=environment(disk / "data", **extra), text=True, input=json.dumps(sorted(seen)),
            capture_output=True, check=False,
        )  # fmt: skip
    except RuntimeError as error:
        return Outcome(
            acknowledged=frozenset(told), published=len(seen), kept=0, lost=len(told), faults=(str(error),)
        )
    finally:
        if server:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    if done.returncode:
        said = tuple(done.stderr.strip().splitlines()[-1:])
        return Outcome(acknowledged=frozenset(told), published=len(seen), kept=0, lost=len(told), faults=said)
    found = json.loads(done.stdout.splitlines()[-1])
    kept = {(position, leaf) for position, leaf in found["entries"]}
    return Outcome(
        acknowledged=frozenset(told),
        published=len(seen),
        kept=len(kept),
        lost=len(told - kept),
        faults=tuple(found["faults"]),
    )


# --- databases ----------------------------------------------------------------------------------------


def _copy(source: str, target: str) -> str:
    return shutil.copy2(source, target)


def _own(source: Path, target: Path) -> None:
    """Owners as they were: PostgreSQL takes a folder of its own account only."""
    for path in [source, *source.rglob("*")]:
        about = path.lstat()
        os.chown(target / path.relative_to(source), about.st_uid, about.st_gid)


def _start(folder: Path, room: Path, *, unsafe: bool) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """PostgreSQL on a folder; what to add to the environment."""
    import postgres

    programs, account = postgres.programs(), postgres._account()  # noqa: SLF001 - the tools are ours
    socket = Path(tempfile.mkdtemp(prefix="socket-", dir=room))
    words = ["postgres", "-D", str(folder), "-k", str(socket), "-c", "listen_addresses=", "-c", "shared_buffers=16MB",
             "-c", f"synchronous_commit={'off' if unsafe else 'on'}"]  # fmt: skip
    words[0] = str(programs / words[0])  # type: ignore[operator]
    if account:
        shutil.chown(socket, account)
        words = ["runuser", "-u", account, "--", *words]
    # After a power loss no process of before is alive. Here their numbers may still be taken, which PostgreSQL minds.
    (folder / "postmaster.pid").unlink(missing_ok=True)
    said = socket / "said"
    with said.open("wb") as stream:
        server = subprocess.Popen(
            words, cwd="/", stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True
        )
    until = time.monotonic() + READY_WITHIN
    url = f"postgresql://lodeline@/postgres?host={socket}"
    while not _answers(url):
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL does not start: {said.read_text(errors='replace')[-300:]}")
        time.sleep(0.1)
    return server, {"DATABASE_URL": url}


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def base(*, postgresql: bool) -> Iterator[Path]:
    """A migrated installation to start every run from."""
    sys.path.insert(0, str(ROOT / "tools"))
    room = Path(tempfile.mkdtemp(prefix="lodeline-power-base-"))
    room.chmod(0o755)
    folder = room / "base"
    (folder / "data").mkdir(parents=True)
    try:
        extra: dict[str, str] = {}
        server = None
        if postgresql:
            import postgres

            account = postgres._account()  # noqa: SLF001
            (folder / "pg").mkdir(mode=0o700)
            before = ["runuser", "-u", account, "--"] if account else []
            if account:
                shutil.chown(folder / "pg", account)
            initdb = str(postgres.programs() / "initdb")  # type: ignore[operator]
            words = [
                *before,
                initdb,
                "-D",
                str(folder / "pg"),
                "-U",
                "lodeline",
                "--auth=trust",
                "--wal-segsize=1",
            ]
            subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL)
            server, extra = _start(folder / "pg", room, unsafe=False)
        done = command(folder / "data", "manage", "migrate", "--verbosity", "0", **extra)
        if done.returncode:
            raise RuntimeError(done.stderr[-500:])
        if server:
            os.killpg(server.pid, signal.SIGINT)  # fast shutdown
            server.wait()
        yield folder
    finally:
        shutil.rmtree(room, ignore_errors=True)


def runs(seeds: Sequence[int], *, postgresql: bool = False, unsafe: bool = False) -> list[Outcome]:
    with base(postgresql=postgresql) as folder:
        return [run(folder, seed, postgresql=postgresql, unsafe=unsafe) for seed in seeds]


def bars() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(ROOT / "tools"))
    import postgres

    for postgresql, name in ((False, "SQLite"), (True, "PostgreSQL")):
        title = (
            f"power loss, {name}: no acknowledged statement lost, consistent with every published checkpoint"
        )
        why = here() or ("PostgreSQL is not installed" if postgresql and not postgres.programs() else "")
        if why:
            yield bar(title, why, met=None)
            continue
        found = runs(range(SEEDS), postgresql=postgresql)
        lost, faults = sum(one.lost for one in found), [fault for one in found for fault in one.faults]
        told = sum(len(one.acknowledged) for one in found)
        yield bar(
            title,
            f"{lost} of {told:,} acknowledged statements lost, {len(faults)} faults, in {SEEDS} runs",
            met=not lost and not faults and all(one.acknowledged for one in found),
            detail=f"{sum(one.published for one in found)} published checkpoints compared. "
            + "; ".join(faults[:5]),
        )
        unsafe = runs(range(4), postgresql=postgresql, unsafe=True)
        hit = sum(bool(one.lost or one.faults) for one in unsafe)
        setting = "synchronous_commit=off" if postgresql else "synchronous=OFF"
        yield bar(
            f"power loss, {name}: the harness shows loss with the unsafe setting",
            f"{hit} of {len(unsafe)} runs with {setting}, {sum(one.lost for one in unsafe):,} statements lost",
            met=hit > 0,
        )


if __name__ == "__main__":
    {"write": lambda: _write(unsafe=False), "unsafe": lambda: _write(unsafe=True), "check": _check}[
        sys.argv[1]
    ]()
