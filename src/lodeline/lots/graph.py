"""The lot graph: lot versions joined by transformations, weighted per substance in whole milligrams.

A new version of a lot begins when mass enters its code again, so that rework and topped-up tanks make no circles.
What the inputs of a transformation do not explain enters as unknown and stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import Factory, define, frozen

from lodeline.lots.values import SUBSTANCES, Made, Used, milligrams

if TYPE_CHECKING:
    from collections.abc import Iterable

# Outputs may hold this much more of a substance than their inputs before the excess counts as unknown:
# assays of both sides carry errors of about this size.
TOLERANCE_NUMERATOR, TOLERANCE_DENOMINATOR = 2, 100


@define(kw_only=True)
class Node:
    """One lot version. `masses`: mg of each substance whose content is stated; `mass`: mg or None."""

    key: str
    version: int
    made: tuple[Made, ...]
    mass: int | None
    masses: dict[str, int]
    incoming: list[Edge] = Factory(list)
    outgoing: list[Edge] = Factory(list)
    # mg that no input explains; without stated content: 1 when some input's content is unknown.
    unknown: dict[str, int] = Factory(dict)
    rank: int = 0
    cut: bool = False  # an edge that closed a circle was taken away

    @property
    def first(self) -> Made:
        return self.made[0]

    @property
    def source(self) -> bool:
        """True when nothing identified flows in."""
        return not self.incoming and not self.cut

    def inflow(self, substance: str) -> int:
        """Everything that flows in of a substance, unknown included: the base of the weights, mg."""
        return sum(edge.masses.get(substance, 0) for edge in self.incoming) + self.unknown.get(substance, 0)


@frozen(kw_only=True, eq=False)
class Edge:
    """Mass of each substance from one lot version into another, mg. `mass`: mg in all, None if unknown."""

    source: Node
    target: Node
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


def build(made: Iterable[Made], used: Iterable[Used]) -> Graph:
    """The graph of all that was made and used. The order in which they are given plays no part."""
    nodes = _versions(made)
    outputs: dict[str, list[Node]] = defaultdict(list)
    for node in nodes.values():
        for one in node.made:
            if one.group:
                outputs[one.group].append(node)
    inputs: dict[str, list[Used]] = defaultdict(list)
    for use in used:
        inputs[use.group].append(use)
    drawn: dict[tuple[str, int], int] = defaultdict(int)
    for group in sorted({*outputs, *inputs}):  # inputs only: a transformation in progress
        _join(nodes, group, inputs.get(group, []), outputs.get(group, []), drawn)
    _carry(nodes, drawn)
    order, circles = _sort(nodes)
    return Graph(nodes=nodes, order=order, circles=circles)


def _versions(made: Iterable[Made]) -> dict[tuple[str, int], Node]:
    """What one transformation puts into a lot is one version; all commissioning together is another."""
    by_key: dict[str, dict[str, list[Made]]] = defaultdict(lambda: defaultdict(list))
    for one in made:
        by_key[one.key][one.group].append(one)
    nodes: dict[tuple[str, int], Node] = {}
    for key in sorted(by_key):
        runs = sorted(by_key[key].values(), key=lambda run: min((one.time, one.position) for one in run))
        for number, run in enumerate(runs, 1):
            run.sort(key=lambda one: (one.time, one.position))
            known = [one.mass for one in run]
            mass = None if any(part is None for part in known) else sum(part or 0 for part in known)
            stated = run[-1].description.composition
            masses = {} if mass is None else {name: round(mass * share) for name, share in stated.items()}
            nodes[key, number] = Node(key=key, version=number, made=tuple(run), mass=mass, masses=masses)
    return nodes


def _at(nodes: dict[tuple[str, int], Node], use: Used) -> Node | None:
    """The version a use draws from: the newest that had begun; the first when the use came before all."""
    found = nodes.get((use.key, 1))
    number = 2
    while (node := nodes.get((use.key, number))) is not None and node.first.time <= use.time:
        found, number = node, number + 1
    if found is not None and any(one.group == use.group for one in found.made):
        return nodes.get((use.key, found.version - 1))  # a top-up draws from what was there before
    return found


def _join(
    nodes: dict[tuple[str, int], Node],
    group: str,
    uses: list[Used],
    targets: list[Node],
    drawn: dict[tuple[str, int], int],
) -> None:
    """Edges of one transformation: every output gets the mixture of all inputs."""
    parts: dict[tuple[str, int], tuple[int | None, dict[str, int], int]] = {}
    blind = not uses
    for use in sorted(uses, key=lambda one: (one.key, one.position)):
        source = _at(nodes, use)
        if source is None:
            blind = True  # an input nobody has described
            continue
        description = source.made[-1].description
        mass = milligrams(use.amount, use.uom, description.unit_mass)
        if mass is None and use.amount is None:
            mass = source.mass  # used whole
        if mass is None or not description.composition:
            blind = True
        at = (source.key, source.version)
        drawn[at] += mass or 0
        masses = {name: round((mass or 0) * share) for name, share in description.composition.items()}
        if at in parts:
            before = parts[at]
            mass = None if mass is None or before[0] is None else mass + before[0]
            masses = {name: masses.get(name, 0) + before[1].get(name, 0) for name in {*masses, *before[1]}}
        parts[at] = (mass, masses, use.position)
    total_out = {name: sum(node.masses.get(name, 0) for node in targets) for name in SUBSTANCES}
    total_in = {name: sum(part[1].get(name, 0) for part in parts.values()) for name in SUBSTANCES}
    for target in targets:
        for at, (mass, masses, position) in parts.items():
            edge = Edge(
                source=nodes[at], target=target, group=group, position=position, mass=mass,
                masses={name: value for name, value in masses.items() if value},
            )  # fmt: skip
            target.incoming.append(edge)
            nodes[at].outgoing.append(edge)
        for name in SUBSTANCES:
            missing = _missing(total_in[name], total_out[name], stated=name in target.masses, blind=blind)
            if missing:
                target.unknown[name] = target.unknown.get(name, 0) + missing


def _missing(taken: int, given: int, *, stated: bool, blind: bool) -> int:
    """What the inputs leave unexplained of the outputs, on the scale of the inputs; mg."""
    if stated:
        excess = given - taken
        over = excess * TOLERANCE_DENOMINATOR > given * TOLERANCE_NUMERATOR
        return excess if over else 0
    return max(taken, 1) if blind else 0  # how much is not known: half of it, or all


def _carry(nodes: dict[tuple[str, int], Node], drawn: dict[tuple[str, int], int]) -> None:
    """What is left of a version flows into the next one."""
    for (key, number), node in sorted(nodes.items()):
        following = nodes.get((key, number + 1))
        if following is None or node.mass is None:
            continue
        left = node.mass - drawn[key, number]
        if left <= 0:
            continue
        stated = node.made[-1].description.composition
        masses = {name: round(left * part) for name, part in stated.items()}
        edge = Edge(
            source=node,
            target=following,
            group="",
            position=following.first.position,
            mass=left,
            masses=masses,
        )
        node.outgoing.append(edge)
        following.incoming.append(edge)
        following.mass = None if following.mass is None else following.mass + left
        for name, value in masses.items():
            following.masses[name] = following.masses.get(name, 0) + value


def _sort(nodes: dict[tuple[str, int], Node]) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """Kahn's algorithm; edges among what is left over are a circle and are cut."""
    waiting = {at: len(node.incoming) for at, node in nodes.items()}
    ready = sorted(at for at, count in waiting.items() if not count)
    order: list[Node] = []
    while True:
        while ready:
            node = nodes[ready.pop()]
            node.rank = len(order)
            order.append(node)
            del waiting[node.key, node.version]
            for edge in node.outgoing:
                at = (edge.target.key, edge.target.version)
                waiting[at] -= 1
                if not waiting[at]:
                    ready.append(at)
        if not waiting:
            break
        return (*order, *_cut(nodes, waiting)), tuple(sorted({key for key, _ in waiting}))
    return tuple(order), ()


def _cut(nodes: dict[tuple[str, int], Node], left: dict[tuple[str, int], int]) -> list[Node]:
    """Take the edges inside a circle away: what came that way is unknown."""
    rest = []
    for at in sorted(left):
        node = nodes[at]
        for edge in [one for one in node.incoming if (one.source.key, one.source.version) in left]:
            node.cut = True
            node.incoming.remove(edge)
            edge.source.outgoing.remove(edge)
            for name, value in edge.masses.items():
                node.unknown[name] = node.unknown.get(name, 0) + value
        rest.append(node)
    return rest
