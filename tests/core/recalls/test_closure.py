"""Closing a recall: nothing is lost between the list and the report."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lodeline.recalls.closure import Mark, Outcome, Thing, balance, marked_in_order
from lodeline.recalls.drill import fingerprint

things = st.lists(
    st.builds(
        Thing,
        key=st.text(max_size=3),
        holder=st.sampled_from(["", "a", "b"]),
        item=st.booleans(),
        mass=st.none() | st.integers(0, 10**15),
        outcome=st.none() | st.sampled_from(Outcome),
    )
)


@given(things)
def test_what_is_settled_and_what_is_open_is_everything(given_):
    found = balance(given_)
    parts = [*found.by_outcome.values(), *found.open.values()]
    last = {thing.key: thing for thing in given_}
    assert found.all.things == len(last) == sum(one.things for one in parts)
    assert found.all.mass == sum(one.mass for one in parts) == sum(one.mass or 0 for one in last.values())
    assert 0 <= found.share <= 1
    assert (found.share == 1) == (not found.open)


@given(things)
def test_every_holder_of_something_open_needs_a_reason(given_):
    found = balance(given_)
    assert found.unexplained({}) == sorted(found.open) == found.unexplained(dict.fromkeys(found.open, " "))
    assert found.unexplained(dict.fromkeys(found.open, "sold abroad")) == []


def test_nothing_is_answered_that_was_not_sent():
    assert marked_in_order(Mark.SENT, [])
    assert not marked_in_order(Mark.ANSWERED, [Mark.ACKNOWLEDGED])
    assert marked_in_order(Mark.ANSWERED, [Mark.SENT])
    assert marked_in_order(Mark.SENT, [Mark.SENT])


@given(st.lists(st.text(max_size=4)), st.lists(st.text(max_size=4)))
def test_a_fingerprint_is_that_of_the_names_in_any_order(one, other):
    assert fingerprint(one) == fingerprint([*reversed(one), *one])
    assert (fingerprint(one) == fingerprint(other)) == (set(one) == set(other))
