"""Shared by the benches: a data folder with the demonstration world, a started server, whole-process timings."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LODELINE = BIN / "lodeline"


def conformance() -> Path | None:
    folder = Path(os.environ.get("LODELINE_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
    return folder if folder.is_dir() else None


def bar(name: str, figure: str, *, met: bool | None, detail: str = "") -> dict[str, Any]:
    """One line of the report; `met=None` means skipped."""
    verdict = "skipped" if met is None else "met" if met else "missed"
    return {"bar": name, "figure": figure, "verdict": verdict, "detail": detail}


def environment(data: Path, **extra: str) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("LODELINE_", "DATABASE_URL"))
    }
    return kept | {"LODELINE_DATA": str(data)} | extra


def command(data: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LODELINE), *words], env=environment(data, **extra), text=True, capture_output=True, check=False
    )


def median_of(
    runs: int, *words: str | Path, env: dict[str, str] | None = None, codes: tuple[int, ...] = (0,)
) -> float:
    """Seconds of a whole process, median of `runs` after one that warms the disk."""
    took = []
    for number in range(runs + 1):
        started = time.perf_counter()
        done = subprocess.run([str(word) for word in words], env=env, capture_output=True, check=False)
        if done.returncode not in codes:
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
        if number:
            took.append(time.perf_counter() - started)
    return statistics.median(took)


@contextmanager
def data_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lodeline-bars-") as room:
        yield Path(room)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(data: Path, *words: str, **extra: str) -> Iterator[tuple[str, int]]:
    """`lodeline serve` on a free loopback port: its address and process id."""
    port = free_port()
    process = subprocess.Popen(
        [str(LODELINE), "serve", "--port", str(port), *words],
        env=environment(data, **extra),
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 240
        while True:
            try:
                with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                    break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the server did not get ready") from None
                time.sleep(0.05)
        yield address, process.pid
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
