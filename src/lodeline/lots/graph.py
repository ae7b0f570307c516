"""The lot graph: lot versions joined by transformations, weighted per substance in whole milligrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, field, frozen

if TYPE_CHECKING:
    from lodeline.lots.values import Made


@define(kw_only=True)
class Node:
    """One lot version. `masses`: mg of each substance whose content is stated; `mass`: mg or None."""

    key: str
    version: int
    made: tuple[Made, ...]
    mass: int | None
    masses: dict[str, int]
    # Out of the representation: nodes and edges hold each other, and a graph has a great many paths.
    incoming: list[Edge] = field(factory=list, repr=False)
    outgoing: list[Edge] = field(factory=list, repr=False)
    # mg that no input explains; without stated content: 1 when some input's content is unknown.
    unknown: dict[str, int] = Factory(dict)
    drawn: int = 0  # mg that have left it
    rank: int = 0
    cut: bool = False  # an edge that closed a circle was taken away

    @property
    def first(self) -> Made:
        return self.made[0]

    @property
    def source(self) -> bool:
        """True when nothing identified flows in."""
        return not self.incoming and not self.cut

    @property
    def left(self) -> int | None:
        """What is still there, mg; None when it is unknown. More drawn than made leaves nothing."""
        return None if self.mass is None else max(self.mass - self.drawn, 0)

    def inflow(self, substance: str) -> int:
        """Everything that flows in of a substance, unknown included: the base of the weights, mg."""
        return sum(edge.masses.get(substance, 0) for edge in self.incoming) + self.unknown.get(substance, 0)


@frozen(kw_only=True, eq=False)
class Edge:
    """Mass of each substance from one lot version into another, mg. `mass`: mg in all, None if unknown."""

    source: Node = field(repr=False)
    target: Node = field(repr=False)
    group: str
    position: int
    mass: int | None
    masses: dict[str, int]


@frozen(kw_only=True)
class Graph:
    """`order` is topological. `circles` names lots whose edges closed a circle and were left out."""

    nodes: dict[tuple[str, int], Node]
    order: tuple[Node, ...]
    circles: tuple[str, ...]

    def versions(self, key: str) -> list[Node]:
        """All versions of a lot, oldest first."""
        found: list[Node] = []
        while (node := self.nodes.get((key, len(found) + 1))) is not None:
            found.append(node)
        return found

    def last(self, key: str) -> Node | None:
        """The newest version."""
        versions = self.versions(key)
        return versions[-1] if versions else None


def sort(nodes: dict[tuple[str, int], Node]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """Kahn's algorithm: topological order, and keys in a circle; the edges that made a circle are cut."""
    order = _settle(nodes)
    if len(order) == len(nodes):
        return order, ()
    settled = {(node.key, node.version) for node in order}
    circles = _circles({at: node for at, node in nodes.items() if at not in settled})
    _cut(circles)
    return _settle(nodes), tuple(sorted({node.key for circle in circles for node in circle}))


def _settle(nodes: dict[tuple[str, int], Node]) -> tuple[Node, ...]:
    """The nodes that are in no circle nor behind one, each with its rank."""
    waiting = {at: len(node.incoming) for at, node in nodes.items()}
    ready = sorted(at for at, count in waiting.items() if not count)
    order: list[Node] = []
    while ready:
        node = nodes[ready.pop()]
        node.rank = len(order)
        order.append(node)
        for edge in node.outgoing:
            at = (edge.target.key, edge.target.version)
            waiting[at] -= 1
            if not waiting[at]:
                ready.append(at)
    return tuple(order)


def _circles(left: dict[tuple[str, int], Node]) -> list[list[Node]]:
    """Lots that flow into each other (Kosaraju): by where walks along the edges end, then against the edges."""
    ended: list[Node] = []
    seen: set[tuple[str, int]] = set()
    for at in sorted(left):
        _walk(left[at], left, seen, ended, back=False)
    found = []
    seen = set()
    for node in reversed(ended):
        circle: list[Node] = []
        _walk(node, left, seen, circle, back=True)
        if len(circle) > 1 or any(edge.source is node for edge in node.incoming):
            found.append(circle)
    return found


def _walk(
    start: Node,
    left: dict[tuple[str, int], Node],
    seen: set[tuple[str, int]],
    ended: list[Node],
    *,
    back: bool,
) -> None:
    """Depth first over what was not seen; nodes are added when everything after them was."""
    rest = [(start, False)]
    while rest:
        node, done = rest.pop()
        at = (node.key, node.version)
        if done:
            ended.append(node)
        elif at in left and at not in seen:
            seen.add(at)
            rest.append((node, True))
            edges = node.incoming if back else node.outgoing
            rest += [(edge.source if back else edge.target, False) for edge in reversed(edges)]


def _cut(circles: list[list[Node]]) -> None:
    """Take the edges inside a circle away: what came that way is unknown."""
    for circle in circles:
        inside = {(node.key, node.version) for node in circle}
        for node in circle:
            for edge in [one for one in node.incoming if (one.source.key, one.source.version) in inside]:
                node.cut = True
                node.incoming.remove(edge)
                edge.source.outgoing.remove(edge)
                for name, value in edge.masses.items():
                    node.unknown[name] = node.unknown.get(name, 0) + value
