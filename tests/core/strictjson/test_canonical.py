"""Canonical bytes are those of RFC 8785, whichever way they were made."""

from __future__ import annotations

import json
import math
import sys
from enum import Enum
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lodeline.strictjson import MAX_INTEGER, StrictJSONError, canonical, loads


def test_the_example_of_rfc_8785_section_3_2_4():
    source = rb"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
    assert canonical(loads(source)) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_sort_by_utf16_units_as_in_rfc_8785_section_3_2_3():
    value = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7}
    assert list(loads(canonical(value)).values()) == [2, 4, 6, 7, 1, 5, 3]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (5e-324, b"5e-324"),
        (-1.7976931348623157e308, b"-1.7976931348623157e+308"),
        (9007199254740992.0, b"9007199254740992"),
        (295147905179352830000.0, b"295147905179352830000"),
        (9.999999999999997e22, b"9.999999999999997e+22"),
        (1e23, b"1e+23"),
        (0.000001, b"0.000001"),
        (9.5367431640625e-7, b"9.5367431640625e-7"),
        (333333333.3333332, b"333333333.3333332"),
        (200.0, b"200"),
        (0.5, b"0.5"),
        (1e15, b"1000000000000000"),
        (1e21, b"1e+21"),
        (1e20, b"100000000000000000000"),
    ],
)
def test_numbers_of_rfc_8785_appendix_b(number, text):
    assert canonical(number) == text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**6), 10**6).map(float)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["type", "quantity", "epcList", "a", "A", "@context"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(VALUES)
def test_same_bytes_as_the_reference_package(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
def test_canonical_of_parsed_canonical_is_itself(value):
    once = canonical(value)
    try:
        again = loads(once)
    except StrictJSONError as error:
        # Doubles from 2^53 to 10^21 come out as long integers; strict input never holds them.
        assert error.rule == "json.integer-range"
        return
    assert canonical(again) == once


@given(VALUES)
def test_what_was_accepted_once_is_accepted_again_in_canonical_form(value):
    try:
        first = loads(json.dumps(value).encode())
    except StrictJSONError:
        return
    assert canonical(loads(canonical(first))) == canonical(value)


class Word(Enum):
    """What the quick writer would take for text."""

    PLAIN = "a"
    TEXT = ("a", 1)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        {"a": [-math.inf]},
        2**53,
        [-(2**53)],
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {"a": {1, 2}},
        b"x",
        {"a": math.nan, "b": "null"},
        {"a": [math.inf, None]},
        {"a": UUID(int=7)},
        {"a": Word.PLAIN},
        [Word.TEXT],
        [orjson.Fragment(b"1")],
        {"a": bytearray(b"x")},
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


@given(
    st.dictionaries(st.text('aBé\uffff\U0001f600"\\:', max_size=3), st.text('aé\U0001f600":,', max_size=3))
)
def test_keys_outside_ascii_sort_by_utf16_wherever_they_stand(value):
    assert canonical({"a": [value]}) == rfc8785.dumps({"a": [value]})


def test_depth_is_an_error_not_a_crash():
    value: list = []
    for _ in range(5000):
        value = [value]
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 50_000)  # whatever others have set
    try:
        with pytest.raises(ValueError, match="deep"):
            canonical(value)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("inner", [1, 1e30])
def test_the_deepest_value(inner):
    value = inner
    for _ in range(249):
        value = [value]
    assert canonical(value) == b"[" * 249 + rfc8785.dumps(inner) + b"]" * 249
    with pytest.raises(ValueError, match="deep"):
        canonical([[[[[[value]]]]]])
