"""When numba is used, and what it costs those who do not need it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lodeline.lots.kernel import loops, running
from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.delta import State
from lodeline.lots.kernel.scratch import SPARE, borrowed
from lodeline.lots.kernel.sweep import sweep
from lodeline.recalls.reach import rank

CHEAP = """
import sys
import lodeline
assert "numpy" not in sys.modules
import lodeline.lots.build, lodeline.lots.sweep, lodeline.recalls.dose, lodeline.recalls.drill
assert "numpy" not in sys.modules
import lodeline.recalls.reach, lodeline.recalls.cause, lodeline.lots.kernel.snapshot
from lodeline.lots.kernel.compressed import compress
compress(3, [0, 1], [1, 2], {})
assert "numba" not in sys.modules
"""


def test_the_core_imports_neither_numpy_nor_numba_before_they_are_needed():
    subprocess.run([sys.executable, "-c", CHEAP], check=True)


def test_the_size_of_the_graph_decides(monkeypatch):
    used = []
    monkeypatch.setattr(running, "compiled", lambda loop: lambda *_: used.append(loop))
    count = np.zeros(3, np.int32)
    arguments = np.zeros(4, np.int32), np.zeros(0, np.int32), count
    running.run(loops.deepen, running.PLAIN_BELOW - 1, *arguments)
    assert used == []
    running.run(loops.deepen, running.PLAIN_BELOW, *arguments)
    assert used == [loops.deepen]
    monkeypatch.setattr(running, "available", lambda: False)
    running.run(loops.deepen, running.PLAIN_BELOW, *arguments)
    assert used == [loops.deepen]


def test_without_numba_the_answer_is_the_same(monkeypatch):
    rng = np.random.default_rng(5)
    targets = np.sort(rng.integers(1, 500, 1500))
    arguments = 500, (targets * rng.random(1500)).astype(int), targets, {"Co": rng.random(1500) / 4}
    own = rng.random((500, 2))
    monkeypatch.setattr(running, "PLAIN_BELOW", 0)
    fast = sweep(compress(*arguments), "Co", own)
    monkeypatch.setattr(running, "available", lambda: False)
    assert np.array_equal(sweep(compress(*arguments), "Co", own), fast)


def test_questions_side_by_side_do_not_meet():
    rng = np.random.default_rng(6)
    targets = np.sort(rng.integers(1, 2000, 5000))
    graph = compress(2000, (targets * rng.random(5000)).astype(int), targets, {"Co": rng.random(5000) / 3})
    state = State(base=graph)
    alone = [rank(state, [lot], "Co", fast=True).lots.tolist() for lot in range(40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(
            pool.map(lambda lot: rank(state, [lot], "Co", fast=True).lots.tolist(), [*range(40)] * 3)
        )
    assert together == alone * 3
    assert not any(room.seen.any() or room.slots.any() for room in graph.pool)


def test_room_that_was_left_in_disorder_is_thrown_away():
    pool = []
    with borrowed(pool, 5) as room:
        pass
    with pytest.raises(ZeroDivisionError), borrowed(pool, 5) as same:
        same.seen[0] = 1
        raise ZeroDivisionError
    assert same is room
    assert pool == []
    with borrowed(pool, 5), borrowed(pool, SPARE + 6) as wide:
        assert len(wide.seen) >= SPARE + 6
    assert len(pool) == 2
