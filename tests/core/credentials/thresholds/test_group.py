"""The group: derivation of H, one form for points and scalars, two ways to the same point."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials.thresholds import group

P = 2**256 - 2**32 - 977
GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
"""SEC 2 version 2, section 2.4.1."""
scalars = st.integers(1, group.ORDER - 1)


def test_h_is_the_first_abscissa_of_the_published_string():
    """Recomputed with nothing but SHA-256 and the curve's equation y^2 = x^3 + 7."""
    for counter in range(20):
        x = int.from_bytes(hashlib.sha256(group.SEED + counter.to_bytes(4, "big")).digest(), "big")
        if x < P and pow(x**3 + 7, (P - 1) // 2, P) == 1:
            break
    y = pow(x**3 + 7, (P + 1) // 4, P)
    assert group.H.point() == (x, y if y % 2 == 0 else P - y)


def test_g_is_the_standard_generator():
    assert group.times_g(1).format() == GENERATOR
    assert group.times_g(group.ORDER - 1).format() == b"\x03" + GENERATOR[1:]
    assert group.negative(group.times_g(1)) == group.times_g(group.ORDER - 1)


@given(scalars, scalars)
def test_linear(one, two):
    if (one + two) % group.ORDER:
        whole = group.times_g((one + two) % group.ORDER)
        assert group.add(group.times_g(one), group.times_g(two)) == whole
    if one != two:
        g = group.times_g(1)
        assert group.combine([(one, g), (0, group.H), (-two, g)]) == group.times_g((one - two) % group.ORDER)


def test_infinity_is_refused():
    with pytest.raises(group.NotInGroup, match="infinity"):
        group.add(group.H, group.MINUS_H)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GENERATOR[:-1],
        GENERATOR + b"\0",
        b"\x04" + GENERATOR[1:],
        b"\x00" + GENERATOR[1:],
        b"\x02" + P.to_bytes(32, "big"),
        b"\x02" + (5).to_bytes(32, "big"),
        group.times_g(3).format(compressed=False),
        b"\x06" + group.times_g(3).format(compressed=False)[1:],
    ],
)
def test_points_have_one_form(data):
    with pytest.raises(group.NotInGroup):
        group.read_point(data)


def test_scalars_have_one_form():
    assert group.read_scalar(group.write_scalar(group.ORDER - 1)) == group.ORDER - 1
    for data in (b"", bytes(32), group.write_scalar(group.ORDER), b"\xff" * 32, bytes(31) + b"\1\0"):
        with pytest.raises(group.NotInGroup):
            group.read_scalar(data)


def test_draw_skips_what_is_not_canonical():
    answers = iter([bytes(32), b"\xff" * 32, group.write_scalar(5)])
    assert group.draw(lambda length: next(answers)[:length]) == 5


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_expansion_separates_its_parts(one, two):
    found = group.expand(3, b"label", one, two)
    assert len(set(found)) == 3
    assert all(0 < number < group.ORDER for number in found)
    assert found == group.expand(3, b"label", one, two)
    assert found != group.expand(3, b"other", one, two)
    assert found != group.expand(3, b"label", one + two)
