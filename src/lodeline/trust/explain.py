"""Why this score, what would raise it most, and what changed: exact parts that add up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lodeline.evidence import CAPS, EvidenceLevel
from lodeline.trust.evaluate import evaluate
from lodeline.trust.normalise import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from lodeline.trust.aggregate import Cell
    from lodeline.trust.evaluate import Evaluation
    from lodeline.trust.gates import Verdict
    from lodeline.trust.snapshot import Snapshot

MOST_STEPS = 6
MOST_ENDS = 3
# What the party cannot change by itself: a registry of schemes, a witness of the log, a mistake to correct.
NOT_THEIRS = frozenset({"no-registry-entry", "checkpointed", "no-corrections", "no-enforcement-record"})


@frozen(kw_only=True)
class Lost:
    """The way from the possible points down to the points: four parts that add up to the difference."""

    value: Fraction
    cap: Fraction
    age: Fraction
    missing: Fraction

    @property
    def total(self) -> Fraction:
        return self.value + self.cap + self.age + self.missing


@frozen(kw_only=True)
class Step:
    """One thing the party could do. `kind`: evidence, renew, supply, improve, lift. `gain`: points of the score.

    `upto`: the gain assumes the best outcome. `level`: the evidence that is assumed.
    """

    kind: str
    about: str
    gain: Fraction
    upto: bool
    level: EvidenceLevel | None = None


def lost(cells: Iterable[Cell]) -> Lost:
    """Summed over `cells`: value + cap + age + missing = weight - points, exactly."""
    rows = list(cells)
    return Lost(
        value=sum((cell.lost_to_value for cell in rows), ZERO),
        cap=sum((cell.lost_to_cap for cell in rows), ZERO),
        age=sum((cell.lost_to_age for cell in rows), ZERO),
        missing=sum((cell.lost_to_missing for cell in rows), ZERO),
    )


def steps(found: Evaluation) -> tuple[Step, ...]:
    """Largest gain first, each alone, inside caps and gates. Only steps that gain something."""
    now = found.points
    rows: list[Step] = [_lift(found, verdict) for verdict in found.verdicts if verdict.cap is not None]
    for cell in found.cells:
        for step in _cell_steps(cell):
            gain = found.under_gates(found.whole.points + step.gain) - now
            rows.append(evolve(step, gain=gain))
    best: dict[str, Step] = {}
    for step in sorted(rows, key=lambda row: (-row.gain, row.about)):
        if step.gain > ZERO:
            best.setdefault(step.about, step)
    return tuple(best.values())[:MOST_STEPS]


def _lift(found: Evaluation, verdict: Verdict) -> Step:
    others = [other.cap for other in found.verdicts if other.cap is not None and other is not verdict]
    without = min([found.whole.points, *others])
    return Step(kind="lift", about=verdict.gate.id, gain=max(without - found.points, ZERO), upto=False)


def _cell_steps(cell: Cell) -> Iterator[Step]:
    name, weight = cell.sub.id, cell.weight
    if cell.measured.reason in NOT_THEIRS:
        return
    if cell.goal is None:
        level = EvidenceLevel.S if cell.sub.cap is EvidenceLevel.S else EvidenceLevel.E4
        best = weight * min(CAPS[level], cell.sub.ceiling)
        yield Step(kind="supply", about=name, gain=best - cell.points, upto=True, level=level)
        return
    age = cell.measured.age
    if age < ONE:
        gain = weight * min(cell.goal, cell.cap) * (ONE - age)
        yield Step(kind="renew", about=name, gain=gain, upto=False)
    if cell.cap < cell.goal:
        better = EvidenceLevel.E4 if cell.cap < CAPS[EvidenceLevel.E4] else EvidenceLevel.E5
        cap = min(CAPS[better], cell.sub.ceiling)
        gain = weight * (min(cell.goal, cap) - min(cell.goal, cell.cap)) * age
        yield Step(kind="evidence", about=name, gain=gain, upto=False, level=better)
    elif cell.goal < cell.cap:
        gain = weight * (cell.cap - cell.goal) * age
        yield Step(kind="improve", about=name, gain=gain, upto=True)


def between(before: Snapshot, after: Evaluation) -> tuple[Fraction, Fraction, Fraction]:
    """What moved the points from one bundle to the next, gates included, as three readings on the way.

    The old facts on the new day, the new facts with the old peers, the new facts with the new peers. The steps from
    the old points over these to the new ones are expiry, data and peers, in this order.
    """
    snapshot, method = after.snapshot, after.method
    aged = evaluate(_at(before, snapshot.now), method).points
    if snapshot.peers == before.peers:
        return aged, after.points, after.points
    return aged, evaluate(evolve(snapshot, peers=before.peers), method).points, after.points


def next_loss(found: Evaluation, *, days: int = 90) -> tuple[date, Fraction] | None:
    """The last day within `days` of what would be missed most, and the points that are gone the day after.

    Days are ranked by what stands on them (cells and gates that end); the loss of the chosen day is exact.
    """
    snapshot = found.snapshot
    at_stake: dict[date, Fraction] = {}
    horizon = snapshot.today + timedelta(days=days)
    for cell in found.cells:
        end = cell.measured.expires
        if end is not None and snapshot.today <= end <= horizon:
            at_stake[end] = at_stake.get(end, ZERO) + cell.points
    for verdict in found.verdicts:
        if verdict.due is not None and verdict.gate.cap is not None:
            fall = max(found.points - verdict.gate.cap, ZERO)
            at_stake[verdict.due] = at_stake.get(verdict.due, ZERO) + fall
    for end in sorted(at_stake, key=lambda day: (-at_stake[day], day))[:MOST_ENDS]:
        moment = datetime.combine(end + timedelta(days=1), snapshot.now.timetz())
        points = evaluate(_at(snapshot, moment), found.method).points
        if points < found.points:
            return end, found.points - points
    return None


def _at(snapshot: Snapshot, moment: datetime) -> Snapshot:
    return evolve(snapshot, now=moment)
