"""From a clean clone in an empty home: set-up, demonstration world, second start."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import ROOT, bar, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


def _until_ready(clone: Path, home: Path, port: int) -> float:
    """Seconds from `make run` to the first good /healthz; the server is stopped again."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("LODELINE_", "DATABASE_URL"))
    }
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=clone,
        env={**kept, "HOME": str(home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.monotonic() - started < 400:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    return time.monotonic() - started
            except (urllib.error.URLError, OSError):
                if process.poll() is not None:
                    raise RuntimeError(f"make run ended with {process.returncode}") from None
                time.sleep(0.1)
        raise RuntimeError("not ready in 400 s")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def bars() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="lodeline-clone-") as room:
        clone, home = Path(room) / "lodeline", Path(room) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        port = free_port()
        first = _until_ready(clone, home, port)
        yield bar(
            "set-up plus demo under 3 minutes, clean clone, empty home", f"{first:.1f} s", met=first < 180
        )
        second = _until_ready(clone, home, port)
        yield bar("second make run ready in under 10 s", f"{second:.1f} s", met=second < 10)
