"""From values to an unsigned credential that holds what the data model wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lodeline.credentials import model
from lodeline.credentials.contexts import is_iri
from lodeline.credentials.kinds import terms, untp06, untp07
from lodeline.credentials.kinds.parts import frame
from lodeline.credentials.kinds.values import (
    Conformity,
    Events,
    Facility,
    Identity,
    Membership,
    Passport,
)
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.credentials.kinds.values import Party, Values
    from lodeline.strictjson import JSON

VERSIONS: Final = {"0.7": untp07, "0.6": untp06}
"""Version of the vocabulary to the module that writes it; the first is the default."""
KINDS: Final = tuple(one.kind for one in (Identity, Facility, Events, Conformity, Passport, Membership))


def build(
    values: Values, issuer: Party, *, version: str = "0.7", since: datetime | None = None
) -> dict[str, Any]:
    """The unsigned credential. Raises `CredentialRefused("structure", ...)` for what it cannot say."""
    if version not in VERSIONS:
        raise CredentialRefused("structure", f"the vocabulary is written in {', '.join(VERSIONS)}")
    if isinstance(values, Passport):
        strange = set(values.elements) - set(terms.POINTS) - set(terms.ENVELOPE)
        if strange:
            raise CredentialRefused("structure", f"no context says what {min(strange)[:60]!r} means")
    if isinstance(values, Events) and not values.events:
        raise CredentialRefused("structure", f"nothing is on record about {values.name[:80]}")
    for unit in _units(values):
        if unit and unit not in terms.UNITS:
            raise CredentialRefused("structure", f"the unit {unit[:20]!r} is not one that is written here")
    kind, contexts, subject = getattr(VERSIONS[version], values.kind)(values)
    made = frame(values, issuer, kind, contexts, subject, since=since)
    for path, identifier in _identifiers(made, ""):
        if not is_iri(identifier):
            raise CredentialRefused(
                "structure", f"{path} is {str(identifier)[:80]!r}, which is no absolute address"
            )
    model.credential(made)
    return made


def _units(values: Values) -> Iterator[str]:
    if isinstance(values, Events):
        for event in values.events:
            yield from (one.unit for one in (*event.inputs, *event.outputs))


def _identifiers(value: JSON, path: str) -> Iterator[tuple[str, JSON]]:
    """Everything that stands as an id, but within data points, which are values of their own."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "id":
                yield f"{path}/id", item
            elif name not in terms.POINTS and name not in terms.ENVELOPE:
                yield from _identifiers(item, f"{path}/{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _identifiers(item, f"{path}/{place}")
