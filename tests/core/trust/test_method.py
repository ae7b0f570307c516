"""The method holds together: points, goalposts, profiles, hash."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest
from tests.core.trust.samples import SEGMENTS, V1

from lodeline.trust import method
from lodeline.trust.indicators import ALL

POINTS = {"OV": 20, "CC": 15, "ES": 15, "TP": 15, "DI": 15, "RA": 10, "RR": 10}


def test_seven_indicators_make_a_hundred_points():
    assert {row.code: row.points for row in V1.indicators} == POINTS
    assert sum(POINTS.values()) == 100


@pytest.mark.parametrize("code", POINTS)
def test_sub_points_add_up_to_their_indicator(code):
    assert sum(sub.points for sub in V1.of(code)) == POINTS[code]


def test_every_sub_indicator_has_a_function_and_the_other_way_round():
    assert [sub.id for sub in V1.subs] == list(ALL)
    assert len(V1.subs) == 38


@pytest.mark.parametrize("segment", SEGMENTS)
def test_what_does_not_apply_is_spread_inside_its_indicator_only(segment):
    weights = V1.weights(segment)
    out = set(V1.profiles[segment].not_applicable)
    assert not out & set(weights)
    for code, points in POINTS.items():
        assert sum(weight for name, weight in weights.items() if name.startswith(code)) == points
        kept = [sub for sub in V1.of(code) if sub.id not in out]
        assert len({weights[sub.id] / sub.points for sub in kept}) == 1


def test_the_hash_is_that_of_the_file():
    assert V1.hash == hashlib.sha256(method.source("v1")).hexdigest()


def test_bands_fall_and_end_at_zero():
    assert V1.bands == (("A", 80), ("B", 65), ("C", 50), ("D", 0))


def test_a_country_has_one_region_and_an_unknown_one_none():
    assert V1.region("FI") == "Europe"
    assert V1.region("") == ""
    codes = [code for region in V1.regions.values() for code in region]
    assert len(codes) == len(set(codes))
    assert all(V1.region(code) for code in V1.high_risk)


def test_a_party_is_compared_where_it_stands_furthest_down_the_chain():
    assert V1.segment(["mine", "refiner"]) == "refiner"
    assert V1.segment(["vehicle", "fleet"]) == ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('points = "7"', 'points = "8"', "below OV do not add up"),
        ("points = 20", "points = 21", "do not add up to 100"),
        ('pillar = "P1"', 'pillar = "P9"', "no pillar"),
        ('low = "0"\nhigh = "1"', 'low = "1"\nhigh = "1"', "no goalposts"),
        ('OV3 = "no-inflow"', 'XX3 = "no-inflow"', "do not exist"),
        ('id = "v1"', "id = ", "unusable"),
        ("[bands]", "[bends]", "unusable"),
    ],
)
def test_a_method_that_does_not_hold_together_is_refused(old, new, says):
    text = method.source("v1").decode()
    assert old in text
    with pytest.raises(method.MethodError, match=says):
        method.read(text.replace(old, new, 1).encode())


def test_an_unknown_version_is_refused_by_name():
    with pytest.raises(method.MethodError, match="v1"):
        method.load("../../etc")


def test_numbers_are_exact():
    assert V1.sub("ES1").points == Fraction(5, 2)
    assert V1.rule("missing_estimate") == Fraction(1, 4)
