"""The lot graph as arrays: rows in topological order, in-edges and out-edges side by side.

A row is a lot version. Callers number lots 0, 1, ... as they like (`nodes`); rows are numbered so that what flows into
a row stands before it. Weights of composition: of a substance, what flows along an edge divided by everything that
flows into its target. What is missing to one flows in from nobody known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import Factory, field, frozen

from lodeline.lots.kernel import loops
from lodeline.lots.kernel.running import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lodeline.lots.kernel.scratch import Scratch

    Ints = NDArray[np.int32]
    Floats = NDArray[Any]

LARGEST = 2**31 - 1


class Circle(ValueError):  # noqa: N818 - what it is, in the words of the graph
    """Lots that flow into themselves. `nodes`: their numbers, or those of lots behind them."""

    def __init__(self, nodes: list[int]) -> None:
        super().__init__(f"lots flow into themselves, among them numbers {nodes[:10]}")
        self.nodes = nodes


def locked(array: NDArray[Any]) -> NDArray[Any]:
    """The array, unwritable: what is shared is not written to, and the compiler sees one kind of array."""
    found = np.asarray(array)
    found.flags.writeable = False
    return found


@frozen(kw_only=True, eq=False)
class Compressed:
    """In-edges `indptr`, `sources` with `weights` by substance; out-edges `out_indptr`, `targets`.

    `nodes`: row to number of the lot, `rows`: number to row. `masses`: mg of a substance in each row's lot when it was
    made; `left`: the share of it that is still there, 0 to 1.
    """

    indptr: Ints
    sources: Ints
    out_indptr: Ints
    targets: Ints
    nodes: Ints
    rows: Ints
    weights: Mapping[str, Floats]
    masses: Mapping[str, NDArray[np.int64]] = Factory(dict)
    left: Floats | None = None
    untouched: NDArray[np.uint8] = field(init=False, repr=False)
    pool: list[Scratch] = field(init=False, factory=list, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "untouched", locked(np.zeros(self.size, np.uint8)))

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.nodes)

    @property
    def edges(self) -> int:
        """How many edges there are."""
        return len(self.sources)

    @property
    def depth(self) -> int:
        """Edges on the longest way."""
        depths = np.zeros(self.size, np.int32)
        run(loops.deepen, self.edges, self.indptr, self.sources, depths)
        return int(depths.max(initial=0))

    def unknown(self, substance: str) -> NDArray[np.float64]:
        """The share of what flows into each row that no lot brings; nothing for rows that nothing flows into."""
        starts = self.indptr[:-1]
        full = self.indptr[1:] > starts
        missing = np.zeros(self.size)
        if self.edges:
            known = np.add.reduceat(self.weights[substance], starts[full], dtype=np.float64)
            missing[full] = np.maximum(1.0 - known, 0.0)
        return missing

    def bytes(self) -> dict[str, int]:
        """Bytes of the structure, of each substance's weights, and of the facts about lots."""
        structure = (self.indptr, self.sources, self.out_indptr, self.targets, self.nodes, self.rows)
        facts = [*self.masses.values(), *([self.left] if self.left is not None else [])]
        found = {"structure": sum(one.nbytes for one in structure)}
        found |= {f"weights {name}": one.nbytes for name, one in self.weights.items()}
        return found | {"lots": sum(one.nbytes for one in facts)}


def compress(
    size: int,
    sources: NDArray[Any],
    targets: NDArray[Any],
    weights: Mapping[str, NDArray[Any]],
    *,
    masses: Mapping[str, NDArray[Any]] | None = None,
    left: NDArray[Any] | None = None,
    fast: bool | None = None,
) -> Compressed:
    """The graph of `size` lots from edges in any order, between their numbers. Raises `Circle`, `ValueError`.

    Parallel edges stay. Lots that are mixed together get rows close together: the sweep is bound by memory.
    """
    sources, targets = _numbers(sources, size, "sources"), _numbers(targets, size, "targets")
    edges = len(sources)
    if len(targets) != edges or any(len(one) != edges for one in weights.values()):
        raise ValueError("sources, targets and weights must be of one length")
    for name, column in weights.items():
        if edges and not (np.isfinite(column).all() and column.min() >= 0):
            raise ValueError(f"weights of {name} must be numbers from zero up")
    nodes = _settled(size, sources, targets, fast=fast)
    rows = np.empty(size, np.int32)
    rows[nodes] = np.arange(size, dtype=np.int32)
    sources, targets = rows[sources], rows[targets]
    indptr, places = _grouped(targets, size, fast=fast)
    ordered = bool(edges == 0 or (targets[1:] >= targets[:-1]).all())
    if not ordered:
        sources, targets = sources[places], targets[places]
    out_indptr, out_places = _grouped(sources, size, fast=fast)
    return Compressed(
        indptr=locked(indptr),
        sources=locked(sources),
        out_indptr=locked(out_indptr),
        targets=locked(targets[out_places]),
        nodes=locked(nodes),
        rows=locked(rows),
        weights={name: locked(_floats(one if ordered else one[places])) for name, one in weights.items()},
        masses={name: locked(np.asarray(one, np.int64)[nodes]) for name, one in (masses or {}).items()},
        left=None if left is None else locked(np.asarray(left, np.float64)[nodes]),
    )


def _numbers(array: NDArray[Any], size: int, name: str) -> Ints:
    found = np.asarray(array)
    if size > LARGEST or len(found) > LARGEST:
        raise ValueError(f"at most {LARGEST} lots and edges in one graph")
    if len(found) and not (found.min() >= 0 and found.max() < size):
        raise ValueError(f"{name} must be numbers of lots, 0 to {size - 1}")
    return found.astype(np.int32, copy=False)


def _floats(array: NDArray[Any]) -> Floats:
    """A column of its own: the caller may go on writing to what it handed over."""
    return np.array(array, np.float32 if np.asarray(array).dtype == np.float32 else np.float64)


def _grouped(keys: Ints, size: int, *, fast: bool | None) -> tuple[Ints, Ints]:
    indptr, cursor = np.zeros(size + 1, np.int32), np.empty(size, np.int32)
    places = np.empty(len(keys), np.int32)
    run(loops.group, len(keys), keys, indptr, cursor, places, fast=fast)
    return indptr, places


def _settled(size: int, sources: Ints, targets: Ints, *, fast: bool | None) -> Ints:
    indptr, places = _grouped(sources, size, fast=fast)
    waiting = np.bincount(targets, minlength=size).astype(np.int32)
    order = np.empty(size, np.int32)
    filled = run(loops.settle, len(sources), indptr, targets[places], waiting, order, fast=fast)
    if filled < size:
        raise Circle(np.flatnonzero(waiting > 0).tolist())
    return order
