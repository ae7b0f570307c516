"""What the genealogy knows of lots and events: plain values, masses in whole milligrams."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, frozen

from lodeline.quantities import QuantityError, decimal, is_count, is_mass, to_base, to_milligrams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

SUBSTANCES: Final = {
    "Ni": "nickel",
    "Co": "cobalt",
    "Mn": "manganese",
    "Li": "lithium",
    "C": "natural graphite",
    "Cu": "copper",
    "Al": "aluminium",
}
"""The tracked substances, by symbol."""

ORIGIN_SITES: Final = frozenset({"mine", "recycler"})
"""Site kinds at which a lot may begin with a named origin."""


@frozen(kw_only=True)
class Description:
    """What a sender says a lot is made of (`ilmd` of the event that made it).

    `composition`: substance to mass fraction, exact. `unit_mass`: mg of one piece.
    """

    product: str = ""
    composition: Mapping[str, Fraction] = Factory(dict)
    unit_mass: int | None = None
    custody: str = ""


def describe(ilmd: Mapping[str, Any]) -> Description:
    """Read our own words from `ilmd`; what does not fit is left out (the check has said so)."""
    composition = {}
    stated = ilmd.get("lode:composition")
    for entry in stated if isinstance(stated, list) else ():
        if isinstance(entry, dict) and entry.get("lode:substance") in SUBSTANCES:
            fraction = _number(entry.get("lode:massFraction"))
            if fraction is not None and 0 <= fraction <= 1:
                composition[entry["lode:substance"]] = Fraction(fraction)
    mass = ilmd.get("lode:unitMass")
    unit_mass = None
    if isinstance(mass, dict):
        value = _number(mass.get("lode:value"))
        unit_mass = milligrams(value, str(mass.get("lode:uom")), None)
    return Description(
        product=_text(ilmd.get("lode:product")),
        composition=composition,
        unit_mass=unit_mass,
        custody=_text(ilmd.get("lode:custodyModel")),
    )


def milligrams(amount: Decimal | None, uom: str | None, unit_mass: int | None) -> int | None:
    """Mass of an amount: by its unit, or by pieces times the mass of a piece; None when it cannot be known."""
    if amount is None:
        return None
    try:
        if is_mass(uom):
            return to_milligrams(amount, str(uom))
        if is_count(uom) and unit_mass is not None:
            return round(to_base(amount, uom or "C62") * unit_mass)
    except QuantityError:  # a number that no scale shows
        return None
    return None


def _number(value: object) -> Decimal | None:
    try:
        return decimal(value)
    except QuantityError:
        return None


def _text(value: object) -> str:
    """A name as it is shown, also on a terminal: no control characters."""
    return "".join(filter(str.isprintable, value[:200])) if isinstance(value, str) else ""


@frozen(kw_only=True)
class Made:
    """Mass entering a lot: it was commissioned, or it came out of a transformation (`group`)."""

    key: str
    time: datetime
    position: int
    group: str
    amount: Decimal | None
    uom: str | None
    site: str
    party: str
    description: Description = Description()

    @property
    def mass(self) -> int | None:
        """Milligrams; None when unknown."""
        return milligrams(self.amount, self.uom, self.description.unit_mass)


@frozen(kw_only=True)
class Used:
    """Mass leaving a lot into a transformation."""

    key: str
    time: datetime
    position: int
    group: str
    amount: Decimal | None
    uom: str | None
