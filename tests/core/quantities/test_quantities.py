"""Exact numbers: no conversion loses a milligram, no unit is guessed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.quantities import (
    NARROW,
    UNITS,
    QuantityError,
    decimal,
    format_mass,
    is_count,
    is_mass,
    to_base,
    to_milligrams,
)


@pytest.mark.parametrize(
    ("value", "uom", "milligrams"),
    [
        ("1", "KGM", 1_000_000),
        ("1.92", "KGM", 1_920_000),
        ("0.1", "TNE", 100_000_000),
        ("250", "GRM", 250_000),
        ("3", "MGM", 3),
        ("1", "LBR", 453_592),
        ("16", "ONZ", 453_592),
        ("2000", "LBR", 907_184_740),
        ("1", "STN", 907_184_740),
        ("2240", "LBR", 1_016_046_909),
        ("1", "2U", 10**9),
        ("7000", "GRN", 453_592),
    ],
)
def test_masses(value, uom, milligrams):
    assert to_milligrams(Decimal(value), uom) == milligrams


@pytest.mark.parametrize("uom", ["XXX", "kgm", "KG", "", "C62", "LTR", "CEL"])
def test_what_is_no_mass(uom):
    assert not is_mass(uom)
    with pytest.raises(QuantityError):
        to_milligrams(Decimal(1), uom)


def test_count():
    assert is_count(None)
    assert is_count("C62")
    assert is_count("H87")
    assert not is_count("KGM")
    assert not is_count("XXX")
    assert to_base(Decimal(3), "DZN") == 36


def test_no_arithmetic_on_absurd_exponents():
    with pytest.raises(QuantityError):
        to_base(Decimal("1e99999999"), "KGM")


def test_temperature_has_no_factor():
    with pytest.raises(QuantityError, match="no exact conversion"):
        to_base(Decimal(1), "CEL")


MASS = [code for code, unit in UNITS.items() if unit.kind == "mass"]


@given(
    st.decimals("-1000000", "1000000", places=6),
    st.decimals("-1000000", "1000000", places=6),
    st.sampled_from(MASS),
)
def test_conversion_is_linear_and_exact(one, other, uom):
    assert to_base(one, uom) + to_base(other, uom) == to_base(one + other, uom)
    assert abs(to_milligrams(one, uom) - to_base(one, uom)) <= Fraction(1, 2)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_keeps_its_shortest_digits(value):
    assert float(decimal(value)) == value
    assert decimal(repr(value)) == decimal(value)


@pytest.mark.parametrize(
    "value", [True, None, "1,5", "NaN", "Infinity", float("inf"), [], "", "１", "1_0", " 1", "1e9999"]
)
def test_what_is_no_number(value):
    with pytest.raises(QuantityError):
        decimal(value)


def test_the_table_has_every_code_once_in_the_form_of_the_recommendation():
    assert all(
        code == unit.code and 2 <= len(code) <= 3 and (code.isupper() or code.isdigit())
        for code, unit in UNITS.items()
    )
    assert {"KGM", "C62", "A93", "C35", "CEL", "DD", "KMH", "LUX", "MTR", "MTS", "P71"} <= UNITS.keys()
    assert all(UNITS[code].factor for code in MASS)


@pytest.mark.parametrize(
    ("mg", "text"),
    [
        (0, "0 mg"), (1, "1 mg"), (999, "999 mg"), (1000, "1 g"), (1_234_567, "1.235 kg"), (15_300_000, "15.3 kg"),
        (999_999, "1 kg"), (999_949, "999.9 g"), (1_203_999_999, "1.204 t"), (-250, "−250 mg"), (10**13, "10,000 t"),
    ],
)  # fmt: skip
def test_mass_for_people(mg, text):
    assert format_mass(mg) == text.replace(" ", NARROW)


@given(st.integers(1, 10**14))
def test_mass_for_people_is_within_four_figures(mg):
    figure, symbol = format_mass(mg).split(NARROW)
    shown = Fraction(figure.replace(",", "")) * {"mg": 1, "g": 10**3, "kg": 10**6, "t": 10**9}[symbol]
    assert abs(shown - mg) * 2000 <= mg
