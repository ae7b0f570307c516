"""What is there, what is missing, and what nobody may ask for yet: f(point, category, date)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.passports.datapoints import Duty, Group, points

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lodeline.passports.assemble import Passport
    from lodeline.passports.datapoints import Point

DUTY_FROM: Final = date(2027, 2, 18)
"""Art. 77(1): batteries placed on the market from this day need a passport."""


class State(StrEnum):
    """How one data point stands."""

    PRESENT = "present"
    MISSING = "missing"
    NOT_YET_REQUIRED = "not yet required"
    DOES_NOT_APPLY = "does not apply"
    MUST_STAY_EMPTY = "must stay empty"
    MUST_NOT_BE_FILLED = "filled but must not be"
    CONTRADICTORY = "contradictory"
    OPTIONAL_EMPTY = "optional and empty"


TO_FIX: Final = frozenset({State.MISSING, State.MUST_NOT_BE_FILLED, State.CONTRADICTORY})


@frozen(kw_only=True)
class Cell:
    """One data point of one battery. `words`: why it stands so, "" when there is nothing to say."""

    point: Point
    duty: Duty
    state: State
    words: str = ""

    @property
    def to_fix(self) -> bool:
        """Whether somebody has to do something."""
        return self.state in TO_FIX


def assess(passport: Passport, *, placed_on: date) -> tuple[Cell, ...]:
    """How each of the 71 points stands for a battery placed on the market on `placed_on`."""
    return tuple(_cell(passport, point, placed_on) for point in points().values())


def _cell(passport: Passport, point: Point, placed_on: date) -> Cell:
    duty = point.duty(passport.record.category)
    state, words = _state(passport, point, duty, placed_on)
    return Cell(point=point, duty=duty, state=state, words=words)


def _state(passport: Passport, point: Point, duty: Duty, placed_on: date) -> tuple[State, str]:
    number = point.number
    refused = passport.refused.get(number)
    if duty is Duty.EMPTY:
        if number in passport.values or refused is not None:
            category = passport.record.category
            return State.MUST_NOT_BE_FILLED, f"this point is not for {category} batteries; it is left out"
        return State.MUST_STAY_EMPTY, ""
    if number in passport.contradictions:
        return State.CONTRADICTORY, passport.contradictions[number]
    if number in passport.values:
        return State.PRESENT, ""
    unusable = f"what was stated cannot be used: {refused.words}" if refused is not None else ""
    if duty is Duty.PENDING:
        return State.NOT_YET_REQUIRED, unusable or "no act is in force yet"
    if duty is Duty.OPTIONAL:
        return State.OPTIONAL_EMPTY, unusable
    if duty is Duty.CONDITIONAL:
        applies = passport.conditions.get(number)
        if refused is not None or applies:
            return State.MISSING, unusable or "the maker says that it applies"
        said = "the maker says so" if applies is False else "nobody has said that its condition is met"
        return State.DOES_NOT_APPLY, said
    if placed_on < DUTY_FROM and refused is None:
        return State.NOT_YET_REQUIRED, f"required from {DUTY_FROM}"
    return State.MISSING, unusable


def readable(cells: Iterable[Cell], groups: Collection[Group]) -> list[Cell]:
    """The cells a reader may know of: whether a point is filled is as confidential as its value."""
    return [cell for cell in cells if cell.point.group in groups]


def counts(cells: Iterable[Cell]) -> dict[str, dict[str, int]]:
    """Number of cells by group and state; states that do not occur are left out."""
    found: dict[str, Counter[str]] = {group.value: Counter() for group in Group}
    for cell in cells:
        found[cell.point.group.value][cell.state.value] += 1
    return {group: dict(sorted(counter.items())) for group, counter in found.items()}


def total(by_group: dict[str, dict[str, int]], groups: Collection[Group]) -> dict[str, int]:
    """Counts by state over the groups a reader may know of."""
    found: Counter[str] = Counter()
    for group in groups:
        found.update(by_group.get(group.value, {}))
    return dict(sorted(found.items()))
