"""From trust lists to evidence levels, and what hangs on an issuer that loses its standing.

The levels E0 to E5 of `lodeline.evidence` are the only measure of strength. Who is on no list makes a mere
statement (E1), whatever codes it carries; what was revoked or has expired counts as missing (E0).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from lodeline.credentials.standing import Standing
from lodeline.credentials.trustlists import ACCREDITATION, Role
from lodeline.evidence import CAPS, Assurance, EvidenceLevel, grade, lower, weakest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lodeline.credentials.trustlists import Accreditation, Listing, Span, TrustList

CEILING: Final = {
    Role.AUTHORITY: EvidenceLevel.E5,
    Role.ACCREDITATION_BODY: EvidenceLevel.E5,
    Role.CERTIFICATION_BODY: EvidenceLevel.E5,
    Role.LABORATORY: EvidenceLevel.E5,
    Role.SCHEME: EvidenceLevel.E3,
    Role.BUYER: EvidenceLevel.E3,
    Role.PARTY: EvidenceLevel.E2,
}
"""The most that an issuer in a role can give."""
_ACCREDITING: Final = frozenset({Role.ACCREDITATION_BODY, Role.AUTHORITY})
_MAX_CHAIN: Final = 8


@frozen(kw_only=True)
class Claim:
    """What a verified credential attests. `about` is the DID of the party it speaks of."""

    id: str
    issuer: str
    kind: str
    about: str
    decided: date
    assurance: Assurance = field(factory=Assurance)
    scheme: str = ""
    sector: str = ""
    valid_until: date | None = None
    standing: Standing = Standing.GOOD
    own_signature: bool = True
    referenced: bool = True
    in_scope: bool = True


@frozen
class Link:
    """A listing and the list it stands in."""

    list_name: str
    owner: str
    listing: Listing


@frozen(kw_only=True)
class Judgement:
    """`reasons`: stable codes why the level is not higher. `chain`: from the issuer to the last accreditor."""

    level: EvidenceLevel
    trusted: bool
    reasons: tuple[str, ...]
    chain: tuple[Link, ...] = ()


@frozen(kw_only=True)
class Flag:
    """Something that a withdrawal touches. `through`: what it hangs on, from the withdrawn issuer down."""

    id: str
    through: tuple[str, ...]
    before: EvidenceLevel | None = None
    after: EvidenceLevel | None = None
    """Levels of a claim; None for what only rests on claims."""


def judge(claim: Claim, lists: Iterable[TrustList], *, on: date) -> Judgement:
    """The level of a claim by the lists that are believed here, on a day."""
    in_force = [item for item in lists if item.next_update is None or item.next_update.date() >= on]
    found = [
        _by_listing(claim, link, in_force)
        for link in _links(in_force)
        if link.listing.issuer == claim.issuer
        and claim.kind in link.listing.kinds
        and link.listing.span.holds(claim.decided)
        and (link.listing.role is not Role.PARTY or claim.about == claim.issuer)
    ]
    untrusted = Judgement(level=EvidenceLevel.E1, trusted=False, reasons=("issuer-not-listed",))
    best = max(found, key=lambda judged: CAPS[judged.level], default=untrusted)
    gone = _gone(claim, on)
    if gone is not None:
        return Judgement(level=EvidenceLevel.E0, trusted=best.trusted, reasons=(gone,), chain=best.chain)
    if claim.standing is Standing.UNKNOWN:
        reasons = (*best.reasons, "status-unknown")
        return Judgement(level=lower(best.level), trusted=best.trusted, reasons=reasons, chain=best.chain)
    return best


def _gone(claim: Claim, on: date) -> str | None:
    """Why a claim counts as missing."""
    if claim.standing in {Standing.REVOKED, Standing.SUSPENDED}:
        return claim.standing.value
    if claim.decided > on:
        return "not-decided-yet"
    return "expired" if claim.valid_until is not None and claim.valid_until < on else None


def _by_listing(claim: Claim, link: Link, lists: Collection[TrustList]) -> Judgement:
    listing = link.listing
    covered = True
    chain: tuple[Link, ...] = ()
    if listing.role is not Role.AUTHORITY:
        covered, chain = _accredited(claim, listing.accreditation, lists, (listing.issuer,))
    graded = grade(
        claim.assurance,
        own_signature=claim.own_signature,
        referenced=claim.referenced,
        about_itself=claim.about == claim.issuer,
        in_scope=claim.in_scope,
        accredited_for_scope=covered,
    )
    level = weakest((graded.level, CEILING[listing.role]))
    reasons = graded.lowered if level is graded.level else (*graded.lowered, "role-of-issuer")
    return Judgement(level=level, trusted=True, reasons=reasons, chain=(link, *chain))


def _accredited(
    claim: Claim, found: Accreditation | None, lists: Collection[TrustList], passed: tuple[str, ...]
) -> tuple[bool, tuple[Link, ...]]:
    """Whether an accreditation covered the claim on the day of decision, by a body that was listed that day."""
    if found is None or not found.covers(claim.scheme, claim.sector, claim.decided):
        return False, ()
    if found.body in passed or len(passed) >= _MAX_CHAIN:
        return False, ()
    failed: tuple[Link, ...] = ()
    for link in _links(lists):
        body = link.listing
        if body.issuer != found.body or body.role not in _ACCREDITING or ACCREDITATION not in body.kinds:
            continue
        holds = body.span.holds(claim.decided)
        chain: tuple[Link, ...] = ()
        if holds and body.accreditation is not None:
            holds, chain = _accredited(claim, body.accreditation, lists, (*passed, body.issuer))
        if holds:
            return True, (link, *chain)
        failed = (link, *chain)
    return False, failed


def _links(lists: Iterable[TrustList]) -> Iterator[Link]:
    for item in lists:
        for listing in item.listings:
            yield Link(item.name, item.owner, listing)


def withdrawn(before: Iterable[TrustList], after: Iterable[TrustList]) -> frozenset[str]:
    """Issuers that lost a listing or an accreditation from one set of lists to the next."""
    standing_after = {_place(link): link.listing for link in _links(after)}
    lost = set()
    for link in _links(before):
        now = standing_after.get(_place(link))
        if now is None or _ends_sooner(link.listing, now):
            lost.add(link.listing.issuer)
    return frozenset(lost)


def _place(link: Link) -> tuple[str, str, str, Role, date]:
    listing = link.listing
    return link.list_name, link.owner, listing.issuer, listing.role, listing.span.since


def _ends_sooner(before: Listing, after: Listing) -> bool:
    if not before.kinds <= after.kinds or _end(after.span) < _end(before.span):
        return True
    if before.accreditation is None or after.accreditation is None:
        return before.accreditation is not None
    return _end(after.accreditation.span) < _end(before.accreditation.span)


def _end(span: Span) -> date:
    """The first day on which it does not hold any more."""
    last = date.max if span.until is None else span.until + timedelta(days=1)
    return last if span.withdrawn is None else min(last, span.withdrawn)


def cascade(
    claims: Iterable[Claim],
    before: Collection[TrustList],
    after: Collection[TrustList],
    *,
    on: date,
    rests_on: Mapping[str, Collection[str]] | None = None,
) -> tuple[Flag, ...]:
    """Everything that the change from one set of lists to the next touches, claims first.

    A claim is flagged when its issuer or one of the accreditors behind it lost its standing, even where its level
    stays (it was decided before), and when its level changed. `rests_on` maps the ids of other things (passport
    claims, scores, certificates) to the ids they rest on; they are flagged through any depth.
    """
    lost = withdrawn(before, after)
    flags: dict[str, Flag] = {}
    for claim in claims:
        old, new = (judge(claim, lists, on=on) for lists in (before, after))
        issuers = [link.listing.issuer for link in old.chain]
        hit = next((place for place, issuer in enumerate(issuers) if issuer in lost), None)
        if hit is None and old.level is new.level:
            continue
        path = (claim.issuer,) if hit is None else tuple(reversed(issuers[: hit + 1]))
        flags[claim.id] = Flag(id=claim.id, through=path, before=old.level, after=new.level)
    dependents: dict[str, list[str]] = {}
    for name, needed in (rests_on or {}).items():
        for item in needed:
            dependents.setdefault(item, []).append(name)
    waiting = list(flags)
    for name in waiting:  # grows while it is walked: each name once
        for dependent in sorted(dependents.get(name, ())):
            if dependent not in flags:
                flags[dependent] = Flag(id=dependent, through=(*flags[name].through, name))
                waiting.append(dependent)
    return tuple(flags.values())
