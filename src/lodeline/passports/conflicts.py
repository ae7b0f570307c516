"""Where two things on record cannot both be true. Comparisons are exact."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from lodeline.passports.derive import RECYCLED, critical, kilograms, months, recycled
from lodeline.passports.record import ITEM
from lodeline.quantities import QuantityError, decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.passports.derive import Value
    from lodeline.passports.record import Record

WEIGHT_TOLERANCE: Final = Decimal("0.01")
SHARE_TOLERANCE: Final = Decimal("0.5")
"""Percentage points by which a stated recycled share may leave the traced bounds."""
TRACES: Final = Fraction(1, 1000)
CADMIUM_ABOVE, LEAD_ABOVE = Decimal("0.002"), Decimal("0.004")
"""Percent of the weight above which the symbols are required (Art. 13(5))."""
_IRON: Final = re.compile(r"\bLFP\b|iron phosphate", re.IGNORECASE)
_NICKEL: Final = re.compile(r"\bN[MC]{2}\b|nickel manganese cobalt", re.IGNORECASE)


def between(record: Record, number: int, stated: Value | None, event: Value | None) -> str:
    """Why what was stated and what the events say cannot both be true; "" when they can."""
    if stated is None:
        return ""
    said, making = stated.typed, record.making
    if number in {1, 6} and event is not None and said.content != event.typed.content:
        return f"stated as {said.content}, on record as {event.typed.content}"
    if number == 7 and stated.part == ITEM and record.serial not in str(said.content):
        return f"the stated text does not hold the serial number {record.serial}"
    if making is None:
        return ""
    if number == 9 and said.content not in months(making):
        return f"stated as {said.content}, made by the events in {making.time:%Y-%m}"
    if number == 10 and making.mass is not None:
        return _weight(said.decimal, making.mass)
    if number == 12:
        return _chemistry(str(said.content), making.composition)
    if number == 15 and isinstance(said.content, tuple):
        listed = " ".join(said.content).lower()
        missing = [name for name in critical(making) if name.lower() not in listed]
        return f"the events hold more than 0.1 % of {', '.join(missing).lower()}" if missing else ""
    if number in RECYCLED:
        bounds = recycled(record, RECYCLED[number])
        if bounds is not None:
            low, high = bounds[0] - SHARE_TOLERANCE, bounds[0] + bounds[1] + SHARE_TOLERANCE
            if not low <= said.decimal <= high:
                return f"stated as {said.content} %, traced as {bounds[0]} % with {bounds[1]} % unknown"
    return ""


def among(values: Mapping[int, Value]) -> dict[int, str]:
    """Values that contradict each other, by point."""
    volts = [(number, values[number].typed.decimal) for number in (26, 27, 28) if number in values]
    for (lower, small), (upper, large) in pairwise(volts):
        if small > large:
            words = f"the voltages are out of order: {small} V at {lower}, {large} V at {upper}"
            return {lower: words, upper: words}
    return {}


def symbols_required(raw: Mapping[str, Any]) -> bool | None:
    """Whether the Cd or Pb symbol is required, by the stated content in percent of the weight; None when not stated."""
    found = []
    for metal, limit in (("cadmium", CADMIUM_ABOVE), ("lead", LEAD_ABOVE)):
        try:
            found.append(decimal(raw[metal]) > limit)
        except (KeyError, QuantityError):
            continue
    return any(found) if found else None


def _weight(stated: Decimal, milligrams: int) -> str:
    measured = Decimal(milligrams) / 10**6
    if abs(stated - measured) <= measured * WEIGHT_TOLERANCE:
        return ""
    return f"stated as {stated} kg, by the event that made it {kilograms(milligrams)} kg: more than 1 % apart"


def _chemistry(stated: str, composition: Mapping[str, Fraction]) -> str:
    if not composition:
        return ""
    held = {name for name, share in composition.items() if share > TRACES}
    if _IRON.search(stated) and held & {"Ni", "Co"}:
        return f"stated as {stated[:60]!r}; the events hold {', '.join(sorted(held & {'Ni', 'Co'}))}"
    missing = {"Ni", "Mn", "Co"} - held
    if _NICKEL.search(stated) and missing:
        return f"stated as {stated[:60]!r}; the events hold no {', '.join(sorted(missing))}"
    return ""
