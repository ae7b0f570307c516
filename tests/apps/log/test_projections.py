"""Projections follow the log: each statement once, in order, all or nothing a batch, and again from nothing."""

from __future__ import annotations

import pytest
from django.db import transaction
from tests.apps.log.saying import NOON, Seen, put

from lodeline_server.log import projections
from lodeline_server.log.models import SubjectKey
from lodeline_server.log.tasks import follow

pytestmark = pytest.mark.django_db


def test_a_projection_follows_its_types_in_batches(registered):
    sizes = []
    seen = Seen("seen", on_apply=lambda statements: sizes.append(len(statements)))
    registered(seen)
    put(*range(5))
    put(100, kind="test.other")
    put(*range(5, 7))
    assert projections.follow_all(batch=3) == []
    assert seen.positions() == [0, 1, 2, 3, 4, 6, 7]
    assert sizes == [3, 3, 1]
    assert projections.position("seen") == 8
    assert projections.follow_all(batch=3) == []
    assert sizes == [3, 3, 1]


def test_statements_of_other_types_only_move_the_cursor(registered):
    seen = Seen("seen")
    registered(seen)
    put(1, 2, kind="test.other")
    projections.follow_all()
    assert (seen.positions(), projections.position("seen")) == ([], 2)


def test_lower_orders_go_first(registered):
    calls = []
    for name, order in (("late", 30), ("early", 10), ("middle", 20)):
        registered(Seen(name, order, on_apply=lambda _, name=name: calls.append(name)))
    put(1)
    projections.follow_all()
    assert calls == ["early", "middle", "late"]


def test_no_projection_sees_what_those_below_have_not(registered):
    """The log grows while the first one works: the second waits for the next round with it."""
    first = Seen("first", 10, on_apply=lambda statements: len(first.positions()) > 1 or (put(2) and None))
    second = Seen("second", 20)
    registered(first, second)
    put(1)
    projections.follow_all()
    assert (first.positions(), second.positions()) == ([0], [0])
    projections.follow_all()
    assert (first.positions(), second.positions()) == ([0, 1], [0, 1])


def test_one_that_fails_keeps_its_place_and_stops_no_other(registered, now):
    def refuse(statements):
        if any(one.payload["body"]["n"] == 13 for one in statements):
            raise ValueError("thirteen")

    bad, good = Seen("bad", 10, on_apply=refuse), Seen("good", 20)
    registered(bad, good)
    put(*range(10, 16))
    (failure,) = projections.follow_all(batch=2)
    assert (failure.projection, failure.position, str(failure.error)) == ("bad", 2, "thirteen")
    assert bad.positions() == [0, 1]  # the batch with 13 left nothing behind
    assert good.positions() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(RuntimeError, match="bad at 2: ValueError"):
        follow.call(now.isoformat())
    bad.on_apply = lambda statements: None
    assert projections.follow_all() == []
    assert bad.positions() == good.positions()


def test_erased_statements_are_passed_over(registered):
    seen = Seen("seen")
    registered(seen)
    put(1)
    put(2, subject="anna")
    SubjectKey.objects.update(destroyed_at=NOON)
    put(3)
    assert projections.follow_all() == []
    assert (seen.positions(), projections.position("seen")) == ([0, 2], 3)


def test_a_rebuild_honours_an_erasure(registered):
    seen = Seen("seen")
    registered(seen)
    put(1)
    put(2, subject="anna")
    projections.follow_all()
    assert seen.positions() == [0, 1]
    SubjectKey.objects.update(destroyed_at=NOON)
    projections.rebuild()
    assert seen.positions() == [0]


def test_a_rebuild_gives_the_same_content(registered):
    one, two = Seen("one", 10), Seen("two", 20)
    registered(one, two)
    put(*range(30))
    projections.follow_all(batch=7)
    before = list(projections.dump_all())
    assert before[0] == "one: one/000000 0"
    assert len(before) == 60
    one.rows().filter(position=3).delete()
    assert list(projections.dump_all()) != before
    projections.rebuild({"one"})
    assert list(projections.dump_all()) == before
    projections.rebuild()
    assert list(projections.dump_all()) == before
    assert list(projections.dump_all({"two"})) == before[30:]


def test_a_rebuild_that_fails_changes_nothing(registered):
    seen = Seen("seen")
    registered(seen)
    put(1, 2)
    projections.follow_all()
    before = list(projections.dump_all())

    def broken(statements):
        raise ValueError("broken")

    seen.on_apply = broken
    with pytest.raises(ValueError, match="broken"), transaction.atomic():
        projections.rebuild()
    assert list(projections.dump_all()) == before
    assert projections.position("seen") == 2
