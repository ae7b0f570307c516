"""Answers for people: the lots behind or after one lot, with quantities, sites, dates and shares."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.origin import Origin, Place, origins
from lodeline.lots.sweep import BOUNDED, PARTS, forward

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.lots.graph import Edge, Graph, Node


@frozen(kw_only=True)
class Step:
    """A lot in a trace, `depth` steps away. `shares`: of each substance, in the asked lot (back) or of it (forward)."""

    node: Node
    depth: int
    shares: Mapping[str, Fraction]


@frozen(kw_only=True)
class Trace:
    """`steps` in topological order, the asked lot included; `edges` among them; `origins` for a trace back."""

    target: Node
    direction: str
    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    origins: Mapping[str, Origin]


def back(graph: Graph, node: Node, places: Mapping[str, Place]) -> Trace:
    """Everything that flowed into `node`."""
    depths = _depths([node], onward=False)
    found = origins(node, places)
    ranks = sorted(depths)
    steps = tuple(
        Step(
            node=graph.order[rank],
            depth=depths[rank],
            shares={name: one.shares[rank] for name, one in found.items() if rank in one.shares},
        )
        for rank in ranks
    )
    edges = tuple(edge for rank in ranks for edge in graph.order[rank].incoming if edge.source.rank in depths)
    return Trace(target=node, direction="back", steps=steps, edges=edges, origins=found)


def onward(graph: Graph, node: Node) -> Trace:
    """Everything that any version of the lot of `node` flowed into; shares are of the substances it holds."""
    starts = graph.versions(node.key)
    depths = _depths(starts, onward=True)
    shares: dict[int, dict[str, Fraction]] = {rank: {} for rank in depths}
    for name in dict.fromkeys(name for start in starts for name in start.masses):
        for lot, (_, at_most) in forward(starts, name, BOUNDED):
            shares[lot.rank][name] = Fraction(at_most, PARTS)
    ranks = sorted(depths)
    steps = tuple(Step(node=graph.order[rank], depth=depths[rank], shares=shares[rank]) for rank in ranks)
    edges = tuple(edge for rank in ranks for edge in graph.order[rank].outgoing if edge.target.rank in depths)
    return Trace(target=node, direction="forward", steps=steps, edges=edges, origins={})


def _depths(starts: Sequence[Node], *, onward: bool) -> dict[int, int]:
    """Rank to the smallest number of steps from `starts`."""
    depths = {node.rank: 0 for node in starts}
    rest = deque(starts)
    while rest:
        here = rest.popleft()
        for edge in here.outgoing if onward else here.incoming:
            there = edge.target if onward else edge.source
            if there.rank not in depths:
                depths[there.rank] = depths[here.rank] + 1
                rest.append(there)
    return depths
