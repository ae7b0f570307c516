"""Missing, not yet required, does not apply, must stay empty: never the same word for two of them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.passports.samples import record, stated

from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.assemble import assemble
from lodeline.passports.completeness import DUTY_FROM, State, assess, counts, readable, total
from lodeline.passports.datapoints import CATEGORIES, Duty, Group, points
from lodeline.passports.law import MINIMUMS, STEPS, minimum_on, next_minimum, reached

BEFORE = date(2026, 11, 1)


def cells(passport, on=DUTY_FROM):
    return {cell.point.number: cell for cell in assess(passport, placed_on=on)}


@pytest.mark.parametrize("category", CATEGORIES)
def test_an_empty_passport(category):
    found = cells(assemble(record(category=category, making=None)))
    empty = {number: cell for number, cell in found.items() if cell.state is not State.PRESENT}
    assert len(found) == 71
    for cell in empty.values():
        expected = {
            Duty.MANDATORY: State.MISSING,
            Duty.OPTIONAL: State.OPTIONAL_EMPTY,
            Duty.CONDITIONAL: State.DOES_NOT_APPLY,
            Duty.PENDING: State.NOT_YET_REQUIRED,
            Duty.EMPTY: State.MUST_STAY_EMPTY,
        }[cell.duty]
        assert cell.state is expected, cell.point.number
        assert cell.to_fix == (cell.state is State.MISSING)


def test_before_the_day_of_the_duty_nothing_is_missing():
    found = cells(assemble(record(making=None)), BEFORE)
    assert State.MISSING not in {cell.state for cell in found.values()}
    assert found[11].words == "required from 2027-02-18"
    assert cells(assemble(record(making=None)), date(2027, 2, 17))[11].state is State.NOT_YET_REQUIRED


def test_each_state_once():
    passport = assemble(
        record(
            stated(
                {
                    "3": "Maker",
                    "10": "500",
                    "17": {"value": "61", "unit": "kg CO2e/kWh"},
                    "25": "94",
                    "31": "1.5",
                    "35": {"applies": False},
                    "41": {"cadmium": "0.5", "lead": "0"},
                    "62": "98",
                }
            )
        )
    )
    found = cells(passport)
    assert found[3].state is State.PRESENT
    assert found[10].state is State.CONTRADICTORY
    assert found[17].state is State.PRESENT
    assert found[25].state is State.MUST_NOT_BE_FILLED
    assert found[31].state is State.MISSING
    assert "whole number" in found[31].words
    assert (found[35].state, found[35].words) == (State.DOES_NOT_APPLY, "the maker says so")
    assert found[41].state is State.MISSING
    assert found[62].state is State.MUST_NOT_BE_FILLED
    assert found[63].state is State.MUST_STAY_EMPTY
    assert found[18].state is State.NOT_YET_REQUIRED
    assert found[57].words == "nobody has said that its condition is met"


def test_an_unusable_value_for_a_forbidden_point_is_still_filled():
    assert cells(assemble(record(stated({"62": "much"}))))[62].state is State.MUST_NOT_BE_FILLED


def test_industrial_battery_with_the_same_values():
    found = cells(assemble(record(stated({"62": "98", "33": "75"}), category="industrial")))
    assert found[62].state is State.PRESENT
    assert found[33].state is State.MUST_NOT_BE_FILLED


@given(
    st.dictionaries(st.sampled_from([str(n) for n in range(1, 72)]), st.just("1"), max_size=40),
    st.sampled_from(CATEGORIES),
)
def test_counts_add_up_and_hide_what_may_not_be_read(stated_points, category):
    passport = assemble(record(stated(stated_points), category=category))
    found = assess(passport, placed_on=DUTY_FROM)
    by_group = counts(found)
    assert {group: sum(states.values()) for group, states in by_group.items()} == {
        "PUB": 44, "LI+AU": 5, "AU": 1, "LI": 21,
    }  # fmt: skip
    for audience in Audience:
        kept = readable(found, MATRIX[audience])
        assert total(by_group, MATRIX[audience]) == dict(
            sorted(Counter(cell.state.value for cell in kept).items())
        )
    assert sum(total(by_group, {Group.PUBLIC}).values()) == 44


def test_minimums_count_by_the_day_of_placing():
    assert minimum_on(20, "EV", date(2031, 8, 17)) is None
    assert minimum_on(20, "EV", date(2031, 8, 18)).percent == 16
    assert minimum_on(20, "EV", date(2036, 8, 18)).percent == 26
    assert minimum_on(20, "LMT", date(2035, 1, 1)) is None
    assert next_minimum(20, "LMT").since == date(2036, 8, 18)
    assert next_minimum(24, "EV") is None
    assert set(MINIMUMS) <= set(points())


@pytest.mark.parametrize(
    ("share", "passes"), [("16", True), ("15.999", False), ("15.9999999999999999999", False)]
)
def test_minimums_are_compared_exactly(share, passes):
    from decimal import Decimal

    assert reached(Decimal(share), MINIMUMS[20][0]) is passes


def test_the_steps_of_the_law_are_in_order():
    dates = [step.since for step in STEPS if step.since]
    assert dates == sorted(dates)
    assert dates[0] == DUTY_FROM
