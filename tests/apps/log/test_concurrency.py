"""Several processes at one log, and processes that are killed: nothing lost, nothing twice, nothing in between."""

from __future__ import annotations

import functools
import json
import operator
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections
from tests.apps.log.saying import Seen, put

from lodeline_server.log import projections, queries
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Entry

ROOT = Path(__file__).resolve().parents[3]
CHECK = """
import json
from lodeline_server.kit import setup
setup.django()
from lodeline_server.log import notebook, queries
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, Entry
from tests.apps.log.saying import Seen
rows = Entry.objects.order_by("position").values_list("position", "leaf_hash")
print(json.dumps({
    "entries": [[at, bytes(leaf).hex()] for at, leaf in rows],
    "seen": Seen("seen").positions(),
    "size": queries.size(),
    "findings": [finding.as_dict() for finding in fsck().findings],
    "file": notebook.file().read_text() == queries.checkpoint(),
}))
"""


@pytest.fixture
def installed(new_folder, tmp_path):
    """A data folder of its own, on SQLite."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "LODELINE_DATA"}
    }
    environment = kept | {"LODELINE_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    shutil.copytree(new_folder, tmp_path / "data")
    return environment


def start(environment, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.apps.log.worker", *map(str, words)],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def found(environment):
    done = subprocess.run(
        [sys.executable, "-c", CHECK], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    assert told["findings"] == []
    assert [row[0] for row in told["entries"]] == list(range(told["size"]))
    return told


def acknowledged(text):
    """Position and leaf hash of whole lines; the last one may be cut."""
    lines = [line.split(" ") for line in text.split("\n")[:-1] if line != "ready"]
    return {int(position): leaf for position, leaf in lines}


@pytest.mark.slow
def test_processes_at_the_same_time(installed):
    workers = [start(installed, name, 25, 4) for name in (1, 2, 3)]
    told = {}
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode == 0, err
        told |= acknowledged(out)
    state = found(installed)
    assert state["size"] == 3 * 18 * 5  # 7 of 25 rounds crashed and left nothing
    assert told == dict(state["entries"])
    assert state["seen"] == list(range(state["size"]))
    assert state["file"]


@pytest.mark.slow
def test_processes_that_are_killed(installed):
    dice, told = random.Random(7), {}
    for _ in range(4):
        worker = start(installed, 1, 10_000, 0)
        assert worker.stdout.readline() == "ready\n"
        lines = [worker.stdout.readline() for _ in range(dice.randrange(1, 60))]
        worker.kill()
        told |= acknowledged("".join(lines) + worker.stdout.read())
        worker.communicate()
    state = found(installed)
    assert told.items() <= dict(state["entries"]).items()
    assert state["size"] % 5 == 0  # whole batches only
    assert state["seen"] == list(range(len(state["seen"])))  # it may stand back, with no gap


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads share SQLite's test database in memory")
def test_threads_at_the_same_time(registered):
    seen = Seen("seen")
    registered(seen)

    def work(name):
        try:
            done = []
            for number in range(20):
                done += put(*range(number, number + 3), workspace=name)
                assert projections.follow_all(batch=9) == []
            return [one.position for one in done]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        positions = list(pool.map(work, range(1, 5)))
    assert sorted(functools.reduce(operator.iadd, positions, [])) == list(range(240))
    assert queries.size() == Entry.objects.count() == 240
    assert projections.follow_all() == []
    assert seen.positions() == list(range(240))
    assert fsck().findings == ()
