"""Dates and minimums of the law, as data. They count by the day the (original) battery was placed on the market."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from attrs import frozen

_2031, _2036 = date(2031, 8, 18), date(2036, 8, 18)


@frozen
class Minimum:
    """A minimum of recycled content in percent (Art. 8(2) and (3)); for `categories`, from `since`."""

    since: date
    percent: Decimal
    categories: frozenset[str]


@frozen
class Step:
    """What the law asks, and from when; `since` is None while no act fixes the date."""

    since: date | None
    words: str
    law: str


_FIRST: Final = frozenset({"EV", "industrial"})
_ALL: Final = frozenset({"EV", "industrial", "LMT"})
MINIMUMS: Final[dict[int, tuple[Minimum, ...]]] = {
    20: (Minimum(_2031, Decimal(16), _FIRST), Minimum(_2036, Decimal(26), _ALL)),
    21: (Minimum(_2031, Decimal(6), _FIRST), Minimum(_2036, Decimal(12), _ALL)),
    22: (Minimum(_2031, Decimal(6), _FIRST), Minimum(_2036, Decimal(15), _ALL)),
    23: (Minimum(_2031, Decimal(85), _FIRST), Minimum(_2036, Decimal(85), _ALL)),
}
"""By data point. Cobalt, lithium, nickel: share of the active materials; lead: share of the whole battery."""
STEPS: Final = (
    Step(date(2027, 2, 18), "Passport for every EV, LMT and industrial battery above 2 kWh", "Art. 77(1)"),
    Step(date(2027, 8, 18), "Due diligence report (point 19 then needs a source)", "Art. 48 to 52"),
    Step(None, "Carbon footprint declaration and class (17, 18)", "Art. 7"),
    Step(date(2028, 8, 18), "Recycled content documents (20 to 23), by model, year and plant", "Art. 8(1)"),
    Step(_2031, "Minimums of recycled content", "Art. 8(2)"),
)


def next_minimum(number: int, category: str) -> Minimum | None:
    """The first minimum that will count, or counts, for a point in a category."""
    return next((one for one in MINIMUMS.get(number, ()) if category in one.categories), None)


def minimum_on(number: int, category: str, placed_on: date) -> Minimum | None:
    """The minimum that counts for a battery placed on the market on a day, if any."""
    found = [one for one in MINIMUMS.get(number, ()) if category in one.categories and one.since <= placed_on]
    return found[-1] if found else None


def reached(percent: Decimal, minimum: Minimum) -> bool:
    """Whether an unrounded percentage reaches the minimum: 16 passes, 15.999 does not."""
    return percent >= minimum.percent
