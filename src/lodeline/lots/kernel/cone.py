"""What lies after some lots, or before them, as a small graph of its own.

Recall, contribution and correction look at a few thousand rows of ten millions. They are found along the edges, put
in topological order, and swept like a whole graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from lodeline.lots.kernel import loops
from lodeline.lots.kernel.compressed import Circle, compress, locked
from lodeline.lots.kernel.running import run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Floats, Ints
    from lodeline.lots.kernel.delta import State


@frozen(kw_only=True, eq=False)
class Cone:
    """`rows` of a state in topological order, and the in-edges among them: over places in `rows`."""

    state: State
    rows: Ints
    indptr: Ints
    sources: Ints
    shares: Floats

    def sweep(self, own: Floats, *, worst: bool = False, fast: bool | None = None) -> Floats:
        """Carry own values (places by columns) forward."""
        loop = loops.worst if worst else loops.add_up
        found: Floats = self._run(loop, own, self.shares, fast=fast)
        return found

    def give_back(self, wanted: Floats, *, fast: bool | None = None) -> Floats:
        """The adjoint: how much each place contributed to what is `wanted`."""
        found: Floats = self._run(loops.give_back, wanted, self.shares, fast=fast)
        return found

    def join_back(self, words: NDArray[np.uint64], *, fast: bool | None = None) -> NDArray[np.uint64]:
        """Which questions each place lies before: bits."""
        found: NDArray[np.uint64] = self._run(loops.join_back, words, fast=fast)
        return found

    def _run(self, loop: Any, values: Any, *more: Any, fast: bool | None) -> Any:
        found = np.array(values, order="C")
        if found.size:
            run(loop, self.state.edges, self.indptr, self.sources, *more, found, fast=fast)
        return found


def after(state: State, rows: Ints, *, fast: bool | None = None) -> Ints:
    """The rows and all that lies after them, in topological order. Raises `Circle`."""
    seen, found, filled = _begin(state, rows)
    base, delta = state.base, state.delta
    filled = run(
        loops.reach_out, state.edges, base.size, base.out_indptr, base.targets, state.flags, delta.out_rows,
        delta.out_indptr, delta.targets, seen, found, filled, fast=fast,
    )  # fmt: skip
    return _ordered(state, np.sort(found[:filled]), fast=fast)


def before(state: State, rows: Ints, *, fast: bool | None = None) -> Ints:
    """The rows and all that flowed into them, in topological order."""
    seen, found, filled = _begin(state, rows)
    base, delta = state.base, state.delta
    filled = run(
        loops.reach_in, state.edges, base.indptr, base.sources, state.flags, delta.rows, delta.indptr, delta.sources,
        seen, found, filled, fast=fast,
    )  # fmt: skip
    return _ordered(state, np.sort(found[:filled]), fast=fast)


def _begin(state: State, rows: Ints) -> tuple[NDArray[np.uint8], Ints, int]:
    starts = np.unique(rows).astype(np.int32)
    seen, found = np.zeros(state.size, np.uint8), np.empty(state.size, np.int32)
    seen[starts] = 1
    found[: len(starts)] = starts
    return seen, found, len(starts)


def cone(
    state: State,
    rows: Ints,
    substance: str,
    *,
    closed: Ints | None = None,
    fast: bool | None = None,
) -> Cone:
    """The small graph over `rows`, weighted by a substance. Nothing flows into `closed` rows: starts of a recall."""
    base, delta = state.base, state.delta
    own = delta.weights.get(substance)
    weights = base.weights[substance]
    slots = np.zeros(state.size, np.int32)
    slots[rows] = np.arange(1, len(rows) + 1, dtype=np.int32)
    shut = np.zeros(len(rows), np.uint8)
    if closed is not None:
        shut[slots[closed] - 1] = 1
    most = _in_edges(state, rows)
    into, froms = np.zeros(len(rows) + 1, np.int32), np.empty(most, np.int32)
    shares = np.empty(most, np.float64)
    filled = run(
        loops.gather, state.edges, base.indptr, base.sources, weights, state.flags, delta.rows, delta.indptr,
        delta.sources, locked(np.zeros(0)) if own is None else own, locked(rows), shut, slots, into, froms, shares,
        fast=fast,
    )  # fmt: skip
    return Cone(
        state=state,
        rows=rows,
        indptr=locked(into),
        sources=locked(froms[:filled]),
        shares=locked(shares[:filled]),
    )


def _in_edges(state: State, rows: Ints) -> int:
    """How many in-edges the rows have."""
    base, delta = state.base, state.delta
    old = rows[rows < base.size]
    most = int((base.indptr[old + 1] - base.indptr[old]).sum(dtype=np.int64))
    return most + len(delta.sources)


def _ordered(state: State, rows: Ints, *, fast: bool | None) -> Ints:
    """Rows by number are in order unless a correction turned an edge round."""
    if state.delta.ordered:
        return rows
    small = cone(state, rows, next(iter(state.base.weights)), fast=fast)
    targets = np.repeat(np.arange(len(rows), dtype=np.int32), np.diff(small.indptr))
    try:
        return rows[compress(len(rows), small.sources, targets, {}, fast=fast).nodes]
    except Circle as circle:
        raise Circle(state.nodes(rows[circle.nodes]).tolist()) from None


@frozen(kw_only=True, eq=False)
class Update:
    """New answers of the rows that changed: `values` by place in `rows`."""

    rows: Ints
    values: Floats


def update(state: State, substance: str, known: Floats, own: Floats, *, fast: bool | None = None) -> Update:
    """Answers of the appended and the corrected lots and of all that lies after them; the others stay.

    `known`: the answers of the snapshot; `own`: own values of every row, or of the rows of the snapshot when new lots
    have none.
    """
    rows = after(state, state.delta.rows, fast=fast)
    base, columns = state.base, known.shape[1]
    inside = np.zeros(state.size, np.uint8)
    inside[rows] = 1
    edges = _brought(state, rows)
    outside = np.unique(edges[inside[edges] == 0])
    small = cone(state, np.concatenate([outside, rows]), substance, closed=outside, fast=fast)
    values = np.zeros((len(small.rows), columns))
    values[: len(outside)] = known[outside]
    mine = rows < (base.size if len(own) == base.size else state.size)
    values[len(outside) :][mine] = own[rows[mine]]
    return Update(rows=rows, values=small.sweep(values, fast=fast)[len(outside) :])


def _brought(state: State, rows: Ints) -> Ints:
    """The sources of all in-edges of some rows."""
    base, delta = state.base, state.delta
    old = rows[(rows < base.size) & (state.flags[rows] & loops.CORRECTED == 0)]
    starts, ends = base.indptr[old], base.indptr[old + 1]
    lengths = ends - starts
    places = np.repeat(starts - np.append(0, np.cumsum(lengths)[:-1]), lengths) + np.arange(lengths.sum())
    return np.concatenate([base.sources[places], delta.sources])
