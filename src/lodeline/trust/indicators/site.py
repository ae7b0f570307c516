"""ES, environmental and social performance: what sites state by period, and what labour audits found."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.evidence import agreeing
from lodeline.trust import standing
from lodeline.trust.indicators import audits
from lodeline.trust.measured import Measured, Params, Part, State, expired, measured, missing
from lodeline.trust.normalise import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from lodeline.trust.snapshot import Fact, Snapshot

RUBRIC = (ZERO, Fraction(3, 10), Fraction(6, 10), ONE)
YEAR = 365


@frozen(kw_only=True)
class Reading:
    """The latest value of one site."""

    value: Fraction
    part: Part
    period: str
    contradicted: bool = False


def value_of(fact: Fact) -> Fraction | None:
    """The stated value; percent becomes a share."""
    value = standing.number(fact.content.get("value"))
    return value / 100 if value is not None and fact.text("unit").strip() in {"%", "P1", "percent"} else value


def readings(snapshot: Snapshot, params: Params, metric: str) -> tuple[list[Reading], int, list[Part]]:
    """Latest readings per site, the number of sites that should have one, and what has run out."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    known = {site.uri for site in snapshot.sites}
    for fact in snapshot.own("site.performance"):
        if fact.text("metric") == metric and value_of(fact) is not None:
            site = fact.text("site") or fact.subject
            facts[site if site in known else snapshot.party].append(fact)
    scope = sorted(known) or [snapshot.party]
    found: list[Reading] = []
    gone: list[Part] = []
    for site in scope:
        rows = facts.get(site) or facts.get(snapshot.party, [])
        aged = [
            (fact, left)
            for fact in rows
            if (left := standing.age(fact, snapshot.today, params.method, fades=True)) is not None
        ]
        if aged:
            found.append(_latest(aged, params))
        else:
            gone.extend(standing.part(fact, ZERO, params.method) for fact in rows[-1:])
    return found, len(scope), gone


def _latest(aged: Sequence[tuple[Fact, Fraction]], params: Params) -> Reading:
    """The latest period; within it the last word of each issuer. Issuers that differ: the worse value counts."""
    ends = {fact.position: standing.effective(fact) for fact, _ in aged}
    newest = max(end for end in ends.values() if end is not None)
    words = {fact.issuer: (fact, left) for fact, left in aged if ends[fact.position] == newest}
    values = {issuer: value_of(fact) or ZERO for issuer, (fact, _) in words.items()}
    less_is_better = params.low > params.high
    worse = max(values.values()) if less_is_better else min(values.values())
    agree = len(set(values.values())) == 1
    chosen, left = next(words[issuer] for issuer in words if values[issuer] == worse)
    level = agreeing(fact.level for fact, _ in words.values()) if agree else chosen.level
    period = chosen.text("period") or newest.isoformat()
    return Reading(
        value=worse,
        part=standing.part(chosen, left, params.method, level=level),
        period=period,
        contradicted=not agree,
    )


def performance(metric: str) -> Callable[[Snapshot, Params], Measured]:
    """A sub-indicator that is the mean of the latest readings of the party's sites."""

    def measure(snapshot: Snapshot, params: Params) -> Measured:
        found, scope, gone = readings(snapshot, params, metric)
        return _mean(found, scope, gone, metric)

    return measure


def _mean(found: Sequence[Reading], scope: int, gone: Sequence[Part], metric: str) -> Measured:
    if not found:
        return (
            expired("performance-expired", gone, metric=metric)
            if gone
            else missing("no-performance", metric=metric)
        )
    value = sum((reading.value for reading in found), ZERO) / len(found)
    return measured(
        value,
        [reading.part for reading in found],
        "performance",
        of_weight=Fraction(scope),
        state=State.CONTRADICTED if any(reading.contradicted for reading in found) else State.MEASURED,
        metric=metric,
        sites=str(len(found)),
        of=str(scope),
        period=max(reading.period for reading in found),
    )


def injuries(snapshot: Snapshot, params: Params) -> Measured:
    """ES6. A fatality in the last 12 months puts the value at the lower goalpost or beyond."""
    found, scope, gone = readings(snapshot, params, "injury_rate")
    result = _mean(found, scope, gone, "injury_rate")
    deaths = [fact for fact in snapshot.own("site.performance") if _fatal(fact, snapshot.today)]
    if not deaths:
        return result
    value = max([params.low, *(reading.value for reading in found)])
    parts = [standing.part(fact, ONE, params.method) for fact in deaths]
    return measured(value, parts, "fatality", count=str(len(deaths)))


def _fatal(fact: Fact, today: date) -> bool:
    if fact.text("metric") != "fatalities":
        return False
    return bool(value_of(fact)) and standing.within(standing.effective(fact), today, YEAR)


def breaches(snapshot: Snapshot, params: Params) -> Measured:
    """ES5: the sum over the sites; where no site ever stated it, the open findings of environment audits."""
    found, scope, gone = readings(snapshot, params, "permit_breaches")
    if found:
        value = sum((reading.value for reading in found), ZERO)
        parts = [reading.part for reading in found]
        return measured(
            value, parts, "breaches", of_weight=Fraction(scope), sites=str(len(found)), of=str(scope)
        )
    if gone:
        return expired("performance-expired", gone, metric="permit_breaches")
    return audits.weighted(snapshot, params, "environment", major=ONE, minor=ZERO)


def labour(snapshot: Snapshot, params: Params) -> Measured:
    """ES7."""
    return audits.weighted(snapshot, params, "labour", major=ONE, minor=Fraction(1, 5))


def target(snapshot: Snapshot, params: Params) -> Measured:
    """ES9: down to the next step of the rubric."""
    found, scope, gone = readings(snapshot, params, "target_progress")
    steps = [max(step for step in RUBRIC if step <= max(reading.value, ZERO)) for reading in found]
    rubric = [
        Reading(value=step, part=reading.part, period=reading.period, contradicted=reading.contradicted)
        for step, reading in zip(steps, found, strict=True)
    ]
    return _mean(rubric, scope, gone, "target_progress")


SUBS = {
    "ES1": performance("carbon_intensity_ratio"),
    "ES2": performance("energy_renewable_share"),
    "ES3": performance("fresh_water_change"),
    "ES4": performance("waste_recovered_share"),
    "ES5": breaches,
    "ES6": injuries,
    "ES7": labour,
    "ES8": performance("grievances_answered_share"),
    "ES9": target,
}
