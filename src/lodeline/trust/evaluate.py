"""The exact part of a score: cells, groups, gates and what they leave. No draws, no rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.trust import aggregate, gates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from lodeline.trust.aggregate import Cell, Group
    from lodeline.trust.gates import Verdict
    from lodeline.trust.method import Method
    from lodeline.trust.snapshot import Snapshot


@frozen(kw_only=True)
class Evaluation:
    """`short`: what lies below its coverage floor; empty means rated, unless a gate withholds the score."""

    snapshot: Snapshot
    method: Method
    cells: tuple[Cell, ...]
    whole: Group
    indicators: Mapping[str, Group]
    pillars: Mapping[str, Group]
    verdicts: tuple[Verdict, ...]
    short: tuple[str, ...]

    @property
    def cap(self) -> Fraction | None:
        """The lowest cap of the closed gates."""
        return min((verdict.cap for verdict in self.verdicts if verdict.cap is not None), default=None)

    @property
    def capped_by(self) -> str:
        """The gate that takes points away; "" when none does."""
        for verdict in self.verdicts:
            if verdict.cap is not None and verdict.cap == self.cap and verdict.cap < self.whole.points:
                return verdict.gate.id
        return ""

    @property
    def withheld_by(self) -> tuple[str, ...]:
        return tuple(verdict.gate.id for verdict in self.verdicts if verdict.withholds)

    @property
    def rated(self) -> bool:
        return not self.short and not self.withheld_by

    def under_gates(self, points: Fraction) -> Fraction:
        """Points after the caps; a gate never raises them."""
        return points if self.cap is None else min(points, self.cap)

    @property
    def points(self) -> Fraction:
        return self.under_gates(self.whole.points)


def evaluate(snapshot: Snapshot, method: Method, cells: tuple[Cell, ...] | None = None) -> Evaluation:
    """Raises KeyError when the snapshot's segment is none of the method's.

    `cells`: those of this very snapshot, where they are at hand.
    """
    cells = aggregate.cells(snapshot, method) if cells is None else cells
    whole = aggregate.group("total", cells)
    indicators = aggregate.by_indicator(cells, method)
    pillars = aggregate.by_pillar(cells, method)
    return Evaluation(
        snapshot=snapshot,
        method=method,
        cells=cells,
        whole=whole,
        indicators=indicators,
        pillars=pillars,
        verdicts=gates.check(snapshot, method, cells, pillars),
        short=aggregate.short_of_coverage(whole, indicators, method),
    )


def band(lower_end: Fraction, method: Method, previous: str = "") -> str:
    """The band by the lower end of the likely range; a band once held is lost only beyond the hysteresis."""
    slack = method.rule("hysteresis")
    for name, least in method.bands:
        if lower_end >= (least - slack if previous == name else least):
            return name
    return method.bands[-1][0]
