"""When a standing query runs: the schedule of GS1 EPCIS 2.0 (section 8.2.5.3), in UTC, to the second.

A field holds numbers and ranges with commas between, `0,15` or `[1-5],7`; `0/30` is every thirtieth from 0, which
GS1's own examples use. Days of the week count from Monday, 1. A field that is missing matches anything, but one finer
than the finest that is given is its least: `hour` 1 and `minute` 5 is 01:05:00, once, not sixty times.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELDS: Final = {
    "second": (0, 59, 0),
    "minute": (0, 59, 1),
    "hour": (0, 23, 2),
    "dayOfMonth": (1, 31, 3),
    "dayOfWeek": (1, 7, 3),
    "month": (1, 12, 4),
}
"""Least and greatest value, and how coarse the field is."""
LONGEST: Final = 200
MONTH: Final = FIELDS["month"][2]
YEARS: Final = 40
"""29 February falls on a given weekday at least this often (1896 to 1904 had none, and 2096 to 2104 has none)."""
_ELEMENT: Final = re.compile(r"\[(\d{1,2})-(\d{1,2})\]|(\d{1,2})/(\d{1,2})|(\d{1,2})")


class ScheduleRefused(ValueError):  # noqa: N818 - said to the client
    """`field` is the one at fault, empty for the whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


@frozen
class Schedule:
    """The values of each field, sorted; made by `of`."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    weekdays: frozenset[int]
    months: tuple[int, ...]

    @classmethod
    def of(cls, said: Mapping[str, object]) -> Schedule:
        """Read the fields. Raises `ScheduleRefused` for what no field can hold, and for an instant that never comes."""
        if unknown := sorted(set(map(str, said)) - FIELDS.keys()):
            raise ScheduleRefused(unknown[0][:40], "no field of a schedule")
        if not said:
            raise ScheduleRefused("", f"a schedule has at least one of {', '.join(FIELDS)}")
        given = {name: _values(name, said[name]) for name in FIELDS if name in said}
        finest = min(FIELDS[name][2] for name in given)

        def of(name: str) -> tuple[int, ...]:
            least, most, coarse = FIELDS[name]
            if name in given:
                return given[name]
            if coarse < finest and name != "dayOfWeek":
                return (least,)
            return tuple(range(least, most + 1))

        made = cls(
            of("second"),
            of("minute"),
            of("hour"),
            frozenset(of("dayOfMonth")),
            frozenset(of("dayOfWeek")),
            of("month"),
        )
        if made.next_after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
            raise ScheduleRefused("", "this day never comes")
        return made

    def next_after(self, now: datetime) -> datetime | None:
        """The first instant after `now` (with a time zone) that matches, in UTC; None when time ends before."""
        try:
            start = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        except OverflowError:
            return None
        for day in self._days(start.date()):
            found = self._moment(start.time() if day == start.date() else time())
            if found is not None:
                return datetime.combine(day, found, UTC)
        return None

    def matches(self, moment: datetime) -> bool:
        """True for an instant that every field fits; fractions of the second are not looked at."""
        at = moment.astimezone(UTC)
        return (
            at.month in self.months
            and at.day in self.days
            and at.isoweekday() in self.weekdays
            and at.hour in self.hours
            and at.minute in self.minutes
            and at.second in self.seconds
        )

    def _days(self, start: date) -> Iterator[date]:
        """Matching days from `start` on, as far as they can be apart."""
        for year in range(start.year, min(start.year + YEARS, MAXYEAR) + 1):
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                first = start.day if (year, month) == (start.year, start.month) else 1
                for number in range(first, monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if number in self.days and day.isoweekday() in self.weekdays:
                        yield day

    def _moment(self, least: time) -> time | None:
        """The first matching time of a day that is not before `least`."""
        for hour in self.hours:
            if hour < least.hour:
                continue
            for minute in self.minutes:
                if (hour, minute) < (least.hour, least.minute):
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= (least.hour, least.minute, least.second):
                        return time(hour, minute, second)
        return None


def _values(name: str, said: object) -> tuple[int, ...]:
    """The numbers of one field; raises `ScheduleRefused`."""
    least, most, _ = FIELDS[name]
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str):
        raise ScheduleRefused(name, "a text such as '0', '0,30' or '[1-5],7'")
    if len(said) > LONGEST:
        raise ScheduleRefused(name, f"at most {LONGEST} characters")
    found: set[int] = set()
    for part in said.split(","):
        match = _ELEMENT.fullmatch(part.strip()) if part.isascii() else None
        if match is None:
            raise ScheduleRefused(name, f"{part[:20]!r} is no number, no range [a-b]")
        start, end, origin, step, number = (int(one) if one else 0 for one in match.groups())
        if match[4]:
            first, last, values = origin, origin, range(origin, most + 1, step) if step else range(0)
        elif match[1]:
            first, last, values = start, end, range(start, end + 1)
        else:
            first, last, values = number, number, range(number, number + 1)
        if not values:
            raise ScheduleRefused(name, f"{part[:20]!r} holds nothing")
        if first < least or last > most:
            raise ScheduleRefused(name, f"{part[:20]!r} is not within {least} to {most}")
        found.update(values)
    return tuple(sorted(found))
