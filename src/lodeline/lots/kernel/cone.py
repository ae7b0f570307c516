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
from lodeline.lots.kernel.scratch import borrowed

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
    base, delta = state.base, state.delta
    return _walk(
        state, rows, loops.reach_out,
        (base.size, base.out_indptr, base.targets, state.flags, delta.out_rows, delta.out_indptr, delta.targets),
        fast=fast,
    )  # fmt: skip


def before(state: State, rows: Ints, *, fast: bool | None = None) -> Ints:
    """The rows and all that flowed into them, in topological order."""
    base, delta = state.base, state.delta
    return _walk(
        state, rows, loops.reach_in,
        (base.indptr, base.sources, state.flags, delta.rows, delta.indptr, delta.sources),
        fast=fast,
    )  # fmt: skip


def _walk(state: State, rows: Ints, loop: Any, edges: tuple[Any, ...], *, fast: bool | None) -> Ints:
    starts = np.unique(rows).astype(np.int32)
    with borrowed(state.base.pool, state.size) as room:
        room.seen[starts] = 1
        room.found[: len(starts)] = starts
        filled = run(loop, state.edges, *edges, room.seen, room.found, len(starts), fast=fast)
        found = np.sort(room.found[:filled])
        room.seen[found] = 0
    return _ordered(state, found, fast=fast)


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
    most = _in_edges(state, rows)
    into, froms = np.zeros(len(rows) + 1, np.int32), np.empty(most, np.int32)
    shares, shut = np.empty(most, np.float64), np.zeros(len(rows), np.uint8)
    with borrowed(base.pool, state.size) as room:
        room.slots[rows] = np.arange(1, len(rows) + 1, dtype=np.int32)
        if closed is not None:
            shut[room.slots[closed] - 1] = 1
        filled = run(
            loops.gather, state.edges, base.indptr, base.sources, weights, state.flags, delta.rows, delta.indptr,
            delta.sources, locked(np.zeros(0)) if own is None else own, locked(rows), shut, room.slots, into, froms,
            shares, fast=fast,
        )  # fmt: skip
        room.slots[rows] = 0
    return Cone(
        state=state,
        rows=rows,
        indptr=locked(into),
        sources=locked(froms[:filled]),
        shares=locked(shares[:filled]),
    )


def _in_edges(state: State, rows: Ints) -> int:
    """At least as many as the rows have in-edges."""
    base, delta = state.base, state.delta
    old = rows[rows < base.size] if delta.new else rows
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
