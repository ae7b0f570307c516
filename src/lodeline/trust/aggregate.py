"""From measured values to points: exact rationals, rounded nowhere.

points = weight x min(goalpost(value), cap) x age. Missing cells carry an estimate and bounds.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.evidence import weakest
from lodeline.trust.indicators import ALL
from lodeline.trust.measured import Params
from lodeline.trust.normalise import ONE, ZERO, clip, goalpost, quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.evidence import EvidenceLevel
    from lodeline.trust.measured import Measured
    from lodeline.trust.method import Indicator, Method, Sub
    from lodeline.trust.snapshot import Snapshot

HUNDRED = Fraction(100)


@frozen(kw_only=True)
class Cell:
    """One sub-indicator of one party. `weight`: its points after what does not apply was spread.

    `goal`: the value on its goalposts, unclipped in `raw_goal`. `cap`: what the evidence can earn.
    `points`, `lower`, `upper`: the point value and its bounds. `estimated`: the points are an estimate.
    """

    sub: Sub
    weight: Fraction
    measured: Measured
    raw_goal: Fraction | None
    goal: Fraction | None
    cap: Fraction
    points: Fraction
    lower: Fraction
    upper: Fraction
    estimated: bool
    peers: tuple[Fraction, ...] = ()

    @property
    def share(self) -> Fraction:
        """Earned share of the weight; what peers are compared by."""
        return self.points / self.weight

    @property
    def lost_to_value(self) -> Fraction:
        return ZERO if self.goal is None else self.weight * (ONE - self.goal)

    @property
    def lost_to_cap(self) -> Fraction:
        return ZERO if self.goal is None else self.weight * (self.goal - min(self.goal, self.cap))

    @property
    def lost_to_age(self) -> Fraction:
        if self.goal is None:
            return ZERO
        return self.weight * min(self.goal, self.cap) * (ONE - self.measured.age)

    @property
    def lost_to_missing(self) -> Fraction:
        return self.weight - self.points if self.estimated else ZERO


@frozen(kw_only=True)
class Group:
    """Cells added up: an indicator, a pillar or all."""

    name: str
    weight: Fraction
    points: Fraction
    lower: Fraction
    upper: Fraction
    coverage: Fraction
    confidence: Fraction
    level: EvidenceLevel


def measure(snapshot: Snapshot, method: Method) -> dict[str, tuple[Fraction, Measured]]:
    """Every applicable sub-indicator: its weight and what was measured."""
    found: dict[str, tuple[Fraction, Measured]] = {}
    for sub_id, weight in method.weights(snapshot.segment).items():
        sub = method.sub(sub_id)
        low, high = method.goalposts(sub, snapshot.segment)
        found[sub_id] = (weight, ALL[sub_id](snapshot, Params(method=method, sub=sub, low=low, high=high)))
    return found


def cells(snapshot: Snapshot, method: Method) -> tuple[Cell, ...]:
    """In the method's order."""
    return tuple(
        _cell(snapshot, method, method.sub(sub_id), weight, measured)
        for sub_id, (weight, measured) in measure(snapshot, method).items()
    )


def _cell(snapshot: Snapshot, method: Method, sub: Sub, weight: Fraction, measured: Measured) -> Cell:
    peers = tuple(Fraction(value) for value in snapshot.peers.get(sub.id, ()))
    if measured.value is None:
        enough = len(peers) >= method.rule("peers_least")
        share = quantile(peers, Fraction(1, 4)) if enough else method.rule("missing_estimate")
        return Cell(
            sub=sub,
            weight=weight,
            measured=measured,
            raw_goal=None,
            goal=None,
            cap=ZERO,
            points=weight * min(share, sub.ceiling),
            lower=ZERO,
            upper=weight * sub.ceiling,
            estimated=True,
            peers=peers if enough else (),
        )
    low, high = method.goalposts(sub, snapshot.segment)
    goal = goalpost(measured.value, low, high)
    cap = clip(min(measured.cap, sub.ceiling))
    points = weight * min(goal, cap) * measured.age
    return Cell(
        sub=sub,
        weight=weight,
        measured=measured,
        raw_goal=(measured.value - low) / (high - low),
        goal=goal,
        cap=cap,
        points=points,
        lower=points,
        upper=points,
        estimated=False,
    )


def group(name: str, members: Sequence[Cell]) -> Group:
    """Sums, coverage (weight with evidence) and confidence (how strong that evidence is)."""
    weight = sum((cell.weight for cell in members), ZERO)
    known = [cell for cell in members if not cell.estimated]
    strength = sum((cell.weight * cell.cap * cell.measured.age for cell in known), ZERO)
    return Group(
        name=name,
        weight=weight,
        points=sum((cell.points for cell in members), ZERO),
        lower=sum((cell.lower for cell in members), ZERO),
        upper=sum((cell.upper for cell in members), ZERO),
        coverage=sum((cell.weight for cell in known), ZERO) / weight if weight else ZERO,
        confidence=strength / weight if weight else ZERO,
        level=weakest(cell.measured.level for cell in known),
    )


def by_indicator(members: Sequence[Cell], method: Method) -> dict[str, Group]:
    return {
        indicator.code: group(
            indicator.code, [cell for cell in members if cell.sub.indicator == indicator.code]
        )
        for indicator in method.indicators
    }


def by_pillar(members: Sequence[Cell], method: Method) -> dict[str, Group]:
    """Pillars that have at least one applicable sub-indicator."""
    found = {pillar: [cell for cell in members if cell.sub.pillar == pillar] for pillar in method.pillars}
    return {pillar: group(pillar, rows) for pillar, rows in found.items() if rows}


def short_of_coverage(whole: Group, indicators: Mapping[str, Group], method: Method) -> tuple[str, ...]:
    """Names of what lies below its coverage floor: "total" or indicator codes. Empty means rated."""
    large = {indicator.code for indicator in method.indicators if _large(indicator, method)}
    short = ["total"] if whole.coverage < method.rule("coverage_floor") else []
    short += [
        code
        for code, group_ in indicators.items()
        if code in large and group_.coverage < method.rule("indicator_floor")
    ]
    return tuple(short)


def _large(indicator: Indicator, method: Method) -> bool:
    return indicator.points >= method.rule("indicator_floor_from")
