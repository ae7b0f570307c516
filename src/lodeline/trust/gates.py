"""Gates G1 to G8: vetoes on facts. A gate never raises a score."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import Factory, frozen

from lodeline.trust import standing
from lodeline.trust.indicators import audits, certified, policies, readiness
from lodeline.trust.indicators.origin import screened_on
from lodeline.trust.indicators.regulation import is_open
from lodeline.trust.measured import Params
from lodeline.trust.standing import day_of, months_later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from fractions import Fraction

    from lodeline.trust.aggregate import Cell, Group
    from lodeline.trust.method import Gate, Method
    from lodeline.trust.snapshot import Fact, Snapshot

WARN_DAYS = 90
YEAR_MONTHS = 12
OVERDUE_DAYS = 30


class Position(StrEnum):
    """`CLEAR`: looked at and nothing found. `CLOSED`: the veto holds. `UNKNOWN`: nothing on record to look at."""

    CLEAR = "clear"
    WARNING = "warning"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@frozen(kw_only=True)
class Verdict:
    """One gate for one party. `due`: the day on which it will close, for a warning."""

    gate: Gate
    position: Position
    reason: str
    detail: dict[str, str] = Factory(dict)
    evidence: tuple[int, ...] = ()
    due: date | None = None

    @property
    def cap(self) -> Fraction | None:
        return self.gate.cap if self.position is Position.CLOSED else None

    @property
    def withholds(self) -> bool:
        return self.position is Position.CLOSED and self.gate.effect == "withhold"


@frozen(kw_only=True)
class Look:
    """What a gate may look at."""

    snapshot: Snapshot
    params: Params
    cells: Mapping[str, Cell]
    pillars: Mapping[str, Group]
    gate: Gate

    def says(
        self, position: Position, reason: str, *facts: Fact, due: date | None = None, **detail: str
    ) -> Verdict:
        evidence = tuple(sorted({fact.position for fact in facts}))
        return Verdict(
            gate=self.gate, position=position, reason=reason, detail=detail, evidence=evidence, due=due
        )


def check(
    snapshot: Snapshot, method: Method, cells: Sequence[Cell], pillars: Mapping[str, Group]
) -> tuple[Verdict, ...]:
    """All gates, in the method's order."""
    first = method.subs[0]
    params = Params(method=method, sub=first, low=first.low, high=first.high)
    by_id = {cell.sub.id: cell for cell in cells}
    verdicts = []
    for gate in method.gates:
        look = Look(snapshot=snapshot, params=params, cells=by_id, pillars=pillars, gate=gate)
        if gate.segments and snapshot.segment not in gate.segments:
            verdicts.append(look.says(Position.NOT_APPLICABLE, "not-for-segment"))
        else:
            verdicts.append(_RULES[gate.id](look))
    return tuple(verdicts)


def _lists(look: Look) -> Verdict:
    """G1."""
    snapshot = look.snapshot
    upstream = snapshot.lots.upstream if snapshot.lots else {}
    latest: dict[tuple[str, str], Fact] = {}
    since: dict[tuple[str, str], date] = {}  # first day of a confirmed hit that still stands
    for fact in snapshot.facts:
        day = screened_on(fact)
        if fact.kind != "screening" or day is None or day > snapshot.today:
            continue
        key = (fact.subject, fact.text("list"))
        if fact.subject != snapshot.party and fact.subject not in upstream:
            continue
        latest[key] = fact
        if fact.text("hit") == "confirmed":
            since.setdefault(key, day)
        else:
            since.pop(key, None)
    # Material that had left before the hit is no breach; it stays in view.
    closed = [latest[key] for key, day in since.items() if key[0] == snapshot.party or upstream[key[0]] > day]
    if closed:
        first = closed[0]
        reason = "hit-confirmed" if first.subject == snapshot.party else "hit-upstream"
        return look.says(Position.CLOSED, reason, *closed, list=first.text("list"), party=first.subject)
    hits = [fact for fact in latest.values() if fact.text("hit") in {"confirmed", "possible"}]
    if hits:
        first = hits[0]
        reason = "hit-possible" if first.text("hit") == "possible" else "hit-before"
        return look.says(Position.WARNING, reason, *hits, list=first.text("list"), party=first.subject)
    own = [fact for (subject, _), fact in latest.items() if subject == snapshot.party]
    return look.says(Position.CLEAR, "no-hit", *own) if own else look.says(Position.UNKNOWN, "not-screened")


def _critical(look: Look) -> Verdict:
    """G2."""
    incidents = look.snapshot.own("incident")
    open_now = [fact for fact in _last_words(incidents) if fact.text("severity") == "critical"]
    still = [fact for fact in open_now if is_open(fact, look.snapshot)]
    rows = audits.latest(look.snapshot)
    found = [fact for fact in rows if audits.count(fact, "critical")]
    if still or found:
        return look.says(Position.CLOSED, "critical-open", *still, *found, count=str(len(still) + len(found)))
    if not rows:
        return look.says(Position.UNKNOWN, "not-assessed")
    return look.says(Position.CLEAR, "none-open", *rows)


def _key_certificate(look: Look) -> Verdict:
    """G3."""
    snapshot, params = look.snapshot, look.params
    rows: dict[str, list[Fact]] = {}
    for fact in certified.on_record(snapshot):
        if _is_key(fact, look):
            rows.setdefault(fact.text("scheme"), []).append(fact)
    if not rows:
        return look.says(Position.UNKNOWN, "no-key-certificate")
    ends: list[tuple[date, Fact]] = []
    for scheme, facts in sorted(rows.items()):
        held = [fact for fact in facts if certified.valid(fact, snapshot, params)]
        if not held:
            last = facts[-1]
            status = last.text("status") if last.text("status") in {"suspended", "withdrawn"} else "expired"
            return look.says(
                Position.CLOSED, f"certificate-{status}", last, scheme=scheme, number=last.text("number")
            )
        best = max(held, key=lambda fact: standing.expiry(fact, params.method) or snapshot.today)
        ends.append((standing.expiry(best, params.method) or snapshot.today, best))
    due, fact = min(ends, key=lambda row: (row[0], row[1].position))
    left = (due - snapshot.today).days
    figures = {"scheme": fact.text("scheme"), "number": fact.text("number"), "days": str(left)}
    if left <= WARN_DAYS:
        return look.says(Position.WARNING, "certificate-ends", fact, due=due, **figures)
    return look.says(Position.CLEAR, "certificate-valid", *(fact for _, fact in ends))


def _is_key(fact: Fact, look: Look) -> bool:
    """Listed for the segment; "*" stands for every scheme but management systems and battery tests."""
    words = look.params.method.words
    key = look.params.method.profiles[look.snapshot.segment].key_schemes
    other = (*words["management_systems"], *words["battery_tests"])
    return certified.names(fact, key) or ("*" in key and not certified.names(fact, other))


def _conduct(look: Look) -> Verdict:
    """G4."""
    for policy in look.params.method.words["code_of_conduct"]:
        fact = policies.current(look.snapshot, policy)
        if fact is not None:
            return look.says(Position.CLEAR, "signed", fact, version=fact.text("version"))
    return look.says(Position.CLOSED, "not-signed")


def _falsified(look: Look) -> Verdict:
    """G5."""
    areas = look.params.method.words["falsification_areas"]
    today = look.snapshot.today
    proven = [
        fact
        for fact in look.snapshot.own("incident")
        if fact.text("area") in areas
        and (opened := day_of(fact.content.get("opened"))) is not None
        and today < months_later(opened, YEAR_MONTHS)
    ]
    return (
        look.says(Position.CLOSED, "proven", *proven) if proven else look.says(Position.CLEAR, "none-proven")
    )


def _theme(look: Look) -> Verdict:
    """G6."""
    floor = look.params.method.rule("pillar_floor")
    shares = {name: 100 * pillar.lower / pillar.weight for name, pillar in look.pillars.items()}
    name = min(shares, key=lambda key: (shares[key], key))
    position = Position.CLOSED if shares[name] < floor else Position.CLEAR
    reason = "pillar-abandoned" if position is Position.CLOSED else "pillars-held"
    return look.says(position, reason, pillar=name, lowest=str(round(shares[name])))


def _executable(look: Look) -> Verdict:
    """G7."""
    last = [fact for _, fact in readiness.drills(look.snapshot)][-2:]
    failed = [fact for fact in last if readiness.drill_failed(fact, look.params)]
    if len(failed) == 2:
        return look.says(Position.CLOSED, "drill-failed-twice", *failed)
    cell = look.cells.get("RR1")
    value = cell.measured.value if cell else None
    if value is None:
        return look.says(Position.UNKNOWN, "not-traced")
    closed = value * 2 < 1
    return look.says(
        Position.CLOSED if closed else Position.CLEAR, "not-executable" if closed else "executable"
    )


def _overdue(look: Look) -> Verdict:
    """G8."""
    rows = audits.latest(look.snapshot)
    late = [fact for fact in rows if audits.overdue(fact)]
    if not rows:
        return look.says(Position.UNKNOWN, "not-assessed")
    if not late:
        return look.says(Position.CLEAR, "none-overdue", *rows)
    fresh = all(standing.within(standing.effective(fact), look.snapshot.today, OVERDUE_DAYS) for fact in late)
    return look.says(
        Position.WARNING if fresh else Position.CLOSED, "major-overdue", *late, count=str(len(late))
    )


def _last_words(incidents: Sequence[Fact]) -> list[Fact]:
    """The last statement about each incident: same area, severity, opening day and site."""
    rows = {
        (fact.text("area"), fact.text("severity"), fact.text("opened"), fact.text("site")): fact
        for fact in incidents
    }
    return list(rows.values())


_RULES = {
    "G1": _lists,
    "G2": _critical,
    "G3": _key_certificate,
    "G4": _conduct,
    "G5": _falsified,
    "G6": _theme,
    "G7": _executable,
    "G8": _overdue,
}
