"""Sweeps over the graph in topological order: exact, and conserving to the last unit.

Two families that are never mixed. *Composition* asks where the mass of a lot came from: weights into a lot sum to
one. The backward sweep distributes whole numbers, so that nothing is lost to rounding; the forward sweep uses
fractions.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lodeline.lots.graph import Edge, Node


def begins(node: Node) -> bool:
    """True for lots that nothing identified flows into."""
    return node.source


def backward(
    substance: str, start: Mapping[int, tuple[Node, int]], ends: Callable[[Node], bool] = begins
) -> tuple[dict[int, tuple[Node, int]], dict[int, int]]:
    """Distribute amounts of a substance from lots back to where they came from.

    `start`: rank to (node, whole amount); `ends` says where the trail stops. Returns what reached each node, by
    rank, and what ended as unknown in each node. Amounts where the trail stops plus unknown amounts equal the start
    exactly.
    """
    amounts: dict[int, int] = {rank: amount for rank, (_, amount) in start.items()}
    known: dict[int, Node] = {rank: node for rank, (node, _) in start.items()}
    unknown: dict[int, int] = {}
    heap = [-rank for rank in amounts]
    heap.sort()
    seen = set(amounts)
    while heap:
        rank = -heappop(heap)
        node, amount = known[rank], amounts[rank]
        if not amount or ends(node):
            continue
        total = node.inflow(substance)
        if not total:
            unknown[rank] = amount  # lots flow in, and none is said to hold the substance
            continue
        given = reached = 0
        for edge in node.incoming:
            part = edge.masses.get(substance, 0)
            if not part:
                continue
            reached += part
            share = amount * reached // total - given
            given += share
            at = edge.source.rank
            amounts[at] = amounts.get(at, 0) + share
            known[at] = edge.source
            if at not in seen:
                seen.add(at)
                heappush(heap, -at)
        if amount - given:
            unknown[rank] = amount - given
    return {rank: (known[rank], amount) for rank, amount in amounts.items()}, unknown


def forward(origins: Sequence[Node], substance: str | None) -> Iterator[tuple[Node, Fraction]]:
    """Which share of each lot came from `origins`: (node, share) in topological order; an origin has 1.

    By the mass of `substance`, or of everything (`None`). A share is complete when it is yielded: everything that
    flows in has been added. Lots that are reached with no measurable share are yielded with 0.
    """
    shares: dict[int, Fraction] = defaultdict(Fraction)
    known: dict[int, Node] = {origin.rank: origin for origin in origins}
    own = frozenset(known)
    heap = sorted(known)
    while heap:
        rank = heappop(heap)
        node = known.pop(rank)
        share = shares.pop(rank, Fraction(0))
        if rank in own:
            share = Fraction(1)
        yield node, share
        for edge in node.outgoing:
            target = edge.target
            if target.rank not in known:
                known[target.rank] = target
                heappush(heap, target.rank)
            shares[target.rank] += share * weight(edge, substance)


def weight(edge: Edge, substance: str | None) -> Fraction:
    """Share of the target's inflow that comes along `edge`; 0 where it cannot be known."""
    if substance is None:
        known = [one.mass for one in edge.target.incoming]
        total = sum(mass for mass in known if mass is not None)
        return Fraction(edge.mass or 0, total) if total else Fraction(0)
    total = edge.target.inflow(substance)
    return Fraction(edge.masses.get(substance, 0), total) if total else Fraction(0)
