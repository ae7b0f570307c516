"""Level 1: all steps are stated; what is shown must be in the list's words and possible."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials.thresholds.ladder import ladder, read_ladder
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.statement import ThresholdRefused

STEPS = [LAW.claim("recycled-cobalt-2031"), LAW.claim("recycled-cobalt-2036")]
MIXED = [*STEPS, evolve(STEPS[0], id="below-20", operator="<", threshold=Decimal(20))]
values = st.decimals(0, 100, places=4)


@given(values)
def test_every_step_is_stated_whatever_the_value(value):
    made = ladder(value, MIXED)
    assert list(made) == [step.id for step in MIXED]
    assert {name: {**said, "met": None} for name, said in made.items()} == {
        name: {**said, "met": None} for name, said in ladder(Decimal(0), MIXED).items()
    }


@given(values, st.sets(st.sampled_from([step.id for step in MIXED])))
def test_what_is_shown_is_true(value, shown):
    made = ladder(value, MIXED)
    found = read_ladder({name: made[name] for name in shown}, MIXED)
    truth = {MIXED[0].id: value >= 16, MIXED[1].id: value >= 26, MIXED[2].id: value < 20}
    assert found == {name: truth[name] for name in shown}


@pytest.mark.parametrize("value", ["16", "15.9999", "26", "25.9999", "20"])
def test_edges(value):
    found = read_ladder(ladder(Decimal(value), MIXED), MIXED)
    assert list(found.values()) == [Decimal(value) >= 16, Decimal(value) >= 26, Decimal(value) < 20]


def test_steps_that_contradict_each_other_are_refused():
    high, low = ladder(Decimal(30), STEPS), ladder(Decimal(1), STEPS)
    with pytest.raises(ThresholdRefused, match="contradict"):
        read_ladder({STEPS[0].id: low[STEPS[0].id], STEPS[1].id: high[STEPS[1].id]}, STEPS)


@pytest.mark.parametrize(
    "change",
    [{"met": 1}, {"met": None}, {"threshold": "15"}, {"operator": ">"}, {"unit": "g"}, {"source": "x"}],
)
def test_other_words_are_refused(change):
    made = ladder(Decimal(30), STEPS)
    with pytest.raises(ThresholdRefused, match="words"):
        read_ladder({STEPS[0].id: {**made[STEPS[0].id], **change}}, STEPS)


@pytest.mark.parametrize("disclosed", [None, [], {"recycled-cobalt-2099": {}}])
def test_steps_that_are_not_on_the_list_are_refused(disclosed):
    with pytest.raises(ThresholdRefused, match="allow-list"):
        read_ladder(disclosed, STEPS)


def test_a_ladder_is_about_one_value():
    for steps in ([], [STEPS[0], LAW.claim("lead-at-most")], [STEPS[0], STEPS[0]]):
        with pytest.raises(ValueError, match=r"one value|twice"):
            ladder(Decimal(1), steps)
