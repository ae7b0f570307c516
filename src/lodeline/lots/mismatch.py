"""Something on record that does not fit: what, where, by how much, and what is most likely behind it.

A mismatch has an identity of its own (rule, subject, period), so that the same one is known again tomorrow, and names
the events on both sides. It changes nothing: people decide.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from lodeline.quantities import format_mass
from lodeline.strictjson import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MG, PIECES = "mg", "pieces"
ID_DIGITS: Final = 16
SHIFTS: Final = (
    Fraction(1000),
    Fraction(1_000_000),
    Fraction(45359237, 100_000_000),  # pounds for kilograms
    Fraction(90718474, 100_000_000),  # short tons for tonnes
    Fraction(10160469088, 10_000_000_000),  # long tons for tonnes
    Fraction(22046226218, 10_000_000),  # pounds for tonnes
)
"""How far off an amount is when its unit was mistaken."""
CLOSE: Final = Fraction(5, 1000)
"""What two weighings of the same thing differ by."""


class Cause(StrEnum):
    """What is most likely behind a mismatch. The first six as in practice, the last two for things posing as others."""

    MISSING_EVENT = "missing-event"
    MISSING_RECEIPT = "missing-receipt"
    WRONG_FACTOR = "wrong-factor"
    DOUBLE_USE = "double-use"
    TIME_SHIFT = "time-shift"
    UNIT_ERROR = "unit-error"
    SUBSTITUTED = "substituted"
    COPIED = "copied"


@frozen(kw_only=True)
class Estimate:
    """One flow after least squares: `adjusted` in base units; `off` in hundredths of its own standard error."""

    name: str
    event: str
    measured: int
    adjusted: int
    off: int


@frozen(kw_only=True)
class Mismatch:
    """`here` and `there`: events on the two sides. `expected`, `found`: in `unit`. `parties`: whom it concerns.

    `pointer`: the event it hangs on. `lot`: the lot or item in question, where there is one.
    """

    rule: str
    subject: str
    period: str
    pointer: str
    message: str
    cause: Cause
    here: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    lot: str = ""
    site: str = ""
    parties: tuple[str, ...] = ()
    expected: int | None = None
    found: int | None = None
    unit: str = MG
    estimates: tuple[Estimate, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same rule, subject and period, on every machine."""
        return sha256(canonical([self.rule, self.subject, self.period])).hexdigest()[:ID_DIGITS]

    def as_dict(self) -> dict[str, Any]:
        """As it goes on record: whole numbers as text, for numbers in JSON end at 2^53."""
        return {
            "rule": self.rule,
            "subject": self.subject,
            "period": self.period,
            "pointer": self.pointer,
            "message": self.message,
            "cause": self.cause.value,
            "here": list(self.here),
            "there": list(self.there),
            "lot": self.lot,
            "site": self.site,
            "parties": list(self.parties),
            "expected": None if self.expected is None else str(self.expected),
            "found": None if self.found is None else str(self.found),
            "unit": self.unit,
            "estimates": [
                {
                    "name": one.name,
                    "event": one.event,
                    "measured": str(one.measured),
                    "adjusted": str(one.adjusted),
                    "off": one.off,
                }
                for one in self.estimates
            ],
        }


def month(at: datetime) -> str:
    """The period of one event: its month."""
    return f"{at:%Y-%m}"


def amount(value: int, unit: str = MG) -> str:
    """For people: 15.3 kg, 12 pieces."""
    return format_mass(value) if unit == MG else f"{value:,} {'piece' if abs(value) == 1 else 'pieces'}"


def slipped(one: int, other: int) -> bool:
    """True when two amounts differ as units do that are mistaken for each other."""
    if one <= 0 or other <= 0:
        return False
    ratio = Fraction(one, other)
    return any(abs(found / shift - 1) <= CLOSE for shift in SHIFTS for found in (ratio, 1 / ratio))


def merged(found: Iterable[Mismatch]) -> list[Mismatch]:
    """One for each identity, in order of identity: several of one kind in one period are one thing to look at."""
    groups: dict[str, list[Mismatch]] = defaultdict(list)
    for one in found:
        groups[one.id].append(one)
    return [_one(group) for _, group in sorted(groups.items())]


def _one(group: list[Mismatch]) -> Mismatch:
    if len(group) == 1:
        return group[0]
    group = sorted(group, key=lambda one: (one.pointer, one.message))
    first = group[0]
    same = {one.message for one in group}
    more = len(group) - 1
    return evolve(
        first,
        message=first.message if len(same) == 1 else f"{first.message}; and {more} more like it",
        here=tuple(dict.fromkeys(event for one in group for event in one.here)),
        there=tuple(dict.fromkeys(event for one in group for event in one.there)),
        parties=tuple(dict.fromkeys(party for one in group for party in one.parties)),
    )
