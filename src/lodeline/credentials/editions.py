"""Editions of a trust list: opening one whose owner's key is found by its DID, and making the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lodeline.credentials import did, trustlists
from lodeline.credentials.signing import parts
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from datetime import date, datetime

    from lodeline.credentials.integrity import Resolve
    from lodeline.credentials.trustlists import Listing, Role, TrustList

PURPOSE = "assertionMethod"
WHAT = "the trust list"


@frozen
class Edition:
    """An edition with what vouches for it: the token, and the key of its owner that signed it."""

    found: TrustList
    token: str
    kid: str


def glance(token: str) -> TrustList:
    """What a token says, its signature not verified: for tokens that were verified when they came."""
    return trustlists.from_dict(parts(token, WHAT).payload)


def read(token: str, resolve: Resolve, *, now: datetime, after: TrustList | None = None) -> Edition:
    """The edition in a token, signed by its owner with a key of then. Raises `CredentialRefused`.

    `after`: the edition known so far; see `trustlists.open_list`.
    """
    seen = parts(token, WHAT)
    said, kid = trustlists.from_dict(seen.payload), seen.header.get("kid")
    url = did.parse(kid)
    if not isinstance(kid, str) or url.fragment is None:
        raise CredentialRefused("key", "the header names no key: kid is missing")
    if url.did != said.owner:
        raise CredentialRefused(
            "issuer", f"the trust list names {said.owner} as its owner, and it is signed by {url.did}"
        )
    method = resolve(kid, said.issued).method(f"{url.did}#{url.fragment}", PURPOSE, said.issued)
    if method.revoked is not None:
        raise CredentialRefused("key", "the key of the trust list was revoked: ask for a newer edition")
    found = trustlists.open_list(token, method.key, owner=said.owner, now=now, after=after)
    return Edition(found, token, kid)


def following(last: TrustList, *, issued: datetime, next_update: datetime | None) -> TrustList:
    """The next edition with the same listings."""
    return evolve(last, number=last.number + 1, issued=issued, next_update=next_update)


def with_listing(last: TrustList, listing: Listing) -> TrustList:
    """The list with one listing more; one of the same issuer, role and first day is replaced."""
    kept = [one for one in last.listings if _place(one) != _place(listing)]
    return evolve(last, listings=(*kept, listing))


def without(last: TrustList, issuer: str, role: Role | None, day: date) -> TrustList:
    """The list with the listings of an issuer withdrawn from `day` on. `CredentialRefused` when there is none.

    They stay in it: what was attested before stands as it did. A day before the first means that it never held.
    """
    hit = False
    listings = []
    for one in last.listings:
        ends = one.issuer == issuer and role in (None, one.role) and one.span.withdrawn is None
        hit = hit or ends
        listings.append(
            evolve(one, span=evolve(one.span, withdrawn=max(day, one.span.since))) if ends else one
        )
    if not hit:
        raise CredentialRefused("subject", f"the list has no listing of {issuer[:200]} to withdraw")
    return evolve(last, listings=tuple(listings))


def _place(listing: Listing) -> tuple[str, Role, date]:
    return listing.issuer, listing.role, listing.span.since
