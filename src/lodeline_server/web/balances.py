"""What the lot graph adds up to, for the dashboard: shares traced, and balances that do not close.

The graph is built in memory, anew when the log has moved on. Up to `MOST` lots that is a part of a second; in
larger workspaces a page must not wait for it, and the nightly scores are where balances stand.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.lots.sweep import backward
from lodeline.lots.values import ORIGIN_SITES
from lodeline.trust.chain import linked
from lodeline_server.kit.charts.numbers import percent
from lodeline_server.lots import queries
from lodeline_server.lots.models import Lot

if TYPE_CHECKING:
    from lodeline.access import Actor
    from lodeline.lots.graph import Node

MOST: Final = 10_000
TOLERANCE: Final = Fraction(2, 100)  # of the mass taken in: what scales and assays may differ by
LARGE: Final = Fraction(5, 100)
TOLERANCE_WORDS: Final = percent(TOLERANCE)
NAMES: Final = {
    "Ni": "nickel",
    "Co": "cobalt",
    "Mn": "manganese",
    "Li": "lithium",
    "C": "graphite",
    "Cu": "copper",
    "Al": "aluminium",
}


@frozen(kw_only=True)
class Gap:
    """A site's quarter that gave out more of a substance than its identified inputs hold. `size`: share of them."""

    party: str
    site: str
    substance: str
    quarter: str
    size: Fraction

    @property
    def percent(self) -> str:
        return percent(self.size)

    @property
    def large(self) -> bool:
        return self.size > LARGE


@frozen(kw_only=True)
class Traced:
    """How much of a substance in all batteries is traced to a named mine or recycler, mg."""

    substance: str
    total: int
    named: int

    @property
    def share(self) -> Fraction:
        return Fraction(self.named, self.total)


def gaps(actor: Actor) -> list[Gap]:
    """The largest first. A supplier sees its own."""
    if not _small(actor):
        return []
    found = _gaps(actor.workspace or 0, queries.position())
    return [gap for gap in found if not actor.only_own or gap.party == actor.party]


def traced(actor: Actor) -> list[Traced]:
    """By substance, over all items of the workspace; nothing for a supplier, who sees no items of others."""
    if actor.only_own or not _small(actor):
        return []
    return list(_traced(actor.workspace or 0, queries.position()))


def _small(actor: Actor) -> bool:
    """True when there are not too many lots; counting stops at the limit."""
    return Lot.objects.filter(workspace_id=actor.workspace)[: MOST + 1].count() <= MOST


@lru_cache(maxsize=8)
def _gaps(workspace: int, _position: int) -> tuple[Gap, ...]:
    seen = queries.picture(workspace)
    made: dict[str, list[Node]] = defaultdict(list)
    for node in seen.graph.order:
        made[node.first.party].append(node)
    found = [
        Gap(
            party=party,
            site=seen.site(row.site),
            substance=NAMES.get(row.substance, row.substance),
            quarter=row.quarter,
            size=Fraction(row.given_out - row.taken_in, row.taken_in),
        )
        for party, nodes in made.items()
        for row in linked(nodes).balances
        if row.taken_in and row.given_out - row.taken_in > TOLERANCE * row.taken_in
    ]
    return tuple(sorted(found, key=lambda gap: (-gap.size, gap.site, gap.quarter)))


@lru_cache(maxsize=8)
def _traced(workspace: int, _position: int) -> tuple[Traced, ...]:
    seen = queries.picture(workspace)
    items = queries.item_keys(workspace)
    rows = [
        node
        for node in seen.graph.order
        if node.key in items and not any(e.source.key == node.key for e in node.incoming)
    ]
    found = []
    for substance in NAMES:
        start = {node.rank: (node, node.masses[substance]) for node in rows if node.masses.get(substance)}
        if not start:
            continue
        reached, _ended = backward(substance, start)
        named = sum(
            amount
            for node, amount in reached.values()
            if node.source and (place := seen.places.get(node.first.site)) and place.kind in ORIGIN_SITES
        )
        found.append(
            Traced(substance=substance, total=sum(amount for _n, amount in start.values()), named=named)
        )
    return tuple(found)
