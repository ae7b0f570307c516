"""The passport as a credential that is shown to each reader as the law has it: Annex XIII as rules of disclosure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from lodeline.credentials.audience import STEPS, Rules
from lodeline.credentials.thresholds.ladder import ladder
from lodeline.passports.access import Audience, may_read
from lodeline.passports.datapoints import by_id
from lodeline.passports.document import ENVELOPE, OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.credentials.thresholds.policy import Claim, Policy

BASIS: Final = "Regulation (EU) 2023/1542, Art. 77(2) and Annex XIII"
PRODUCT: Final = frozenset(
    {
        "name", "idScheme", "modelNumber", "batchNumber", "itemNumber", "idGranularity", "relatedParty",
        "producedAtFacility", "countryOfProduction", "productionDate",
    }
)  # fmt: skip
"""Members of a UNTP product that repeat public data points (Annex XIII 1: model, serial, maker, place, date)."""
_POINTS: Final = {
    f"/credentialSubject/recycledShare{metal}": f"recycled{metal}"
    for metal in ("Cobalt", "Lead", "Lithium", "Nickel")
}
"""The number that a claim is about, and the data point that holds it."""
CONTEXT: Final = {STEPS: {"@id": "urn:x-lodeline:term:thresholds", "@type": "@json"}}


def rules(policy: Policy, ask: str) -> Rules:
    """Who may read what of a passport credential; `ask`: where to ask for more."""
    known = by_id()
    return Rules(
        audiences=tuple(Audience),
        elements=frozenset(known),
        open=OPEN | frozenset(ENVELOPE) | PRODUCT,
        readable=lambda audience, element: may_read(Audience(audience), known[element]),
        basis=BASIS,
        ask=ask,
        steps={claim.id: _POINTS[claim.path] for claim in _claims(policy)},
    )


def steps(elements: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Every step of the ladders on what the passport says exactly. A share that is in part unknown has none: the maker
    could only say "at least", and a step that is not met says more.
    """
    made: dict[str, Any] = {}
    for path, name in _POINTS.items():
        value = _exact(elements.get(name))
        claims = [claim for claim in _claims(policy) if claim.path == path]
        if value is not None and claims:
            made |= ladder(value, claims)
    return made


def _claims(policy: Policy) -> list[Claim]:
    return [claim for claim in policy.claims if claim.kind == "value" and claim.path in _POINTS]


def _exact(element: Any) -> Decimal | None:
    if not isinstance(element, dict) or element.get("unit") != "%":
        return None
    try:
        value, unknown = Decimal(str(element["value"])), Decimal(str(element.get("unknownShare", "0")))
    except (KeyError, InvalidOperation):
        return None
    return value if value.is_finite() and unknown == 0 else None
