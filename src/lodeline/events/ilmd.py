"""Our own words for lots at birth (namespace `urn:x-lodeline:epcis:`, prefix `lode`), checked where they stand.

`lode:product` text · `lode:composition` list of {`lode:substance`, `lode:massFraction` decimal string} ·
`lode:custodyModel` · `lode:unitMass` {`lode:value` decimal string, `lode:uom` unit of mass}.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lodeline.quantities import QuantityError, decimal, is_mass

if TYPE_CHECKING:
    from lodeline.events.epcis import Event
    from lodeline.events.explain import Say

SUBSTANCES: Final = ("Ni", "Co", "Mn", "Li", "C", "Cu", "Al")
"""Substances whose origin is traced; C is natural graphite."""
CUSTODY_MODELS: Final = (
    "identity_preserved",
    "segregated",
    "controlled_blending",
    "mass_balance",
    "book_and_claim",
)
"""Chain of custody models of ISO 22095:2020."""
_TOO_MUCH: Final = Decimal("1.0001")


def ilmd_findings(event: Event, say: Say) -> None:
    """Findings on our words in `ilmd`; other vocabularies pass."""
    if not isinstance(event.raw["ilmd"], dict):
        say.error("ilmd.type", ("ilmd",), "ilmd must be an object.")
        return
    ilmd = event.ilmd
    if "lode:composition" in ilmd:
        _composition(ilmd["lode:composition"], say)
    if "lode:unitMass" in ilmd:
        _unit_mass(ilmd["lode:unitMass"], say)
    model = ilmd.get("lode:custodyModel")
    if model is not None and model not in CUSTODY_MODELS:
        say.error(
            "ilmd.custody-model",
            ("ilmd", "lode:custodyModel"),
            f"Use one of {', '.join(CUSTODY_MODELS)}.",
            model,
        )
    product = ilmd.get("lode:product")
    if product is not None and not isinstance(product, str):
        say.error("ilmd.product", ("ilmd", "lode:product"), "The product is a text.", product)


def _composition(parts: Any, say: Say) -> None:
    place = ("ilmd", "lode:composition")
    if not isinstance(parts, list) or [part for part in parts if not isinstance(part, dict)]:
        say.error(
            "ilmd.composition",
            place,
            "A composition is a list of objects with lode:substance and lode:massFraction.",
        )
        return
    total = Decimal(0)
    seen: set[str] = set()
    for index, part in enumerate(parts):
        substance = part.get("lode:substance")
        if not isinstance(substance, str) or not substance or substance in seen:
            say.error(
                "ilmd.composition",
                (*place, index),
                "Each part names another substance (lode:substance).",
                substance,
            )
            continue
        seen.add(substance)
        if substance not in SUBSTANCES:
            say.warning(
                "ilmd.substance",
                (*place, index),
                f"The origin of {', '.join(SUBSTANCES)} is traced; this one is kept only.",
                substance,
            )
        stated = part.get("lode:massFraction")
        fraction = _fraction(stated) if isinstance(stated, str) else _number(stated)
        if not 0 <= fraction <= 1:
            say.error(
                "ilmd.mass-fraction",
                (*place, index, "lode:massFraction"),
                "A mass fraction is a decimal string from 0 to 1.",
                part.get("lode:massFraction"),
            )
            continue
        total += fraction
    if total > _TOO_MUCH:
        say.error(
            "ilmd.composition", place, "The mass fractions are more than the whole. Correct them.", total
        )


@lru_cache(maxsize=4_096)
def _fraction(text: str) -> Decimal:
    """Lots of one product say the same again and again."""
    return _number(text)


def _number(value: object) -> Decimal:
    try:
        return decimal(value)
    except QuantityError:
        return Decimal(-1)


def _unit_mass(value: Any, say: Say) -> None:
    place = ("ilmd", "lode:unitMass")
    if not isinstance(value, dict) or not is_mass(value.get("lode:uom")):
        say.error(
            "ilmd.unit-mass",
            place,
            "The mass of one piece is {lode:value, lode:uom} with a unit of mass, like KGM.",
        )
        return
    try:
        if decimal(value.get("lode:value")) > 0:
            return
    except QuantityError:
        pass
    say.error(
        "ilmd.unit-mass",
        (*place, "lode:value"),
        "The mass of one piece is a decimal string above zero.",
        value.get("lode:value"),
    )
