"""Which items hold how much of a suspect lot."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.sweep import BOUNDED, PARTS, forward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.lots.graph import Graph, Node


@frozen(kw_only=True)
class Dose:
    """A lot or item that was reached.

    `share` of its substance (or mass) came from the suspect lot: never less than that, at most `error` more than that.
    `made`: mg of the suspect lot that went into it; `held`: mg that are in it still; None when its mass is unknown.
    """

    node: Node
    share: Fraction
    error: Fraction
    made: int | None
    held: int | None


@frozen(kw_only=True)
class Reach:
    """What a lot reached, ranked by dose: items from the threshold up, items below it, lots on the way.

    `lot_mass`: mg of the substance made into the suspect lot, None when unknown; `lot_held`: mg still in it.
    """

    affected: tuple[Dose, ...]
    below: tuple[Dose, ...]
    lots: tuple[Dose, ...]
    lot_mass: int | None
    lot_held: int | None

    @property
    def mass_affected(self) -> int:
        """mg of the suspect lot in the affected items, as far as masses are known."""
        return sum(dose.held or 0 for dose in self.affected)

    @property
    def mass_below(self) -> int:
        """mg of the suspect lot in the items below the threshold."""
        return sum(dose.held or 0 for dose in self.below)

    @property
    def mass_in_lots(self) -> int:
        """mg of the suspect lot that wait in lots on the way."""
        return sum(dose.held or 0 for dose in self.lots)

    @property
    def error(self) -> Fraction:
        """No dose is more than this above its true value."""
        return max((dose.error for dose in (*self.affected, *self.below, *self.lots)), default=Fraction(0))


def reach(
    graph: Graph, key: str, *, threshold: Fraction, substance: str | None = None, items: frozenset[str]
) -> Reach:
    """Follow every version of lot `key` forward.

    `items`: keys that count as items, all others are lots on the way. An item is affected when its dose is at least
    `threshold`; with threshold 0 everything that was reached is affected, also with no measurable dose. A dose is
    compared after everything that flows into the item was added up, and rounding is to the safe side. Without a
    `substance` the dose is by mass; what flows in with unknown mass then counts as nothing. Raises `KeyError` for a
    lot that is not in the graph.
    """
    starts = graph.versions(key)
    if not starts:
        raise KeyError(key)
    own = {node.rank for node in starts}
    found = [
        _dose(node, low, high, substance)
        for node, (low, high) in forward(starts, substance, BOUNDED)
        if node.rank not in own
    ]
    found.sort(key=lambda dose: (-dose.share, dose.node.key, dose.node.version))
    reached = [dose for dose in found if dose.node.key in items]
    masses = [
        _stated(one.mass, one.description.composition, substance) for node in starts for one in node.made
    ]
    return Reach(
        affected=tuple(dose for dose in reached if dose.share >= threshold),
        below=tuple(dose for dose in reached if dose.share < threshold),
        lots=tuple(dose for dose in found if dose.node.key not in items),
        lot_mass=None if None in masses else sum(mass or 0 for mass in masses),
        lot_held=_held(starts[-1], Fraction(1), substance),
    )


def _dose(node: Node, low: int, high: int, substance: str | None) -> Dose:
    share = Fraction(high, PARTS)
    mass = node.mass if substance is None else node.masses.get(substance)
    return Dose(
        node=node,
        share=share,
        error=Fraction(high - low, PARTS),
        made=None if mass is None else round(mass * share),
        held=_held(node, share, substance),
    )


def _held(node: Node, share: Fraction, substance: str | None) -> int | None:
    """What is still there, as far as it came from the lot."""
    if node.left is None or node.mass is None:
        return None
    if substance is None:
        return round(node.left * share)
    mass = node.masses.get(substance)
    return None if mass is None else round(Fraction(mass * node.left, node.mass or 1) * share)


def _stated(mass: int | None, composition: Mapping[str, Fraction], substance: str | None) -> int | None:
    if mass is None or substance is None:
        return mass
    return round(mass * composition[substance]) if substance in composition else None
