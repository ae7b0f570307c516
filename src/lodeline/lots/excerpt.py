"""A part of the lot graph that fits on a page: the lots nearest to one lot, and how many are folded behind which.

Nothing is estimated: a share is a lower and an upper bound, and what no input explains lies between the two.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from lodeline.lots.sweep import BOUNDED, PARTS, begins, forward

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lodeline.lots.graph import Edge, Node

MOST: Final = 200
"""Lots shown at once, at most."""
At = tuple[str, int]


@frozen(kw_only=True)
class Spot:
    """A lot that is shown, `column` to the left (negative) or right of the asked one.

    `low`, `high`: bounds of the share. Before the asked lot: the part of the asked lot that came through this one;
    after it: the part of this one that came from the asked lot. `folded`: neighbours that are not shown.
    """

    node: Node
    column: int
    depth: int
    low: Fraction
    high: Fraction
    unknown: Fraction
    folded: int

    @property
    def at(self) -> At:
        return (self.node.key, self.node.version)


@frozen(kw_only=True)
class Line:
    """An edge that is shown. `share` of all that flows into its target; 0 where that cannot be measured."""

    source: At
    target: At
    share: Fraction
    mass: int | None
    position: int


@frozen(kw_only=True)
class Excerpt:
    """`total`: all lots of the trail. `deeper` are folded because of the depth, `over` because of the limit."""

    target: Node
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    total: int
    deeper: int
    over: int


@frozen(kw_only=True)
class Choice:
    """What to show. `substance`: None for mass. `opened`: keys whose neighbours are shown beyond the depth.

    `fits`: only these lots, and those on the way to them.
    """

    substance: str | None
    depth: int = 4
    limit: int = 60
    opened: frozenset[str] = frozenset()
    fits: Callable[[Node], bool] | None = None


@frozen(kw_only=True)
class _Trail:
    depths: Mapping[At, int]
    parents: Mapping[At, At]
    nodes: Mapping[At, Node]
    shares: Mapping[At, tuple[Fraction, Fraction]]


def excerpt(starts: Sequence[Node], choice: Choice, sides: Mapping[str, Sequence[Node]]) -> Excerpt:
    """What is shown of the trail of the lot whose newest version is the last of `starts`.

    `sides`: "back" and "forward", as wanted, each with the lot's versions in the graph that is right about that side.
    """
    trails = {
        side: _trail(nodes, choice.substance, onward=side == "forward") for side, nodes in sides.items()
    }
    wanted = {side: _wanted(trail, choice) for side, trail in trails.items()}
    room = max(min(choice.limit, MOST) - 1, 0)
    shown: dict[str, list[At]] = {}
    for left, side in zip(
        range(len(wanted), 0, -1), sorted(wanted, key=lambda one: (len(wanted[one]), one)), strict=True
    ):
        shown[side] = _within(trails[side], wanted[side], room // left)
        room -= len(shown[side])
    asked = (starts[-1].key, starts[-1].version)
    spots = {asked: Spot(node=starts[-1], column=0, depth=0, low=Fraction(1), high=Fraction(1),
                         unknown=unknown(starts[-1], choice.substance), folded=0)}  # fmt: skip
    lines: dict[tuple[At, At, int], Line] = {}
    for side, trail in trails.items():
        _show(side, trail, [asked, *shown[side]], choice.substance, spots, lines)
    total = len({at for trail in trails.values() for at in trail.nodes} | {asked})
    ready = {at for found in wanted.values() for at in found} | {asked}
    return Excerpt(
        target=starts[-1],
        spots=tuple(sorted(spots.values(), key=lambda one: (one.column, -one.low, one.at))),
        lines=tuple(lines[name] for name in sorted(lines)),
        total=total,
        deeper=total - len(ready),
        over=len(ready) - len(spots),
    )


def weight(edge: Edge, substance: str | None) -> Fraction:
    """The share of an edge in all that flows into its target; 0 where nothing is measured."""
    whole = _whole(edge.target, substance)
    return Fraction(_part(edge, substance), whole) if whole else Fraction(0)


def unknown(node: Node, substance: str | None) -> Fraction:
    """The share of what flowed into a lot that no named input explains; all of it where nothing is linked."""
    whole = _whole(node, substance)
    if not whole:
        return Fraction(1) if node.cut else Fraction(0)
    return Fraction(node.unknown.get(substance, 0), whole) if substance else Fraction(0)


def _part(edge: Edge, substance: str | None) -> int:
    return edge.masses.get(substance, 0) if substance else edge.mass or 0


def _whole(node: Node, substance: str | None) -> int:
    return node.inflow(substance) if substance else sum(edge.mass or 0 for edge in node.incoming)


def _next(node: Node, *, onward: bool) -> list[tuple[Edge, Node]]:
    return (
        [(one, one.target) for one in node.outgoing]
        if onward
        else [(one, one.source) for one in node.incoming]
    )


def _trail(starts: Sequence[Node], substance: str | None, *, onward: bool) -> _Trail:
    starts = starts if onward else starts[-1:]
    asked = (starts[-1].key, starts[-1].version)
    depths: dict[At, int] = {(one.key, one.version): 0 for one in starts}
    nodes: dict[At, Node] = {(one.key, one.version): one for one in starts}
    parents: dict[At, At] = {at: asked for at in depths if at != asked}
    rest = deque(starts)
    while rest:
        here = rest.popleft()
        at = (here.key, here.version)
        for _edge, other in _next(here, onward=onward):
            there = (other.key, other.version)
            if there not in depths:
                depths[there], parents[there], nodes[there] = depths[at] + 1, at, other
                rest.append(other)
    shares = _after(starts, substance) if onward else _before(starts[-1], substance)
    return _Trail(depths=depths, parents=parents, nodes=nodes, shares=shares)


def _after(starts: Sequence[Node], substance: str | None) -> dict[At, tuple[Fraction, Fraction]]:
    """Bounds of what each lot has from `starts`; the upper one leaves room for the lot's own unknown inputs."""
    return {
        (lot.key, lot.version): (
            Fraction(low, PARTS), min(Fraction(high, PARTS) + unknown(lot, substance), Fraction(1))
        )
        for lot, (low, high) in forward(starts, substance, BOUNDED)
    }  # fmt: skip


def _before(start: Node, substance: str | None) -> dict[At, tuple[Fraction, Fraction]]:
    """Bounds of what came through each lot: whole parts, handed back; what stays unknown may have come through any."""
    amounts, known, heap, lost = {start.rank: PARTS}, {start.rank: start}, [-start.rank], 0
    while heap:
        node = known[-heappop(heap)]
        amount, whole = amounts[node.rank], _whole(node, substance)
        given = reached = 0
        for edge in node.incoming:
            reached += _part(edge, substance)
            share = amount * reached // whole - given if whole else 0
            given += share
            at = edge.source.rank
            if at not in known:
                known[at] = edge.source
                heappush(heap, -at)
            amounts[at] = amounts.get(at, 0) + share
        if not begins(node):
            lost += amount - given
    return {
        (known[rank].key, known[rank].version): (
            Fraction(amount, PARTS), Fraction(PARTS if rank == start.rank else min(amount + lost, PARTS), PARTS)
        )
        for rank, amount in amounts.items()
    }  # fmt: skip


def _wanted(trail: _Trail, choice: Choice) -> list[At]:
    """Lots that may be shown, what was opened and what is near first; the way to each is shown with it."""

    def opened(at: At) -> bool:
        return at in trail.parents and trail.parents[at][0] in choice.opened

    found = [
        at
        for at in trail.parents
        if (trail.depths[at] <= choice.depth or opened(at))
        and (choice.fits is None or choice.fits(trail.nodes[at]))
    ]
    nothing = (Fraction(0), Fraction(0))
    return sorted(
        found,
        key=lambda at: (not opened(at), trail.depths[at], -trail.shares.get(at, nothing)[0], at),
    )


def _within(trail: _Trail, wanted: Collection[At], room: int) -> list[At]:
    """As many as there is room for, each with the way to it."""
    found: dict[At, None] = {}
    for at in wanted:
        way = []
        here: At | None = at
        while here is not None and here not in found and here in trail.parents:
            way.append(here)
            here = trail.parents.get(here)
        if len(found) + len(way) <= room:
            found.update(dict.fromkeys(way))
    return list(found)


def _show(
    side: str,
    trail: _Trail,
    shown: Sequence[At],
    substance: str | None,
    spots: dict[At, Spot],
    lines: dict[tuple[At, At, int], Line],
) -> None:
    onward = side == "forward"
    here = set(shown)
    columns = dict.fromkeys(shown, 0)
    for at in sorted(shown, key=lambda one: trail.nodes[one].rank, reverse=not onward):
        for edge, other in _next(trail.nodes[at], onward=onward):
            there = (other.key, other.version)
            if there not in here:
                continue
            columns[there] = max(columns[there], columns[at] + 1)
            one = Line(
                source=(edge.source.key, edge.source.version), target=(edge.target.key, edge.target.version),
                share=weight(edge, substance), mass=_part(edge, substance) or None, position=edge.position,
            )  # fmt: skip
            lines[one.source, one.target, one.position] = one
    for at in shown:
        node = trail.nodes[at]
        near = {(other.key, other.version) for _, other in _next(node, onward=onward)}
        folded = len(near - here)
        if at in spots:  # the asked lot, which both sides share
            old = spots[at]
            spots[at] = evolve(
                old, node=node, unknown=max(old.unknown, unknown(node, substance)), folded=old.folded + folded
            )
            continue
        low, high = trail.shares.get(at, (Fraction(0), Fraction(1)))
        column = max(columns[at], 1)
        spots[at] = Spot(
            node=node, column=column if onward else -column, depth=trail.depths[at], low=low, high=high,
            unknown=unknown(node, substance), folded=folded,
        )  # fmt: skip
