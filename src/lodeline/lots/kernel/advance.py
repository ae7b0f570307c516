"""The kernel follows the record: what came or was declared wrong changes its own edges, and nothing else is read.

The rule: a lot's in-edges depend on the transformations it came out of and on what went into those; what is left of it
depends on all that was drawn. So from the rows that changed follow the lots to look at again, the part of the record
that decides about them is read (`nearby`), and the difference goes into the delta.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import Factory, evolve, frozen

from lodeline.lots.build import MIXTURE
from lodeline.lots.containment import Packing
from lodeline.lots.kernel.bridge import BY_MASS, PER_KG, compressed, left, made, weights
from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.delta import State
from lodeline.lots.kernel.names import Names
from lodeline.lots.nearby import Gathering
from lodeline.lots.values import SUBSTANCES, Made, Used

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lodeline.lots.graph import Graph, Node
    from lodeline.lots.nearby import Record, Row

MASSES = (*SUBSTANCES, BY_MASS)
COLUMNS = (*MASSES, PER_KG)
WORN = 0.05
"""Edges in the delta for each in the snapshot from which on a rebuild pays."""
SMALL = 20_000
"""Edges that a delta may have whatever the size of the snapshot."""


class Entangled(ValueError):  # noqa: N818 - what the record is
    """Lots flow into themselves: which edges are cut depends on the whole record, and it has to be read whole."""


@frozen(kw_only=True, eq=False)
class Standing:
    """The kernel's graph and what its numbers are called. `tangled`: edges were cut because they closed a circle."""

    state: State
    names: Names = Factory(Names)
    tangled: bool = False

    @property
    def worn(self) -> bool:
        """Whether a new snapshot pays."""
        changed = len(self.state.delta.sources)
        return changed > SMALL and self.state.worn > WORN

    @property
    def clean(self) -> bool:
        """Whether nothing came after the snapshot."""
        delta = self.state.delta
        return not (delta.new or len(delta.rows) or delta.left or delta.restated)

    def settled(self) -> Standing:
        """The same in one piece, without a delta."""
        names = Names(arrays=self.names.settled())
        return Standing(state=State(base=self.state.rebuilt(), position=self.state.position), names=names)


def empty() -> Standing:
    """Before the first lot."""
    nothing = np.zeros(0, np.int64)
    columns = {name: np.zeros(0) for name in COLUMNS}
    masses = dict.fromkeys(MASSES, nothing)
    return Standing(state=State(base=compress(0, nothing, nothing, columns, masses=masses, left=np.zeros(0))))


def whole(graph: Graph, position: int) -> Standing:
    """From the whole record at once."""
    names = Names().plus((node.key, node.version) for node in graph.order)
    return Standing(
        state=State(base=compressed(graph, SUBSTANCES), position=position),
        names=Names(arrays=names.settled()),
        tangled=bool(graph.circles),
    )


def advance(standing: Standing, record: Record, changed: Sequence[Row], position: int) -> Standing:
    """With the rows that came or ceased to count below `position`; `record` is asked as of there.

    Equal to reading the whole record anew, but for the numbers. Raises `Entangled`.
    """
    if not changed:
        return evolve(standing, state=evolve(standing.state, position=position))
    if standing.tangled:
        raise Entangled("in a circle: what was cut may belong together again")
    gathering = Gathering(record)
    flowed, drawn, groups = _concerned(gathering, changed, standing.names)
    gathering.complete(flowed, onward=False)
    graph = gathering.near().graph
    if graph.circles:
        raise Entangled(f"in a circle: {', '.join(graph.circles[:5])}")
    return _changed(standing, graph, flowed, drawn - flowed, groups, position)


def _concerned(
    gathering: Gathering, changed: Sequence[Row], names: Names
) -> tuple[set[str], set[str], set[str]]:
    """Lots whose in-edges are looked at anew, lots of which another amount is left, and the transformations."""
    remade = {row.key for row in changed if isinstance(row, Made)}
    used = {row.key for row in changed if isinstance(row, Used)}
    packed = {row.parent for row in changed if isinstance(row, Packing)}
    unpacked = {row.key for row in changed if isinstance(row, Packing) and row.key}
    groups = {row.group for row in changed if not isinstance(row, Packing)} - {""}
    gathering.lots(remade | used | packed | unpacked)
    packed |= gathering.containers(packed)
    groups |= gathering.used_in(packed | gathering.containers(used))  # what was used up counts once
    groups |= gathering.consumed_in(remade | unpacked)
    gathering.groups(groups)
    drawn = gathering.inputs(groups) | used | unpacked | gathering.contents(used | packed | unpacked)
    gathering.lots(drawn)
    flowed = gathering.outputs(groups) | remade
    flowed |= {key for key in drawn if _goes_on(key, gathering, names)}
    rest = drawn - flowed
    gathering.consumed_in({key for key in rest if gathering.containers({key})})
    return flowed, drawn, groups


def _goes_on(key: str, gathering: Gathering, names: Names) -> bool:
    """Whether what is left of a version may flow into the next one: more was put into the lot."""
    made = gathering.made_in({key})
    return len(made) > 1 or names.number(key, 2) is not None or not made.isdisjoint(gathering.used_in({key}))


def _changed(
    standing: Standing, graph: Graph, flowed: set[str], drawn: set[str], groups: set[str], position: int
) -> Standing:
    between = {node.key for node in graph.order if node.key.startswith(MIXTURE)}
    nodes = [node for node in graph.order if node.key in flowed or node.key in between]
    known = {(node.key, node.version): standing.names.number(node.key, node.version) for node in nodes}
    names = standing.names.plus(name for name, number in known.items() if number is None)
    fresh = [node for node in nodes if known[node.key, node.version] is None]
    old = [node for node in nodes if known[node.key, node.version] is not None]
    between |= {MIXTURE + group for group in groups}
    gone = list(_gone(standing.names, graph, flowed | between))
    rest = [node for node in graph.order if node.key in drawn]
    state = _appended(standing.state, names, fresh, [*old, *rest], old, gone, position)
    return Standing(state=_corrected(state, names, old, gone, position), names=names)


def _gone(names: Names, graph: Graph, keys: Iterable[str]) -> Iterable[int]:
    """Numbers of lot versions that are no more."""
    for key in keys:
        yield from names.versions(key)[len(graph.versions(key)) :]


def _number(names: Names, node: Node) -> int:
    found = names.number(node.key, node.version)
    if found is None:
        raise KeyError(f"{node.key}, version {node.version}, flows on and was never made")
    return found


def _edges(names: Names, nodes: Sequence[Node]) -> tuple[list[int], list[int], dict[str, list[float]]]:
    sources = [_number(names, edge.source) for node in nodes for edge in node.incoming]
    targets = [number for node in nodes for number in [_number(names, node)] * len(node.incoming)]
    return sources, targets, {name: [w for node in nodes for w in weights(node, name)] for name in COLUMNS}


def _appended(
    state: State,
    names: Names,
    fresh: Sequence[Node],
    moved: Sequence[Node],
    restated: Sequence[Node],
    gone: Sequence[int],
    position: int,
) -> State:
    """New lots with their edges, and what is left and was made of old ones."""
    sources, targets, columns = _edges(names, fresh)
    rest = {_number(names, node): left(node) for node in (*fresh, *moved)} | dict.fromkeys(gone, 0.0)
    masses = {name: [made(node, name) for node in fresh] for name in MASSES}
    anew = {
        name: {_number(names, node): made(node, name) for node in restated} | dict.fromkeys(gone, 0)
        for name in MASSES
    }
    return state.append(
        len(fresh), sources, targets, columns, masses=masses, left=rest, restated=anew, position=position
    )


def _corrected(state: State, names: Names, old: Sequence[Node], gone: Sequence[int], position: int) -> State:
    numbers = [_number(names, node) for node in old]
    if not numbers and not gone:
        return state
    sources, targets, columns = _edges(names, old)
    return state.correct([*numbers, *gone], sources, targets, columns, position=position)
