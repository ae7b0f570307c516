"""Trust lists: who may issue which kind of credential, since when, and where that can be read.

A list is signed by its owner, numbered, and says of each issuer its role, the kinds it may issue, the dates, the
accreditation behind it and the public source. Whoever verifies chooses the owners to believe.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from lodeline.credentials import dates
from lodeline.credentials.signing import seal, unseal
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.credentials.keys import PublicKey
    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

TYPE: Final = "trust-list+jwt"
ACCREDITATION: Final = "accreditation"
"""The kind of what accreditation bodies issue."""
MAX_LISTINGS: Final = 100_000


class Role(StrEnum):
    """What an issuer is in the system of attestation."""

    AUTHORITY = "authority"
    ACCREDITATION_BODY = "accreditation-body"
    CERTIFICATION_BODY = "certification-body"
    LABORATORY = "laboratory"
    SCHEME = "scheme"
    BUYER = "buyer"
    PARTY = "party"
    """Speaks for itself only."""


@frozen(kw_only=True)
class Span:
    """From the first day to the last one, unless withdrawn: from that day on it no longer holds.

    Withdrawn on the first day means that it never held.
    """

    since: date
    until: date | None = None
    withdrawn: date | None = None

    def holds(self, day: date) -> bool:
        ended = self.withdrawn is not None and day >= self.withdrawn
        return self.since <= day and (self.until is None or day <= self.until) and not ended


@frozen(kw_only=True)
class Accreditation:
    """What an accreditation body found an issuer able to do. Empty schemes or sectors mean all."""

    body: str
    number: str
    span: Span
    schemes: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()

    def covers(self, scheme: str, sector: str, day: date) -> bool:
        return (
            self.span.holds(day)
            and (not self.schemes or scheme in self.schemes)
            and (not self.sectors or sector in self.sectors)
        )


@frozen(kw_only=True)
class Listing:
    """One issuer (a DID) in a role. `source` is the address at which the owner of the list read it."""

    issuer: str
    role: Role
    kinds: frozenset[str]
    span: Span
    source: str
    accreditation: Accreditation | None = None


@frozen(kw_only=True)
class TrustList:
    """One numbered edition. After `next_update` it is out of date and nothing rests on it."""

    name: str
    owner: str
    number: int
    issued: datetime
    next_update: datetime | None
    listings: tuple[Listing, ...]


def sign(trust_list: TrustList, signer: Signer, kid: str) -> str:
    """A compact JWS of the list by its owner."""
    return seal({"typ": TYPE, "kid": kid}, to_dict(trust_list), signer)


def open_list(
    token: str, key: PublicKey, *, owner: str, now: datetime, after: TrustList | None = None
) -> TrustList:
    """The list in a token that `owner` signed with `key`. Raises `CredentialRefused`.

    `after`: the edition known so far; an older one, or another one of the same number, is refused.
    """
    _, payload = unseal(token, key, types=(TYPE,), what="the trust list")
    found = from_dict(payload)
    if found.owner != owner:
        raise CredentialRefused("issuer", f"the trust list names {found.owner} as its owner, not {owner}")
    if found.issued > now + dates.LEEWAY:
        raise CredentialRefused("dates", "the trust list is of a day to come")
    if found.next_update is not None and found.next_update < now:
        raise CredentialRefused(
            "dates", f"the trust list should have been renewed by {found.next_update:%Y-%m-%d}"
        )
    if after is not None:
        if (found.name, found.owner) != (after.name, after.owner):
            raise CredentialRefused("subject", "the trust list is another one than the one it shall follow")
        if found.number < after.number or (found.number == after.number and found != after):
            raise CredentialRefused("dates", f"edition {found.number} does not follow edition {after.number}")
    return found


def to_dict(trust_list: TrustList) -> dict[str, JSON]:
    """Plain JSON values, sorted, the same for equal lists."""
    listings = [_listing_dict(listing) for listing in trust_list.listings]
    made: dict[str, JSON] = {
        "name": trust_list.name,
        "owner": trust_list.owner,
        "number": trust_list.number,
        "issued": dates.write(trust_list.issued),
        "listings": listings,
    }
    if trust_list.next_update is not None:
        made["nextUpdate"] = dates.write(trust_list.next_update)
    return made


def from_dict(value: JSON) -> TrustList:
    """The inverse of `to_dict`. `CredentialRefused` for anything that is not of that form."""
    given = _members(
        value, "the trust list", {"name", "owner", "number", "issued", "listings"}, {"nextUpdate"}
    )
    number, listings = given["number"], given["listings"]
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise _wrong("the number of a trust list counts from 1")
    if not isinstance(listings, list) or len(listings) > MAX_LISTINGS:
        raise _wrong(f"a trust list has at most {MAX_LISTINGS} listings")
    following = dates.read(given["nextUpdate"], "nextUpdate") if "nextUpdate" in given else None
    return TrustList(
        name=_text(given, "name"),
        owner=_did(given, "owner"),
        number=number,
        issued=dates.read(given["issued"], "issued"),
        next_update=following,
        listings=tuple(_listing(item) for item in listings),
    )


def _span_dict(span: Span) -> dict[str, JSON]:
    days = {"since": span.since, "until": span.until, "withdrawn": span.withdrawn}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _listing_dict(listing: Listing) -> dict[str, JSON]:
    made: dict[str, JSON] = {
        "issuer": listing.issuer,
        "role": listing.role.value,
        "kinds": sorted(listing.kinds),
        "source": listing.source,
        **_span_dict(listing.span),
    }
    found = listing.accreditation
    if found is not None:
        made["accreditation"] = {
            "body": found.body,
            "number": found.number,
            "schemes": sorted(found.schemes),
            "sectors": sorted(found.sectors),
            **_span_dict(found.span),
        }
    return made


_SPAN: Final = frozenset({"until", "withdrawn"})


def _listing(value: JSON) -> Listing:
    needed = {"issuer", "role", "kinds", "source", "since"}
    given = _members(value, "a listing", needed, {"accreditation", *_SPAN})
    if given["role"] not in list(Role):
        raise _wrong(f"there is no role {given['role']!r:.40}")
    source = _text(given, "source")
    if urlsplit(source).scheme != "https":
        raise _wrong("the source of a listing is an https address")
    accreditation = None
    if "accreditation" in given:
        inner = _members(
            given["accreditation"],
            "an accreditation",
            {"body", "number", "schemes", "sectors", "since"},
            _SPAN,
        )
        accreditation = Accreditation(
            body=_did(inner, "body"),
            number=_text(inner, "number"),
            schemes=_texts(inner, "schemes"),
            sectors=_texts(inner, "sectors"),
            span=_span(inner),
        )
    kinds = _texts(given, "kinds")
    if not kinds:
        raise _wrong("a listing names the kinds it is for")
    return Listing(
        issuer=_did(given, "issuer"),
        role=Role(given["role"]),
        kinds=kinds,
        source=source,
        span=_span(given),
        accreditation=accreditation,
    )


def _members(value: JSON, what: str, needed: set[str], more: set[str] | frozenset[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not needed <= set(value) <= needed | more:
        raise _wrong(
            f"{what} has the members {', '.join(sorted(needed))}, and perhaps {', '.join(sorted(more))}"
        )
    return value


def _text(given: Mapping[str, JSON], name: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not value:
        raise _wrong(f"{name} is a text")
    return value


def _did(given: Mapping[str, JSON], name: str) -> str:
    value = _text(given, name)
    if not value.startswith("did:"):
        raise _wrong(f"{name} is a DID")
    return value


def _texts(given: Mapping[str, JSON], name: str) -> frozenset[str]:
    value = given[name]
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _wrong(f"{name} is a list of texts")
    return frozenset(value)


def _span(given: Mapping[str, JSON]) -> Span:
    def day(name: str) -> date | None:
        if name not in given:
            return None
        try:
            found = date.fromisoformat(given[name])
        except (TypeError, ValueError):
            raise _wrong(f"{name} is a day, as in 2026-11-22") from None
        if found.isoformat() != given[name]:
            raise _wrong(f"{name} is a day, as in 2026-11-22")
        return found

    since = day("since")
    if since is None:
        raise _wrong("since is missing")
    return Span(since=since, until=day("until"), withdrawn=day("withdrawn"))


def _wrong(message: str) -> CredentialRefused:
    return CredentialRefused("structure", message)
