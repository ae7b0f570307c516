"""Writers and a sequencer that is killed, on both databases; `make bars` takes 32 writers and 1,000 statements each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import postgres  # noqa: E402
from benchmarks import sequencing  # noqa: E402

pytestmark = pytest.mark.slow
SOME = {"writers": 8, "statements": 60, "size": 20, "seed": 3}


def test_dense_none_lost_none_twice_on_sqlite(tmp_path):
    found = sequencing.run(tmp_path, **SOME)
    assert sequencing.sound(found, 480), found
    assert found["killed"] >= 1


def test_dense_none_lost_none_twice_on_postgresql(tmp_path):
    if postgres.programs() is None:
        missing("PostgreSQL")
    with postgres.cluster() as url:
        found = sequencing.run(tmp_path, url=url, **SOME)
    assert sequencing.sound(found, 480), found
    assert found["killed"] >= 1
