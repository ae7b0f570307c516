"""The part of a record that decides about some lots: enough for their edges, not the whole record.

A lot version depends on the transformations that made it, on all that was ever drawn from it, and on what was packed
where. Whoever follows a trail needs that for the lots on it, and for what else went into the same transformations only
what it was. So a trace costs what lies on the trail, however large the record has grown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import evolve, frozen

from lodeline.lots.build import build
from lodeline.lots.containment import NESTING, Packing
from lodeline.lots.values import Made, Used

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from lodeline.lots.graph import Graph

Row = Made | Used | Packing
APART = "\0"
"""Ends the name of a transformation of which only a part is at hand: nothing is joined on it."""


class Record(Protocol):
    """What can be asked of a record. Each row comes with a number of its own, the same each time."""

    def of_lots(self, keys: Collection[str]) -> Iterable[tuple[int, Row]]:
        """What was made of these, drawn from them, and where they were packed."""

    def of_groups(self, groups: Collection[str]) -> Iterable[tuple[int, Row]]:
        """All inputs and outputs of these transformations."""

    def inside(self, parents: Collection[str]) -> Iterable[tuple[int, Row]]:
        """What was put into these and taken out of them."""


@frozen(kw_only=True, eq=False)
class Near:
    """`graph` is right about the lots of `whole`; other lots in it are there as inputs and outputs of theirs."""

    graph: Graph
    whole: frozenset[str]


class Gathering:
    """Rows read so far. Nothing is asked for twice."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.rows: dict[int, Row] = {}
        self.by_lot: dict[str, list[Row]] = {}
        self.by_group: dict[str, list[Row]] = {}
        self.by_parent: dict[str, list[Packing]] = {}
        self.whole: set[str] = set()
        self._lots: set[str] = set()
        self._groups: set[str] = set()
        self._parents: set[str] = set()

    def lots(self, keys: Iterable[str]) -> None:
        """Read all rows of these lots."""
        self._read(keys, self._lots, self.record.of_lots)

    def groups(self, names: Iterable[str]) -> None:
        """Read all rows of these transformations; what was made without one is none."""
        self._read((name for name in names if name), self._groups, self.record.of_groups)

    def parents(self, keys: Iterable[str]) -> None:
        """Read what was packed in these."""
        self._read(keys, self._parents, self.record.inside)

    def _read(
        self,
        names: Iterable[str],
        known: set[str],
        ask: Callable[[Collection[str]], Iterable[tuple[int, Row]]],
    ) -> None:
        wanted = set(names) - known
        if not wanted:
            return
        known |= wanted
        for number, row in ask(wanted):
            if number in self.rows:
                continue
            self.rows[number] = row
            if isinstance(row, Packing):
                self.by_parent.setdefault(row.parent, []).append(row)
                self.by_lot.setdefault(row.key or row.parent, []).append(row)
            else:
                self.by_lot.setdefault(row.key, []).append(row)
                self.by_group.setdefault(row.group, []).append(row)

    def made_in(self, keys: Iterable[str]) -> set[str]:
        """The transformations that these lots came out of."""
        rows = (row for key in keys for row in self.by_lot.get(key, ()))
        return {row.group for row in rows if isinstance(row, Made)} - {""}

    def used_in(self, keys: Iterable[str]) -> set[str]:
        """The transformations that these lots went into by name."""
        return {row.group for key in keys for row in self.by_lot.get(key, ()) if isinstance(row, Used)}

    def containers(self, keys: Iterable[str]) -> set[str]:
        """What these were ever packed in, and what that was packed in."""
        found: set[str] = set()
        layer = set(keys)
        for _ in range(NESTING):
            rows = (row for key in layer for row in self.by_lot.get(key, ()))
            layer = {row.parent for row in rows if isinstance(row, Packing) and row.key} - found
            if not layer:
                break
            found |= layer
            self.lots(layer)
        return found

    def contents(self, keys: Iterable[str]) -> set[str]:
        """What was ever packed in these, and in that."""
        found: set[str] = set()
        layer = set(keys)
        for _ in range(NESTING):
            self.parents(layer)
            layer = {row.key for key in layer for row in self.by_parent.get(key, ()) if row.key} - found
            if not layer:
                break
            found |= layer
            self.lots(layer)
        return found

    def inputs(self, groups: Iterable[str]) -> set[str]:
        """What went into some transformations, by name and in containers."""
        rows = (row for group in groups for row in self.by_group.get(group, ()))
        named = {row.key for row in rows if isinstance(row, Used)}
        self.lots(named)
        return named | self.contents(named)

    def outputs(self, groups: Iterable[str]) -> set[str]:
        """What came out of some transformations."""
        rows = (row for group in groups for row in self.by_group.get(group, ()))
        return {row.key for row in rows if isinstance(row, Made)}

    def consumed_in(self, keys: Collection[str]) -> set[str]:
        """The transformations that these lots went into, by name or in a container. All of each is read."""
        around = self.containers(keys)
        groups = self.used_in(keys) | self.used_in(around)
        self.groups(groups)
        self.inputs(groups)
        return groups

    def complete(self, keys: Iterable[str], *, onward: bool) -> tuple[set[str], set[str]]:
        """Read what decides about these lots; their inputs, and with `onward` what was made of them."""
        wanted = set(keys)
        self.lots(wanted)
        self.whole |= wanted
        groups = self.made_in(wanted)
        self.groups(groups)
        before = self.inputs(groups)
        packed = {key for key in wanted if any(isinstance(row, Packing) for row in self.by_lot.get(key, ()))}
        after = self.consumed_in(wanted if onward else packed)
        return before, self.outputs(after) if onward else set()

    def near(self) -> Near:
        """The graph of what was read."""
        made, used, packings = [], [], []
        for row in self.rows.values():
            if isinstance(row, Packing):
                packings.append(row)
            elif isinstance(row, Made):
                partly = row.group and row.group not in self._groups
                made.append(evolve(row, group=row.group + APART) if partly else row)
            else:
                used.append(row if row.group in self._groups else evolve(row, group=row.group + 2 * APART))
        return Near(graph=build(made, used, packings), whole=frozenset(self.whole))


def around(record: Record, keys: Iterable[str], *, onward: bool) -> Near:
    """Everything behind some lots or, with `onward`, everything after them."""
    gathering = Gathering(record)
    layer = set(keys)
    while layer:
        before, after = gathering.complete(layer, onward=onward)
        layer = (after if onward else before) - gathering.whole
    return gathering.near()
