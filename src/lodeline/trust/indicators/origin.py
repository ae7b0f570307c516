"""OV, origin verification: where the material comes from, and who answers for it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from lodeline.evidence import EvidenceLevel
from lodeline.trust import standing
from lodeline.trust.measured import Measured, Params, Part, measured, missing
from lodeline.trust.normalise import ONE, ZERO, clip
from lodeline.trust.standing import day_of, part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from lodeline.trust.snapshot import Fact, Lots, Snapshot, Source


_WORTH = {"conformant": ONE, "active": Fraction(1, 2), "valid": ONE}


def percent(share: Fraction) -> str:
    """For sentences: whole percent, but never 100 or 0 unless it is so."""
    whole = round(share * 100)
    if whole == 100 and share < 1:
        return "99"
    if whole == 0 and share > 0:
        return "1"
    return str(whole)


def materials_in(lots: Lots, params: Params) -> tuple[str, ...]:
    """Critical materials above the method's least share of mass; all tracked ones where none of these is there."""
    masses: dict[str, int] = dict(lots.unknown)
    for source in lots.sources:
        for substance, mass in source.masses.items():
            masses[substance] = masses.get(substance, 0) + mass
    least = params.method.rule("material_least") * sum(masses.values())
    present = [substance for substance, mass in sorted(masses.items()) if mass and mass >= least]
    critical = set(params.method.rules["materials"])
    return tuple(substance for substance in present if substance in critical) or tuple(present)


def in_force(source: Source, today: date) -> bool:
    """True when an origin attestation for the source lot holds on the day."""
    held = source.attestation
    if held is None or (held.since is not None and held.since > today):
        return False
    return held.until is None or today <= held.until


def origin_level(source: Source, today: date) -> tuple[EvidenceLevel, int]:
    """The best evidence for where a source lot began: its attestation in force, else the event that states it."""
    if source.attestation is not None and in_force(source, today):
        return source.attestation.level, source.attestation.position
    return source.level, source.position


def traced(snapshot: Snapshot, params: Params) -> Measured:
    """OV1."""
    lots = snapshot.lots
    if lots is None or not (lots.sources or lots.unknown):
        return missing("no-lots")
    materials = materials_in(lots, params)
    if not materials:
        return missing("no-tracked-material")
    shares: dict[str, Fraction] = {}
    parts: list[Part] = []
    named = [source for source in lots.sources if source.named]
    for material in materials:
        known = sum(source.masses.get(material, 0) for source in named)
        rest = sum(source.masses.get(material, 0) for source in lots.sources if not source.named)
        whole = known + rest + lots.unknown.get(material, 0)
        shares[material] = Fraction(known, whole) if whole else ZERO
        by_level: dict[EvidenceLevel, tuple[int, int]] = {}
        for source in named:
            if mass := source.masses.get(material, 0):
                level, position = origin_level(source, snapshot.today)
                sofar, last = by_level.get(level, (0, 0))
                by_level[level] = (sofar + mass, max(last, position))
        parts += [
            Part(level=level, weight=Fraction(mass, known), position=position)
            for level, (mass, position) in by_level.items()
        ]
    value = sum(shares.values(), ZERO) / len(shares)
    listed = ", ".join(f"{material} {percent(share)} %" for material, share in shares.items())
    if not parts:
        parts = [Part(level=EvidenceLevel.E1, position=lots.position)]
    return measured(value, _few(parts), "traced", materials=listed, lots=str(len(lots.sources)))


def attested(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001 (one signature for all)
    """OV2."""
    lots = snapshot.lots
    if lots is None or not lots.sources:
        return missing("no-source-lots")
    held = [source for source in lots.sources if in_force(source, snapshot.today)]
    without = [source.lot for source in lots.sources if not in_force(source, snapshot.today)]
    figures = {"with": str(len(held)), "of": str(len(lots.sources)), "without": " ".join(without[:3])}
    if not held:
        return missing("no-attestation-in-force", **figures)
    parts = [
        Part(
            level=source.attestation.level,
            position=source.attestation.position,
            effective=source.attestation.since,
            expires=source.attestation.until,
        )
        for source in held
        if source.attestation is not None
    ]
    result = measured(Fraction(len(held), len(lots.sources)), _few(parts), "attested")
    return evolve(result, detail=figures)


def conformant(snapshot: Snapshot, params: Params) -> Measured:
    """OV3."""
    lots = snapshot.lots
    if lots is None or not lots.inflows:
        return missing("no-inflow")
    total = sum(inflow.mass for inflow in lots.inflows)
    about = _about_sites(snapshot.facts)
    masses: dict[int, int] = {}
    used: dict[int, tuple[Fraction, Fact]] = {}
    for inflow in lots.inflows:
        best = _standing_on(about.get(inflow.site, ()), inflow.day, params)
        if best is not None and total:
            used[best[1].position] = best
            masses[best[1].position] = masses.get(best[1].position, 0) + inflow.mass
    weights = {position: Fraction(mass, total) for position, mass in masses.items()}
    value = sum((weights[position] * share for position, (share, _) in used.items()), ZERO)
    parts = [part(fact, ONE, params.method, weight=weights[position]) for position, (_, fact) in used.items()]
    sites = {inflow.site for inflow in lots.inflows}
    if not parts:
        return missing("no-assessment-of-senders", sites=str(len(sites)))
    return measured(value, parts, "conformant", sites=str(len(sites)))


def screened(snapshot: Snapshot, params: Params) -> Measured:
    """OV4."""
    today, days = snapshot.today, int(params.method.rule("screening_days"))
    upstream = [*snapshot.lots.upstream] if snapshot.lots and snapshot.lots.upstream else [snapshot.party]
    latest: dict[str, Fact] = {}
    for fact in snapshot.facts:
        if fact.kind == "screening" and standing.within(screened_on(fact), today, days):
            latest[fact.subject] = fact
    clear = [latest[party] for party in upstream if party in latest and latest[party].text("hit") == "none"]
    figures = {"clear": str(len(clear)), "of": str(len(upstream))}
    if not any(party in latest for party in upstream):
        return missing("not-screened", **figures)
    exposed = ZERO if _diligent(snapshot, params) else _high_risk_share(snapshot.lots, params)
    value = Fraction(len(clear), len(upstream)) * (ONE - exposed)
    used = [latest[party] for party in upstream if party in latest]
    parts = [
        evolve(part(fact, ONE, params.method), expires=day + timedelta(days=days))
        for fact in used
        if (day := screened_on(fact)) is not None
    ]
    return evolve(measured(value, _few(parts), "screened"), detail={**figures, "exposed": percent(exposed)})


def screened_on(fact: Fact) -> date | None:
    return day_of(fact.content.get("date")) or fact.valid_from or fact.issued


def _about_sites(facts: Sequence[Fact]) -> dict[str, list[Fact]]:
    """Assessments and certificates by the sites they are about, in log order."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.kind in {"assessment.result", "certificate"} and fact.issued is not None:
            for site in {fact.subject, fact.text("site"), *fact.strings("sites")}:
                found.setdefault(site, []).append(fact)
    return found


def _standing_on(facts: Sequence[Fact], day: date, params: Params) -> tuple[Fraction, Fact] | None:
    """The best standing of a site on a day: (1 for conformant or certified, 0.5 for active; the statement)."""
    latest: dict[tuple[str, str, str, str], Fact] = {}
    for fact in facts:
        if fact.issued is not None and fact.issued <= day:
            latest[fact.kind, fact.text("scheme"), fact.text("area"), fact.text("number")] = fact
    best: tuple[Fraction, Fact] | None = None
    for fact in latest.values():
        share = _WORTH.get(fact.text("result") or fact.text("status"))
        held = standing.age(fact, day, params.method, fades=False)
        if share is not None and held is not None and (best is None or share > best[0]):
            best = (share, fact)
    return best


def _high_risk_share(lots: Lots | None, params: Params) -> Fraction:
    if lots is None:
        return ZERO
    whole = sum(sum(source.masses.values()) for source in lots.sources)
    risky = sum(
        sum(source.masses.values()) for source in lots.sources if source.country in params.method.high_risk
    )
    return clip(Fraction(risky, whole)) if whole else ZERO


def _diligent(snapshot: Snapshot, params: Params) -> bool:
    """Enhanced due diligence on record: an assessment of that area that was conformant and is in force."""
    return any(
        fact.text("area") == "due_diligence"
        and fact.text("result") == "conformant"
        and standing.age(fact, snapshot.today, params.method, fades=False) is not None
        for fact in snapshot.own("assessment.result")
    )


def _few(parts: list[Part]) -> list[Part]:
    """Parts with the same level and dates as one, so that a thousand lots do not make a thousand references."""
    merged: dict[tuple[EvidenceLevel, date | None], Part] = {}
    for item in parts:
        key = (item.level, item.expires)
        held = merged.get(key)
        if held is None:
            merged[key] = item
        else:
            merged[key] = Part(
                level=item.level,
                weight=held.weight + item.weight,
                age=item.age,
                position=max(held.position, item.position),
                source=held.source or item.source,
                lowered=tuple(dict.fromkeys((*held.lowered, *item.lowered))),
                effective=min(filter(None, (held.effective, item.effective)), default=None),
                expires=item.expires,
            )
    return list(merged.values())


SUBS = {"OV1": traced, "OV2": attested, "OV3": conformant, "OV4": screened}
