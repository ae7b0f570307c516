"""The audit trail of a real process on SQLite: 32 threads, an orderly end, a kill."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LODELINE = Path(sys.executable).parent / "lodeline"
CHECK = """
import json
from lodeline_server.kit import setup
setup.django()
from lodeline_server.kit.clock import now
from lodeline_server.log import queries
from lodeline_server.log.auditing.sequencer import lag, sequence
from lodeline_server.log.books import AUDIT
from lodeline_server.log.fsck import fsck
sequence(now())
print(json.dumps({
    "lines": [[one.position, one.payload["action"], one.payload["objects"].get("n")]
              for one in queries.read(book=AUDIT)],
    "findings": [finding.as_dict() for finding in fsck(book=AUDIT).findings],
    "waiting": lag().lines,
}))
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def installed(new_folder, tmp_path):
    kept = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "LODELINE_DATA"}
    }
    environment = kept | {"LODELINE_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    shutil.copytree(new_folder, tmp_path / "data")
    return environment


def start(environment, word):
    return subprocess.Popen([sys.executable, "-m", "tests.apps.log.trail_worker", word], env=environment, cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def found(environment):
    done = subprocess.run([sys.executable, "-c", CHECK], env=environment, cwd=ROOT, check=True, capture_output=True,
                          text=True)  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["findings"], told["waiting"]) == ([], 0)
    assert [line[0] for line in told["lines"]] == list(range(len(told["lines"])))
    return [tuple(line[1:]) for line in told["lines"]]


def test_32_threads_and_two_sequencers(installed):
    worker = start(installed, "threads")
    _, errors = worker.communicate(timeout=180)
    assert (worker.returncode, errors) == (0, "")
    lines = found(installed)
    kept = sorted(int(number) for action, number in lines if action == "did")
    assert kept == [name * 100 + number for name in range(1, 33) for number in range(25) if number % 5 != 4]
    assert lines.count(("read", None)) == 32 * 25


def test_reads_in_memory_are_written_when_the_process_ends(installed):
    worker = start(installed, "leave")
    _, errors = worker.communicate(timeout=60)
    assert (worker.returncode, errors) == (0, "")
    assert found(installed) == [("kept", None)] + [("held", None)] * 10


def test_a_kill_loses_reads_in_memory_and_nothing_else(installed):
    worker = start(installed, "hold")
    assert worker.stdout.readline() == "ready\n"
    worker.kill()
    worker.communicate()
    lines = found(installed)
    assert lines[0] == ("kept", None)
    assert set(lines[1:]) <= {("held", None)}


def test_half_a_second_later_reads_outlive_a_kill(installed):
    worker = start(installed, "hold")
    assert worker.stdout.readline() == "ready\n"
    time.sleep(3)  # six times what is promised: the machine may be busy
    worker.kill()
    worker.communicate()
    assert found(installed) == [("kept", None)] + [("held", None)] * 10


def test_a_server_that_is_told_to_stop_writes_what_it_holds(installed, tmp_path):
    """Its workers are children that leave without Python's own way out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "said").open("w") as told:
        server = subprocess.Popen(
            [LODELINE, "serve", "--port", str(port), "--workers", "1", "--no-worker"],
            env=installed, stdout=told, stderr=told,
        )  # fmt: skip
        try:
            until = time.monotonic() + 90
            while "ready at" not in (tmp_path / "said").read_text() and time.monotonic() < until:
                time.sleep(0.05)
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/me", timeout=10)
        finally:
            server.terminate()
            server.wait(30)
    assert found(installed) == [("lodeline_server_parties_api_me", None)]
