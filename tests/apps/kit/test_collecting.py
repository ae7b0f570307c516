"""While a document is worked through, nothing looks for cycles; what was left in one is found later."""

from __future__ import annotations

import gc
import weakref

import pytest

from lodeline_server.kit import collecting
from lodeline_server.kit.collecting import uncollected


class Node:
    def __init__(self):
        self.own = self


@pytest.fixture(autouse=True)
def _unlooked():
    gc.collect()
    collecting._unseen = 0


def test_the_search_rests_and_is_taken_up_again():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled(), "whoever began it ends it"
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_is_made_counts_as_old(monkeypatch):
    with uncollected():
        kept = [[number] for number in range(50_000)]
    young = gc.get_objects(generation=0)
    assert len(young) < 10_000 < len(kept)
    assert gc.get_freeze_count() == 0, "nothing is put aside for good"


def test_cycles_are_found_after_many_such_times(monkeypatch):
    with uncollected():
        node = Node()
        ring = weakref.ref(node)
        del node
    gc.collect(0)
    assert ring() is not None
    monkeypatch.setattr(collecting, "MOST_UNSEEN", 1_000)
    with uncollected():
        kept = [[number] for number in range(2_000)]
    assert ring() is None
    assert (collecting._unseen, len(kept)) == (0, 2_000)
