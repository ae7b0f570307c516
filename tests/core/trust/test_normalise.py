from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.trust.normalise import apportion, goalpost, quantile, rounded

SHARES = st.fractions(0, 100, max_denominator=997)


@pytest.mark.parametrize(
    ("value", "low", "high", "share"),
    [
        (0, 0, 1, 0),
        (2, 0, 1, 1),
        (-1, 0, 1, 0),
        (Fraction("0.95"), 0, Fraction("0.95"), 1),
        (3, 3, 0, 0),
        (0, 3, 0, 1),
        (1, 3, 0, Fraction(2, 3)),
        (Fraction("0.10"), Fraction("0.10"), Fraction("-0.30"), 0),
        (Fraction("-0.10"), Fraction("0.10"), Fraction("-0.30"), Fraction(1, 2)),
    ],
)
def test_goalposts(value, low, high, share):
    assert goalpost(Fraction(value), Fraction(low), Fraction(high)) == share


@pytest.mark.parametrize(
    ("value", "shown"),
    [("62.125", "62.12"), ("62.135", "62.14"), ("62.1251", "62.13"), ("-0.005", "0.00"), ("0", "0.00")],
)
def test_half_goes_to_the_even_neighbour(value, shown):
    assert str(abs(rounded(Fraction(value)))) == shown


@given(st.lists(SHARES, min_size=1, max_size=8))
def test_apportioned_parts_add_up_and_stay_close(parts):
    total = rounded(sum(parts, Fraction(0)))
    shown = apportion(parts, total)
    assert sum(shown) == total
    assert all(abs(Fraction(got) - part) <= Fraction(1, 100) for got, part in zip(shown, parts, strict=True))
    assert all(got == 0 for got, part in zip(shown, parts, strict=True) if part == 0 and total >= 1)


@given(st.lists(SHARES, min_size=1, max_size=8), st.integers(-3, 3))
def test_apportioning_carries_a_total_that_is_some_steps_off(parts, off):
    total = max(rounded(sum(parts, Fraction(0))) + Decimal(off) / 100, Decimal(0))
    shown = apportion(parts, total)
    assert sum(shown) == total
    assert min(shown) >= 0


def test_quantiles_interpolate():
    rows = [Fraction(n) for n in (1, 2, 3, 4)]
    assert quantile(rows, Fraction(1, 4)) == Fraction(7, 4)
    assert quantile(rows, Fraction(1)) == 4
    assert quantile(rows[:1], Fraction(1, 2)) == 1
