"""RR, recall readiness: would a recall work tonight?"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import evolve

from lodeline.evidence import CAPS, EvidenceLevel
from lodeline.trust import standing
from lodeline.trust.indicators import policies
from lodeline.trust.measured import Measured, Params, Part, computed, expired, measured, missing
from lodeline.trust.normalise import ONE
from lodeline.trust.standing import day_of

if TYPE_CHECKING:
    from datetime import date

    from lodeline.trust.snapshot import Fact, Snapshot


def traceable(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """RR1."""
    lots = snapshot.lots
    if lots is None or not lots.shipped:
        return missing("nothing-shipped")
    value = Fraction(lots.traceable, lots.shipped)
    return computed(
        value, "traceable", position=lots.position, linked=str(lots.traceable), of=str(lots.shipped)
    )


def drills(snapshot: Snapshot) -> list[tuple[date, Fact]]:
    """Drills on record, oldest first."""
    found = [
        (day, fact)
        for fact in snapshot.own("drill")
        if (day := day_of(fact.content.get("date")) or fact.issued) is not None and day <= snapshot.today
    ]
    return sorted(found, key=lambda row: (row[0], row[1].position))


def drill_failed(fact: Fact, params: Params) -> bool:
    """Over the time of the lower goalpost, or less found than the lower goalpost asks."""
    hours, share = (
        standing.number(fact.content.get("hours")),
        standing.number(fact.content.get("found_share")),
    )
    method = params.method
    return (hours is not None and hours > method.sub("RR2").low) or (
        share is not None and share < method.sub("RR3").low
    )


def _evidence(fact: Fact, left: Fraction, params: Params) -> Part:
    """An announced drill counts as second-party evidence at most."""
    part = standing.part(fact, left, params.method)
    if fact.content.get("announced") is False:
        return part
    level = min((part.level, EvidenceLevel.E3), key=lambda level: CAPS[level])
    return evolve(part, level=level, lowered=(*part.lowered, "announced"))


def _last(snapshot: Snapshot, params: Params, key: str, reason: str) -> Measured:
    rows = [
        (day, fact) for day, fact in drills(snapshot) if standing.number(fact.content.get(key)) is not None
    ]
    if not rows:
        return missing("no-drill")
    day, fact = rows[-1]
    left = standing.age(fact, snapshot.today, params.method, fades=True)
    if left is None:
        return expired("drill-expired", [_evidence(fact, Fraction(0), params)], date=day.isoformat())
    value = standing.number(fact.content.get(key)) or Fraction(0)
    announced = "no" if fact.content.get("announced") is False else "yes"
    return measured(value, [_evidence(fact, left, params)], reason, date=day.isoformat(), announced=announced)


def time(snapshot: Snapshot, params: Params) -> Measured:
    """RR2."""
    return _last(snapshot, params, "hours", "drill-time")


def found(snapshot: Snapshot, params: Params) -> Measured:
    """RR3."""
    return _last(snapshot, params, "found_share", "drill-found")


def recency(snapshot: Snapshot, params: Params) -> Measured:
    """RR4: whole months since the last drill."""
    rows = drills(snapshot)
    if not rows:
        return missing("no-drill")
    day, fact = rows[-1]
    today = snapshot.today
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    return measured(
        Fraction(months), [standing.part(fact, ONE, params.method)], "drill-recency", date=day.isoformat()
    )


def plan(snapshot: Snapshot, params: Params) -> Measured:
    """RR5."""
    wanted = params.method.words["recall_plan"]
    return policies.share(policies.signed(snapshot, params, wanted), wanted, "recall-plan")


SUBS = {"RR1": traceable, "RR2": time, "RR3": found, "RR4": recency, "RR5": plan}
