"""Schedules of standing queries: what GS1's examples mean, laws, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.events.schedule import FIELDS, Schedule, ScheduleRefused

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)  # a Sunday


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "after", "expected"),
    [
        ({"hour": "1", "minute": "5"}, NOON, at(2026, 11, 2, 1, 5)),  # GS1: every morning at 1.05am
        ({"second": "0", "minute": "0"}, NOON, at(2026, 11, 1, 13)),  # once an hour
        ({"second": "0", "minute": "30", "hour": "2"}, NOON, at(2026, 11, 2, 2, 30)),
        ({"second": "0", "minute": "0", "dayOfWeek": "[1-5]"}, NOON, at(2026, 11, 2, 0)),
        ({"second": "0/30"}, NOON, at(2026, 11, 1, 12, 0, 30)),  # in an answer of GS1's OpenAPI
        ({"dayOfWeek": "7"}, NOON, at(2026, 11, 8)),
        ({"dayOfMonth": "31"}, NOON, at(2026, 12, 31)),
        ({"month": "2"}, NOON, at(2027, 2, 1)),
        ({"month": "2", "dayOfMonth": "29"}, NOON, at(2028, 2, 29)),
        ({"dayOfMonth": "13", "dayOfWeek": "5"}, NOON, at(2026, 11, 13)),
        ({"month": 2, "dayOfMonth": 29, "dayOfWeek": 1}, at(2096, 3, 1), at(2112, 2, 29)),
        ({"hour": "12"}, NOON, at(2026, 11, 2, 12)),  # after, not at
        ({"hour": "12"}, NOON - timedelta(microseconds=1), NOON),
        (
            {"hour": "1"},
            datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
            at(2026, 11, 1, 1),
        ),
        ({"hour": "0"}, datetime.max.replace(tzinfo=UTC), None),
        ({"minute": "[1-5],7, 59"}, at(2026, 11, 1, 12, 5), at(2026, 11, 1, 12, 7)),
    ],
)
def test_the_next_instant(said, after, expected):
    assert Schedule.of(said).next_after(after) == expected


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, ""),
        ({"second": "60"}, "second"),
        ({"hour": "24"}, "hour"),
        ({"dayOfWeek": "0"}, "dayOfWeek"),
        ({"dayOfMonth": "32"}, "dayOfMonth"),
        ({"month": "[5-3]"}, "month"),
        ({"month": "[0-3]"}, "month"),
        ({"minute": ""}, "minute"),
        ({"minute": "1,"}, "minute"),
        ({"minute": "*"}, "minute"),
        ({"minute": "0/0"}, "minute"),
        ({"minute": "1-5"}, "minute"),
        ({"minute": "-1"}, "minute"),
        ({"minute": "٣"}, "minute"),
        ({"minute": "1," * 200 + "1"}, "minute"),
        ({"minute": None}, "minute"),
        ({"minute": True}, "minute"),
        ({"minute": 1.0}, "minute"),
        ({"minute": ["1"]}, "minute"),
        ({"minutes": "1"}, "minutes"),
        ({"month": "2", "dayOfMonth": "30"}, ""),
        ({"month": "[4-4],6", "dayOfMonth": "31"}, ""),
    ],
)
def test_what_no_schedule_holds_is_refused_with_its_field(said, field):
    with pytest.raises(ScheduleRefused) as refused:
        Schedule.of(said)
    assert refused.value.field == field
    assert len(str(refused.value)) < 150


def spelled(least, most):
    number = st.integers(least, most)
    pair = st.tuples(number, number).map(sorted).map(lambda two: f"[{two[0]}-{two[1]}]")
    return st.lists(number.map(str) | pair, min_size=1, max_size=4).map(",".join)


def fields(*names):
    return st.fixed_dictionaries({}, optional={name: spelled(*FIELDS[name][:2]) for name in names}).filter(
        bool
    )


moments = st.integers(0, 5 * 10**9 * 1000).map(lambda ms: at(1990, 1, 1) + timedelta(milliseconds=ms))
schedules = fields("second", "minute", "hour", "dayOfWeek", "month").map(Schedule.of)


@given(schedules, moments)
def test_the_next_instant_is_later_and_matches(schedule, now):
    found = schedule.next_after(now)
    assert found is not None
    assert found > now
    assert found.microsecond == 0
    assert schedule.matches(found)


@given(schedules, moments)
def test_nothing_between_matches(schedule, now):
    """Held against a clock that looks every second, over as much as it can."""
    found = schedule.next_after(now)
    moment = now.replace(microsecond=0) + timedelta(seconds=1)
    for _ in range(300):
        if moment >= found:
            break
        assert not schedule.matches(moment)
        moment += timedelta(seconds=1)


@given(fields("hour", "dayOfMonth", "dayOfWeek"), moments)
def test_days_against_a_calendar(said, now):
    """The same, day by day and hour by hour, for what is given in hours and days."""
    schedule = Schedule.of(said)
    moment = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while not schedule.matches(moment):
        moment += timedelta(hours=1)
    assert schedule.next_after(now) == moment


@given(schedules, moments, moments)
def test_later_questions_have_later_answers(schedule, one, other):
    first, second = sorted((one, other))
    assert schedule.next_after(first) <= schedule.next_after(second)
