"""Power loss while statements are appended; `make bars` does it 20 times on each database."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.conftest import missing

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import postgres  # noqa: E402
from benchmarks import power_loss  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def postgresql(request):
    if why := power_loss.here():
        pytest.skip(why)
    if request.param == "PostgreSQL" and postgres.programs() is None:
        missing("PostgreSQL")
    return request.param == "PostgreSQL"


def test_nothing_acknowledged_is_lost(postgresql):
    for one in power_loss.runs([1, 2], postgresql=postgresql):
        assert one.acknowledged
        assert (one.lost, one.faults) == (0, ())


def test_the_harness_shows_loss_where_the_database_is_not_asked_to_flush(postgresql):
    """A test of the test: without it, losing nothing would say nothing."""
    assert any(power_loss.runs([seed], postgresql=postgresql, unsafe=True)[0].lost for seed in (3, 4, 5))
