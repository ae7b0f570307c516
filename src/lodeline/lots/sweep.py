"""Sweeps over the graph in topological order.

Weights are those of composition: what flows into a lot along an edge, of all that flows into it; they sum to one.
The backward sweep distributes whole numbers, so that nothing is lost to rounding. The forward sweep adds up over a
semiring: what a lot passes on is complete before it is passed on.
"""

from __future__ import annotations

from fractions import Fraction
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lodeline.lots.graph import Edge, Node

V = TypeVar("V")
# Bounds are whole numbers of this many parts: a graph of 10^5 edges leaves them less than 10^-18 apart.
PARTS = 10**24


@frozen(kw_only=True)
class Semiring(Generic[V]):
    """How values are added up (`plus`) and carried along an edge that holds `part` of `whole` (`along`).

    `one` is the value of a start; whole is above zero.
    """

    zero: V
    one: V
    plus: Callable[[V, V], V]
    along: Callable[[V, int, int], V]


EXACT: Semiring[Fraction] = Semiring(
    zero=Fraction(0),
    one=Fraction(1),
    plus=lambda one, other: one + other,
    along=lambda value, part, whole: value * Fraction(part, whole),
)
"""Shares as fractions. On deep, blended graphs the digits grow with the graph: use `BOUNDED` there."""

BOUNDED: Semiring[tuple[int, int]] = Semiring(
    zero=(0, 0),
    one=(PARTS, PARTS),
    plus=lambda one, other: (one[0] + other[0], one[1] + other[1]),
    along=lambda value, part, whole: (value[0] * part // whole, -(-value[1] * part // whole)),
)
"""Shares as a lower and an upper bound in `PARTS`: the true share lies between them, always."""

REACHED: Semiring[bool] = Semiring(
    zero=False, one=True, plus=lambda one, other: one or other, along=lambda value, _part, _whole: value
)
"""Whether there is any way at all, measurable or not."""

WORST: Semiring[Fraction] = Semiring(
    zero=Fraction(0),
    one=Fraction(1),
    plus=max,
    along=lambda value, part, whole: value * Fraction(part, whole),
)
"""The largest share over any single way."""


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


def forward(
    origins: Sequence[Node], substance: str | None, semiring: Semiring[V]
) -> Iterator[tuple[Node, V]]:
    """What reaches each lot after `origins`: (node, value) in topological order, the origins included with `one`.

    By the mass of `substance`, or of everything (`None`). A value is complete when it is yielded: everything that
    flows in has been added. Lots that are reached along edges of no measurable mass are yielded too.
    """
    values: dict[int, V] = {}
    wholes: dict[int, int] = {}
    known: dict[int, Node] = {origin.rank: origin for origin in origins}
    own = frozenset(known)
    heap = sorted(known)
    while heap:
        rank = heappop(heap)
        node = known.pop(rank)
        value = values.pop(rank, semiring.zero)
        if rank in own:
            value = semiring.one
        yield node, value
        for edge in node.outgoing:
            target = edge.target
            if target.rank not in known:
                known[target.rank] = target
                heappush(heap, target.rank)
            part, whole = _part(edge, substance, wholes)
            before = values.get(target.rank, semiring.zero)
            values[target.rank] = semiring.plus(before, semiring.along(value, part, whole))


def _part(edge: Edge, substance: str | None, wholes: dict[int, int]) -> tuple[int, int]:
    """(what flows along the edge, all that flows into its target), mg; (0, 1) where it cannot be known."""
    target = edge.target
    whole = wholes.get(target.rank)
    if whole is None:
        whole = target.inflow(substance) if substance else sum(one.mass or 0 for one in target.incoming)
        wholes[target.rank] = whole
    part = edge.masses.get(substance, 0) if substance else edge.mass or 0
    return (part, whole) if whole else (0, 1)
