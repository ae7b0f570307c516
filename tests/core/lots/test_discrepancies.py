"""All rules over one record: thirty planted faults, and a month in which everything fits."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.planted import NOW, judged, month, plant

from lodeline.lots import record as words
from lodeline.lots.discrepancies import find
from lodeline.lots.mismatch import Cause, Mismatch, amount, merged, slipped
from lodeline.lots.record import Moved, Record


def test_a_month_that_fits():
    assert find(month().record(), NOW) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_planted_faults(seed):
    made = month(seed)
    faults = plant(made)
    assert len(faults) == 30
    found = find(made.record(), NOW)
    missed, _follow, false = judged(found, faults)
    assert (missed, false) == ([], [])
    told = {(one.rule, about): one.cause for one in found for about in (one.lot, one.site, one.subject)}
    wrong = [f for f in faults if f.cause and told[f.rule, f.about] != f.cause]
    assert wrong == []
    assert len({one.id for one in found}) == len(found)


@settings(max_examples=5)
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_things_came_plays_no_part(random):
    made = month(3)
    plant(made)
    record = made.record()
    shuffled = list(record.moved)
    random.shuffle(shuffled)
    assert find(evolve(record, moved=tuple(shuffled)), NOW) == find(record, NOW)


def moved(act, day, amount, **more):
    at = NOW - timedelta(days=60 - day)
    return Moved(key="L", event=f"{act}{day}", act=act, at=at, amount=amount, **more)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_no_party_gives_out_more_than_came(made, used):
    rows = (moved(words.MADE, 1, made, by="a"), moved(words.USED, 2, used, by="a"))
    told = [one.rule for one in find(Record(moved=rows), NOW)]
    if used * 1000 <= made * 1005:
        assert told == []
    else:
        assert told == ["RC-OUT" if made else "RC-NOWHERE"]


def test_what_comes_in_a_package_came_with_its_shipment():
    rows = (
        moved(words.MADE, 1, 1, by="a"),
        moved(words.PACKED, 2, 1, by="a", parent="P"),
        evolve(moved(words.SHIPPED, 3, 1, by="a", party="b"), key="P"),
        moved(words.RECEIVED, 5, 1, by="b", party="b"),
    )
    assert find(Record(moved=rows), NOW) == []
    assert [(one.rule, one.lot) for one in find(Record(moved=rows[:3]), NOW)] == [("RC-MISSING", "P")]


def test_a_split_delivery_is_several_shipments_of_one_lot():
    rows = [moved(words.MADE, 1, 1000, by="a")]
    for day, part in ((2, 600), (4, 400)):
        rows.append(moved(words.SHIPPED, day, part, by="a", party="b"))
        rows.append(moved(words.RECEIVED, day + 9, part, by="b", party="b"))
    assert find(Record(moved=tuple(rows)), NOW) == []
    late = [one for one in rows if one.event != "received13"]
    (one,) = find(Record(moved=tuple(late)), NOW)
    assert (one.rule, one.pointer, one.expected) == ("RC-MISSING", "shipped4", 400)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1000, 1, True),
        (453_592, 1_000_000, True),
        (907, 1000, True),
        (96, 100, False),
        (5, 5, False),
        (0, 5, False),
    ],
)
def test_amounts_whose_unit_was_mistaken(one, other, same):
    assert slipped(one, other) is slipped(other, one) is same


def mismatch(message="m", event="e", **more):
    return Mismatch(
        rule="RC-X", subject="s", period="2026-01", pointer=event, message=message, cause=Cause.UNIT_ERROR,
        here=(event,), **more,
    )  # fmt: skip


def test_several_of_one_identity_are_one():
    (one,) = merged([mismatch(event="b"), mismatch("other", event="a", parties=("p",)), mismatch(event="b")])
    assert (one.message, one.here, one.parties) == ("other; and 2 more like it", ("a", "b"), ("p",))
    assert one.id == mismatch().id != evolve(mismatch(), period="2026-02").id
    assert Counter(map(type, one.as_dict().values()))[float] == 0
    assert amount(1, "pieces") == "1 piece"
