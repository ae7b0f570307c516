"""Which items hold how much of a suspect lot."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.sweep import forward

if TYPE_CHECKING:
    from lodeline.lots.graph import Graph, Node


@frozen(kw_only=True)
class Dose:
    """An item that was reached. `share` of its substance (or mass) came from the lot; `mass`: mg of it, or None."""

    node: Node
    share: Fraction
    mass: int | None


@frozen(kw_only=True)
class Reach:
    """`affected` is ranked by dose. Items below the threshold are counted with the mass they hold.

    `lots`: intermediate lots reached. `lot_mass`: mg of the substance in the suspect lot.
    """

    affected: tuple[Dose, ...]
    below: tuple[Dose, ...]
    lots: int
    lot_mass: int | None

    @property
    def mass_affected(self) -> int:
        return sum(dose.mass or 0 for dose in self.affected)

    @property
    def mass_below(self) -> int:
        return sum(dose.mass or 0 for dose in self.below)


def reach(
    graph: Graph, key: str, *, threshold: Fraction, substance: str | None = None, items: frozenset[str]
) -> Reach:
    """Follow every version of lot `key` forward.

    `items`: keys that count as items, all others are lots on the way. An item is affected when its dose is at least
    `threshold`; with threshold 0 everything that was reached is affected, also with no measurable dose. Raises
    `KeyError` for a lot that is not in the graph.
    """
    starts = graph.versions(key)
    if not starts:
        raise KeyError(key)
    shares: dict[int, Fraction] = {}
    nodes: dict[int, Node] = {}
    own = {node.rank for node in starts}
    for node, share in forward(starts, substance):
        if node.rank not in own:
            nodes[node.rank] = node
            shares[node.rank] = share
    doses = [
        Dose(node=node, share=shares[rank], mass=_mass(node, shares[rank], substance))
        for rank, node in nodes.items()
        if node.key in items
    ]
    doses.sort(key=lambda dose: (-dose.share, dose.node.key, dose.node.version))
    return Reach(
        affected=tuple(dose for dose in doses if dose.share >= threshold),
        below=tuple(dose for dose in doses if dose.share < threshold),
        lots=len(nodes) - len(doses),
        lot_mass=_mass(starts[-1], Fraction(1), substance),
    )


def _mass(node: Node, share: Fraction, substance: str | None) -> int | None:
    whole = node.mass if substance is None else node.masses.get(substance)
    return None if whole is None else round(whole * share)
