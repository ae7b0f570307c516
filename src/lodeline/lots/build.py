"""From what was made, used and packed to the lot graph.

A new version of a lot begins when mass enters its code again, so that rework and topped-up tanks make no circles.
What the inputs of a transformation do not explain enters as unknown and stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.containment import opened
from lodeline.lots.graph import Edge, Graph, Node, sort
from lodeline.lots.values import SUBSTANCES, Made, Used, milligrams

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lodeline.lots.containment import Packing

# Outputs may hold this much more of a substance than their inputs before the excess counts as unknown:
# assays of both sides carry errors of about this size.
TOLERANCE_NUMERATOR, TOLERANCE_DENOMINATOR = 2, 100
# A transformation with more pairs of input and output than this gets a node of its own between them, so that the
# number of edges grows with the number of lots and not with its square. It is called MIXTURE and its group.
PAIRS = 2_000
MIXTURE = "urn:x-lodeline:mixture:"


def build(made: Iterable[Made], used: Iterable[Used], packings: Iterable[Packing] = ()) -> Graph:
    """The graph of all that was made, used and packed. The order in which they are given plays no part."""
    nodes = _versions(made)
    outputs: dict[str, list[Node]] = defaultdict(list)
    for node in nodes.values():
        for group in {one.group for one in node.made if one.group}:
            outputs[group].append(node)
    inputs: dict[str, list[Used]] = defaultdict(list)
    for use in opened(used, packings, {key for key, _ in nodes}):
        inputs[use.group].append(use)
    for group in sorted({*outputs, *inputs}):  # inputs only: a transformation in progress
        _join(nodes, group, inputs.get(group, []), outputs.get(group, []))
    _carry(nodes)
    order, circles = sort(nodes)
    return Graph(nodes=nodes, order=order, circles=circles)


def _versions(made: Iterable[Made]) -> dict[tuple[str, int], Node]:
    """What one transformation puts into a lot is one version; all commissioning together is another."""
    by_key: dict[str, dict[str, list[Made]]] = defaultdict(lambda: defaultdict(list))
    for one in made:
        by_key[one.key][one.group].append(one)
    nodes: dict[tuple[str, int], Node] = {}
    for key in sorted(by_key):
        runs = sorted(by_key[key].values(), key=lambda run: (min(one.time for one in run), run[0].group))
        for number, run in enumerate(runs, 1):
            if len(run) > 1:  # the log position decides only between equals
                run.sort(key=lambda one: (one.time, str(one.amount), str(one.description), one.position))
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


@frozen
class _Part:
    """What one lot version brings into a transformation."""

    source: Node
    mass: int | None
    masses: dict[str, int]
    position: int

    def plus(self, other: _Part) -> _Part:
        mass = None if self.mass is None or other.mass is None else self.mass + other.mass
        return _Part(self.source, mass, _sum([self.masses, other.masses]), min(self.position, other.position))


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for name, mass in part.items():
            found[name] = found.get(name, 0) + mass
    return found


def _join(nodes: dict[tuple[str, int], Node], group: str, uses: list[Used], targets: list[Node]) -> None:
    """Edges of one transformation: every output gets the mixture of all inputs."""
    parts: dict[tuple[str, int], _Part] = {}
    blind = not uses
    for use in sorted(uses, key=lambda one: (one.key, one.position)):
        source = _at(nodes, use)
        if source is None:
            blind = True  # an input nobody has described
            continue
        part = _part(source, use)
        blind = blind or part.mass is None or not source.made[-1].description.composition
        at = (source.key, source.version)
        parts[at] = parts[at].plus(part) if at in parts else part
    for part in parts.values():
        part.source.drawn += part.mass or 0
    taken, given = _sum(part.masses for part in parts.values()), _sum(node.masses for node in targets)
    if len(parts) * len(targets) > PAIRS:
        parts = _mixture(nodes, group, list(parts.values()), taken)
    for target in targets:
        for part in parts.values():
            _link(part, target, group)
        for name in SUBSTANCES:
            missing = _missing(
                taken.get(name, 0), given.get(name, 0), stated=name in target.masses, blind=blind
            )
            if missing:
                target.unknown[name] = target.unknown.get(name, 0) + missing


def _part(source: Node, use: Used) -> _Part:
    description = source.made[-1].description
    mass = milligrams(use.amount, use.uom, description.unit_mass)
    if use.amount is None:
        mass = source.mass  # used whole
    masses = {name: round((mass or 0) * share) for name, share in description.composition.items()}
    return _Part(source, mass, masses, use.position)


def _link(part: _Part, target: Node, group: str) -> None:
    edge = Edge(
        source=part.source, target=target, group=group, position=part.position, mass=part.mass,
        masses={name: mass for name, mass in part.masses.items() if mass},
    )  # fmt: skip
    target.incoming.append(edge)
    part.source.outgoing.append(edge)


def _mixture(
    nodes: dict[tuple[str, int], Node], group: str, parts: list[_Part], masses: dict[str, int]
) -> dict[tuple[str, int], _Part]:
    """A node between many inputs and many outputs."""
    known = [part.mass for part in parts]
    mass = None if None in known else sum(part or 0 for part in known)
    first = min(parts, key=lambda part: (part.source.first.time, part.source.key))
    made = Made(
        key=MIXTURE + group, time=first.source.first.time, position=first.position, group="",
        amount=None, uom=None, site="", party="",
    )  # fmt: skip
    node = Node(key=made.key, version=1, made=(made,), mass=mass, masses=masses, drawn=mass or 0)
    nodes[node.key, 1] = node
    for part in parts:
        _link(part, node, group)
    return {(node.key, 1): _Part(node, mass, masses, made.position)}


def _missing(taken: int, given: int, *, stated: bool, blind: bool) -> int:
    """What the inputs leave unexplained of the outputs, on the scale of the inputs; mg."""
    if stated:
        excess = given - taken
        over = excess * TOLERANCE_DENOMINATOR > given * TOLERANCE_NUMERATOR
        return excess if over else 0
    return max(taken, 1) if blind else 0  # how much is not known: half of it, or all


def _carry(nodes: dict[tuple[str, int], Node]) -> None:
    """What is left of a version flows into the next one."""
    for (key, number), node in sorted(nodes.items()):
        following = nodes.get((key, number + 1))
        left = node.left
        if following is None or not left:
            continue
        stated = node.made[-1].description.composition
        masses = {name: round(left * part) for name, part in stated.items()}
        _link(_Part(node, left, masses, following.first.position), following, "")
        node.drawn += left
        following.mass = None if following.mass is None else following.mass + left
        following.masses = _sum([following.masses, masses])
