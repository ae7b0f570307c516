"""What all versions share: the frame of a credential, and numbers as JSON can hold them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.credentials import dates
from lodeline.credentials.contexts import V2
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.credentials.kinds.values import Party, Scheme, Values


def frame(
    values: Values, issuer: Party, kind: str, contexts: list[str], subject: Any, *, since: datetime | None
) -> dict[str, Any]:
    """Everything of a credential but its id and status, which the issuer adds."""
    made: dict[str, Any] = {
        "@context": [V2, *contexts],
        "type": ["VerifiableCredential", kind],
        "issuer": {"type": ["CredentialIssuer"], "id": issuer.id, "name": issuer.name},
        "name": values.title,
        "credentialSubject": subject,
    }
    if since is not None:
        made["validFrom"] = dates.write(since)
    return made


def number(value: Decimal) -> int | float:
    """The number as JSON. Refused when a reader would take it for another one: these vocabularies know no text here."""
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    found = float(value)
    if Decimal(repr(found)) != value:
        raise CredentialRefused(
            "structure", f"{value} has more digits than a number in a credential can hold"
        )
    return found


def filled(**members: Any) -> dict[str, Any]:
    """An object without the members that say nothing."""
    return {name: value for name, value in members.items() if value not in ("", None, [], (), {})}


def scheme(found: Scheme | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"type": ["IdentifierScheme"], "id": found.id, "name": found.name}


GS1_SCHEMES = {
    "01": "GS1 trade item (GTIN)",
    "414": "GS1 location (GLN)",
    "417": "GS1 party (PGLN)",
}


def scheme_of(identifier: str) -> tuple[str, str, str]:
    """Number, address and name of the scheme of an identifier: GS1's are known, others speak for themselves."""
    rest, _, last = identifier.rpartition("/")
    if identifier.startswith("https://id.gs1.org/"):
        key, _, last = identifier.removeprefix("https://id.gs1.org/").partition("/")
        return last, f"https://id.gs1.org/{key}", GS1_SCHEMES.get(key, f"GS1 identifier {key}")
    if not rest or ":" not in rest:
        rest, _, last = identifier.rpartition(":")
    return last or identifier, rest or identifier, "the issuer's own identifiers"
