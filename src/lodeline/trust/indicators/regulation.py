"""RA, regulatory alignment: duties of the buyer's markets, in force and ahead."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lodeline.trust import standing
from lodeline.trust.measured import Measured, Params, expired, measured, missing
from lodeline.trust.normalise import ONE, ZERO
from lodeline.trust.standing import day_of, months_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline.trust.snapshot import Fact, Snapshot

AHEAD_MONTHS = 24


def duties(snapshot: Snapshot) -> list[Fact]:
    """The last word per market and duty that has a due date."""
    rows: dict[tuple[str, str], Fact] = {}
    for fact in snapshot.own("market.evidence"):
        start = standing.effective(fact)
        if day_of(fact.content.get("due")) is not None and start is not None and start <= snapshot.today:
            rows[fact.text("market"), fact.text("duty")] = fact
    return list(rows.values())


def _share(
    chosen: Callable[[Fact, Snapshot, Params], bool], reason: str
) -> Callable[[Snapshot, Params], Measured]:
    def measure(snapshot: Snapshot, params: Params) -> Measured:
        stated = [fact for fact in duties(snapshot) if chosen(fact, snapshot, params)]
        aged = {
            fact.position: standing.age(fact, snapshot.today, params.method, fades=True) for fact in stated
        }
        rows = [fact for fact in stated if aged[fact.position] is not None]
        if not rows:
            gone = [standing.part(fact, ZERO, params.method) for fact in stated]
            return expired("duties-expired", gone) if gone else missing(f"no-{reason}")
        met = [fact for fact in rows if fact.content.get("met") is True]
        unmet = [fact.text("duty") for fact in rows if fact.content.get("met") is not True]
        parts = [standing.part(fact, aged[fact.position] or ZERO, params.method) for fact in met or rows]
        value = Fraction(len(met), len(rows))
        return measured(
            value, parts, reason, met=str(len(met)), of=str(len(rows)), unmet=", ".join(sorted(unmet)[:3])
        )

    return measure


def _in_force(fact: Fact, snapshot: Snapshot, _params: Params) -> bool:
    due = day_of(fact.content.get("due"))
    return due is not None and due <= snapshot.today


def _ahead(fact: Fact, snapshot: Snapshot, _params: Params) -> bool:
    due = day_of(fact.content.get("due"))
    return due is not None and snapshot.today < due <= months_later(snapshot.today, AHEAD_MONTHS)


def _diligence(fact: Fact, _snapshot: Snapshot, params: Params) -> bool:
    return any(word in fact.text("duty") for word in params.method.words["diligence_duties"])


def enforcement(snapshot: Snapshot, params: Params) -> Measured:
    """RA4. No case on record is nothing known: authorities are not asked by this log."""
    cases: dict[tuple[str, str, str], Fact] = {}
    for fact in snapshot.own("incident"):
        if fact.text("area") in params.method.words["enforcement_areas"]:
            cases[fact.text("area"), fact.text("opened"), fact.text("site")] = fact
    if not cases:
        return missing("no-enforcement-record")
    still = [fact for fact in cases.values() if is_open(fact, snapshot)]
    parts = [standing.part(fact, ONE, params.method) for fact in cases.values()]
    return measured(Fraction(len(still)), parts, "enforcement", open=str(len(still)), of=str(len(cases)))


def is_open(fact: Fact, snapshot: Snapshot) -> bool:
    """An incident without a closing day, or with one ahead."""
    closed = day_of(fact.content.get("closed"))
    return closed is None or closed > snapshot.today


SUBS = {
    "RA1": _share(_in_force, "duties"),
    "RA2": _share(_diligence, "diligence"),
    "RA3": _share(_ahead, "duties-ahead"),
    "RA4": enforcement,
}
