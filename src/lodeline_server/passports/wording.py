"""Values and states in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline.passports.completeness import State
from lodeline.passports.datapoints import Group
from lodeline.quantities import NARROW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

CATEGORIES: Final = {
    "EV": gettext_lazy("electric vehicle"),
    "LMT": gettext_lazy("light means of transport"),
    "industrial": gettext_lazy("industrial"),
}
DPP_STATUS: Final = {
    "active": gettext_lazy("active"),
    "archived": gettext_lazy("archived"),
    "inactive": gettext_lazy("ceased"),
    "invalid": gettext_lazy("invalid"),
}
UNITS: Final = {
    "a": gettext_lazy("years"),
    "cycles": gettext_lazy("cycles"),
    "ohm": "Ω",
    "kg CO2e/kWh": "kg CO₂e/kWh",
}
STATES: Final = {
    State.PRESENT: gettext_lazy("present"),
    State.MISSING: gettext_lazy("missing"),
    State.NOT_YET_REQUIRED: gettext_lazy("not yet required"),
    State.DOES_NOT_APPLY: gettext_lazy("does not apply"),
    State.MUST_STAY_EMPTY: gettext_lazy("must stay empty"),
    State.MUST_NOT_BE_FILLED: gettext_lazy("filled but must not be"),
    State.CONTRADICTORY: gettext_lazy("contradictory"),
    State.OPTIONAL_EMPTY: gettext_lazy("optional and empty"),
}
READERS: Final = {
    Group.PUBLIC: gettext_lazy("Everyone"),
    Group.RESTRICTED: gettext_lazy("Granted interest and authorities"),
    Group.AUTHORITY: gettext_lazy("Authorities and notified bodies"),
    Group.INDIVIDUAL: gettext_lazy("Granted interest"),
}
GROUPED_FROM: Final = 4


def figure(text: str) -> str:
    """A decimal with its digits kept, in groups of three: 250000 is 250,000; a minus is −."""
    whole, dot, rest = text.removeprefix("-").partition(".")
    grouped = f"{int(whole):,}" if len(whole) >= GROUPED_FROM else whole
    return f"{'−' if text.startswith('-') else ''}{grouped}{dot}{rest}"


def unit(code: str) -> str:
    """A unit as people write it."""
    return str(UNITS.get(code, code))


def month(text: str) -> str:
    """2026-05 is May 2026."""
    year, _sep, number = text.partition("-")
    return f"{MONTHS[int(number)]} {year}"


def percent(text: str) -> str:
    """Percent with one decimal: 8.60 is 8.6 %."""
    from decimal import Decimal

    shown = Decimal(text).quantize(Decimal("0.1"))
    return f"<0.1{NARROW}%" if not shown and Decimal(text) else f"{shown}{NARROW}%"


def words(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))


def counted(found: dict[str, int]) -> str:
    """37 present, 4 not yet required, 1 does not apply."""
    parts = [f"{found[state.value]} {STATES[state]}" for state in State if found.get(state.value)]
    return ", ".join(parts) or str(_("nothing"))


def since(day: date | None) -> str:
    return day.isoformat() if day else str(_("not fixed"))
