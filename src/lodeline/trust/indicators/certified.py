"""TP, third-party certifications: present, in scope, credible and in force."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lodeline.evidence import CAPS, EvidenceLevel
from lodeline.trust import standing
from lodeline.trust.indicators import audits
from lodeline.trust.measured import Measured, Params, Part, computed, expired, measured, missing
from lodeline.trust.normalise import ONE, ZERO, goalpost

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lodeline.trust.snapshot import Fact, Site, Snapshot

BATTERY_SITES = frozenset({"cell_plant", "pack_plant"})


def on_record(snapshot: Snapshot) -> list[Fact]:
    """The latest statement about each of the party's certificates, by scheme and number, that counts by now."""
    sites = {site.uri for site in snapshot.sites}
    rows: dict[tuple[str, str], Fact] = {}
    for fact in snapshot.facts:
        start = standing.effective(fact)
        if fact.kind != "certificate" or start is None or start > snapshot.today:
            continue
        if fact.subject == snapshot.party or fact.subject in sites or sites & set(fact.strings("sites")):
            rows[fact.text("scheme"), fact.text("number")] = fact
    return list(rows.values())


def valid(fact: Fact, snapshot: Snapshot, params: Params) -> bool:
    """In force today: not suspended or withdrawn, and within its dates."""
    return (
        fact.text("status") in {"", "valid"}
        and standing.age(fact, snapshot.today, params.method, fades=False) is not None
    )


def names(fact: Fact, words: Iterable[str]) -> bool:
    """True when the certificate's scheme is one of `words`, or begins with one."""
    scheme = fact.text("scheme").casefold()
    return any(scheme.startswith(word.casefold()) for word in words)


def covered(snapshot: Snapshot, params: Params) -> Measured:
    """TP1: pairs of site and material with a certificate of an independent body in force."""
    tests = params.method.words["battery_tests"]
    known = [fact for fact in on_record(snapshot) if not names(fact, tests)]
    held = [
        fact for fact in known if valid(fact, snapshot, params) and CAPS[fact.level] >= CAPS[EvidenceLevel.E3]
    ]
    pairs = [(site, material) for site in snapshot.sites for material in _materials(site, snapshot)]
    if not held:
        gone = [standing.part(fact, ZERO, params.method) for fact in known]
        return expired("certificates-expired", gone) if gone else missing("no-certificate")
    if not pairs:
        return missing("no-sites")
    parts: list[Part] = []
    sites: set[str] = set()
    for site, material in pairs:
        best = max(
            (fact for fact in held if _covers(fact, site, material, snapshot)),
            key=lambda fact: (CAPS[fact.level], fact.position),
            default=None,
        )
        if best is not None:
            sites.add(site.uri)
            parts.append(standing.part(best, ONE, params.method))
    if not parts:
        return missing("no-certificate-in-scope")
    value = Fraction(len(parts), len(pairs))
    return measured(
        value,
        parts,
        "certified",
        sites=str(len(sites)),
        of=str(len(snapshot.sites)),
        number=held[0].text("number"),
    )


def credible(snapshot: Snapshot, params: Params) -> Measured:
    """TP2. Needs a registry entry of the scheme; there is no such statement yet, and silence is not credibility."""
    schemes = sorted({fact.text("scheme") for fact in on_record(snapshot) if valid(fact, snapshot, params)})
    return missing("no-registry-entry", schemes=", ".join(schemes[:3]))


def live(snapshot: Snapshot, params: Params) -> Measured:
    """TP3: certificates of the last 12 months whose signature, status and dates hold today."""
    today = snapshot.today
    known = [
        fact
        for fact in on_record(snapshot)
        if valid(fact, snapshot, params)
        or standing.within(standing.expiry(fact, params.method), today, 365)
        or fact.text("status") in {"suspended", "withdrawn"}
    ]
    if not known:
        return missing("no-certificate")
    held = [fact for fact in known if fact.signed_by == "party" and valid(fact, snapshot, params)]
    value = Fraction(len(held), len(known))
    position = max(fact.position for fact in known)
    return computed(value, "live", position=position, held=str(len(held)), of=str(len(known)))


def findings(snapshot: Snapshot, params: Params) -> Measured:
    """TP4."""
    held, gone = audits.in_force(audits.latest(snapshot), snapshot, params)
    if not held:
        return expired("audit-expired", gone, area="any") if gone else missing("no-audit", area="any")
    weight = sum(
        (
            Fraction(audits.still_open(fact), 2) + Fraction(audits.count(fact, "minor"), 10)
            for fact, _ in held
        ),
        ZERO,
    )
    majors = sum(max(audits.count(fact, "major"), audits.overdue(fact)) for fact, _ in held)
    late = sum(audits.overdue(fact) for fact, _ in held)
    in_time = ONE - Fraction(late, majors) if majors else ONE
    value = (goalpost(weight, Fraction(3), ZERO) + goalpost(in_time, Fraction(3, 5), ONE)) / 2
    return measured(
        value,
        [part for _, part in held],
        "findings",
        open=str(sum(audits.still_open(fact) for fact, _ in held)),
        overdue=str(late),
    )


def tested(snapshot: Snapshot, params: Params) -> Measured:
    """TP5: battery sites with a battery test or certificate in force."""
    sites = [site for site in snapshot.sites if site.kind in BATTERY_SITES]
    tests = [fact for fact in on_record(snapshot) if names(fact, params.method.words["battery_tests"])]
    held = [fact for fact in tests if valid(fact, snapshot, params)]
    if not held:
        gone = [standing.part(fact, ZERO, params.method) for fact in tests]
        return expired("certificates-expired", gone) if gone else missing("no-battery-test")
    if not sites:
        return missing("no-sites")
    parts = [
        standing.part(best, ONE, params.method) for site in sites if (best := _best(held, site, snapshot))
    ]
    value = Fraction(len(parts), len(sites))
    schemes = ", ".join(sorted({fact.text("scheme") for fact in held}))
    return measured(value, parts, "tested", schemes=schemes) if parts else missing("no-certificate-in-scope")


def _best(held: Sequence[Fact], site: Site, snapshot: Snapshot) -> Fact | None:
    rows = [fact for fact in held if not fact.strings("sites") or _covers(fact, site, "", snapshot)]
    return max(rows, key=lambda fact: (CAPS[fact.level], fact.position), default=None)


def _materials(site: Site, snapshot: Snapshot) -> tuple[str, ...]:
    return site.materials or snapshot.materials or ("",)


def _covers(fact: Fact, site: Site, material: str, snapshot: Snapshot) -> bool:
    named = fact.strings("sites")
    in_place = site.uri == fact.subject or site.uri in named or (not named and fact.subject == snapshot.party)
    materials = fact.strings("materials")
    return in_place and (not materials or not material or material in materials)


SUBS = {"TP1": covered, "TP2": credible, "TP3": live, "TP4": findings, "TP5": tested}
