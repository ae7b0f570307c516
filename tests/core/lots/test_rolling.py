"""Rolling average: the share that outputs may claim is that of the inputs of the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.lots.credits import CreditRefused
from lodeline.lots.rolling import Input, Window

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


def came(day, mass, certified):
    return Input(at=START + timedelta(days=day), mass=mass, certified=certified, evidence="e")


def test_the_share_of_the_window():
    window = Window.over([came(0, 100, 50), came(10, 300, 0), came(45, 100, 100)], MONTH)
    assert window.share(START) == Fraction(1, 2)
    assert window.share(START + timedelta(days=10)) == Fraction(1, 8)
    assert window.share(START + timedelta(days=29)) == Fraction(1, 8)
    assert window.share(START + MONTH) == 0
    assert window.share(START + timedelta(days=45)) == 1
    assert window.share(START - timedelta(days=1)) is None
    assert window.share(START + timedelta(days=100)) is None


def test_what_may_be_claimed():
    window = Window.over([came(0, 3, 1)], MONTH)
    window.claim(START, Fraction(1, 3))
    for share in (Fraction(34, 100), Fraction(0), Fraction(-1), Fraction(2)):
        with pytest.raises(CreditRefused, match="share"):
            window.claim(START, share)
    with pytest.raises(CreditRefused, match="nothing came in"):
        window.claim(START + 2 * MONTH, Fraction(1, 10))


@pytest.mark.parametrize(("mass", "certified"), [(10, 11), (10, -1), (0, 0)])
def test_inputs_that_are_none(mass, certified):
    with pytest.raises(CreditRefused, match="certified mass"):
        came(0, mass, certified)


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 100), st.fractions(0, 1)), max_size=20),
    st.integers(0, 120),
    st.integers(1, 60),
)
def test_running_sums_are_the_plain_sum(rows, day, length):
    inputs = [came(at, mass, int(mass * share)) for at, mass, share in rows]
    at = START + timedelta(days=day)
    inside = [one for one in inputs if at - timedelta(days=length) < one.at <= at]
    mass = sum(one.mass for one in inside)
    expected = Fraction(sum(one.certified for one in inside), mass) if mass else None
    assert Window.over(inputs, timedelta(days=length)).share(at) == expected
