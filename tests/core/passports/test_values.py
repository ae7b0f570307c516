"""Typed values: digits stay, units are known, what does not fit is refused with words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.passports.datapoints import points
from lodeline.passports.values import Typed, ValueRefused, instant, read


def typed(number, stated):
    return read(points()[number], stated)


@pytest.mark.parametrize("text", ["94.0", "0.10", "462", "0.058"])
def test_decimals_keep_their_digits(text):
    assert typed(10, text) == Typed(content=text, unit="kg")


def test_value_with_unit_and_time():
    stated = {"value": "220", "unit": "Ah", "measuredAt": "2026-05-03T10:00:00.5+02:00"}
    assert typed(51, stated) == Typed(content="220", unit="Ah", measured_at="2026-05-03T08:00:00Z")


def test_a_number_without_unit_is_in_the_unit_of_the_guidance():
    assert typed(11, "77.0").unit == "kWh"
    assert typed(11, {"value": "220", "unit": "Ah"}).unit == "Ah"


def test_lists_and_single_texts_where_many_are_allowed():
    assert typed(13, ["a", "b"]).content == ("a", "b")
    assert typed(13, "a").content == ("a",)


@pytest.mark.parametrize(
    ("number", "stated", "words"),
    [
        (31, "1500.5", "whole number"),
        (31, "1500.0", "whole number"),
        (31, "9007199254740992", "too large"),
        (10, "462,5", "not a decimal number"),
        (10, "1e3", "not a decimal number"),
        (10, "٤", "not a decimal number"),
        (10, "007", "not a decimal number"),
        (10, "0", "above zero"),
        (10, "-4", "above zero"),
        (24, "100.1", "between 0 and 100"),
        (56, "-1", "below zero"),
        (10, {"value": "4", "unit": "lb"}, "not 'lb'"),
        (12, {"value": "NMC", "unit": "kg"}, "has no unit"),
        (10, 462, "text is needed"),
        (40, True, "text is needed"),
        (12, ["a", "b"], "not a list"),
        (13, [], "1 to 500"),
        (13, ["x"] * 501, "1 to 500"),
        (13, [{"name": "x"}], "text is needed"),
        (12, "", "empty"),
        (12, " ", "empty"),
        (12, "a\x00b", "control characters"),
        (12, "cafe\u0301", "NFC"),
        (12, "x" * 4001, "at most 4000"),
        (6, "SLI", "none of EV, LMT, industrial"),
        (67, "repaired", "none of original"),
        (9, "2026-13", "not a month"),
        (9, "May 2026", "not a month"),
        (42, "javascript:alert(1)", "https address"),
        (42, "https://a.example/<b>", "may not stand"),
        (42, "declaration.pdf", "https address"),
        (38, {"pack": "0.058"}, "'value'"),
        (10, {"value": "4", "colour": "red"}, "'colour' is not known"),
        (51, {"value": "4", "measuredAt": "yesterday"}, "neither a date nor a time"),
        (51, {"value": "4", "measuredAt": "2026-05-03T08:00:00"}, "no offset"),
        (51, {"value": "4", "measuredAt": 5}, "text is needed"),
    ],
)
def test_what_does_not_fit_is_refused(number, stated, words):
    with pytest.raises(ValueRefused, match=words.replace("(", r"\(")):
        typed(number, stated)


def test_days_stay_days():
    assert instant("2026-05-03") == "2026-05-03"
    assert instant("") == ""


def test_text_is_no_number():
    assert typed(10, "1.50").decimal == typed(10, "1.5").decimal
    with pytest.raises(ValueError, match="no number"):
        _ = typed(13, ["a"]).decimal


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
)


@given(st.sampled_from(range(1, 72)), anything | st.fixed_dictionaries({"value": anything, "unit": anything}))
def test_anything_is_a_value_or_refused(number, stated):
    try:
        found = typed(number, stated)
    except ValueRefused as refused:
        assert str(refused)
    else:
        assert found.content not in ("", ())
