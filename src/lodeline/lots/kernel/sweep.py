"""The sweep: one pass over the rows in topological order, over a choice of semiring.

Values are a matrix of rows by columns: a column is a question (a mine, a kind of custody, a footprint), a row the
answer for a lot. What goes in are the lots' own values; what comes out are those of everything that flowed in, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from attrs import frozen

from lodeline.lots.kernel import loops
from lodeline.lots.kernel.compressed import locked
from lodeline.lots.kernel.running import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Compressed, Floats

Semiring = Literal["amounts", "worst"]
LOOPS = {"amounts": loops.add_up, "worst": loops.worst}


def sweep(
    graph: Compressed,
    weights: str | Floats,
    own: Floats,
    semiring: Semiring = "amounts",
    *,
    fast: bool | None = None,
) -> Floats:
    """Carry `own` (rows by columns) forward. `weights`: a substance, or a number for each edge of ours.

    amounts (+, x): shares, or, with kilograms in per kilogram out as weights, what was embedded. worst (max, x): the
    most that comes over any single way. Columns are swept in the type they come in.
    """
    column = _column(graph, weights)
    values = np.array(_matrix(own, graph.size), order="C")
    if values.size:
        run(LOOPS[semiring], graph.edges, graph.indptr, graph.sources, column, values, fast=fast)
    return values


def shares(graph: Compressed, weights: str | Floats, values: Floats, *, fast: bool | None = None) -> Floats:
    """The sweep over amounts where only lots that begin have values of their own, in place.

    Rows of `values` that something flows into are overwritten and never read, so the matrix may be used again.
    """
    if not (values.flags.c_contiguous and values.flags.writeable and _matrix(values, graph.size) is values):
        raise ValueError("values must be a matrix of floats that can be written to, row after row")
    if values.size:
        run(loops.blend, graph.edges, graph.indptr, graph.sources, _column(graph, weights), values, fast=fast)
    return values


def contributions(
    graph: Compressed, weights: str | Floats, wanted: Floats, *, fast: bool | None = None
) -> Floats:
    """The adjoint of the sweep over amounts: how much of the `wanted` of some rows each row contributed."""
    values = np.array(_matrix(wanted, graph.size), order="C")
    if values.size:
        run(
            loops.give_back,
            graph.edges,
            graph.indptr,
            graph.sources,
            _column(graph, weights),
            values,
            fast=fast,
        )
    return values


def bounds(
    graph: Compressed,
    substance: str,
    low: Floats,
    high: Floats,
    *,
    most: float = 1.0,
    fast: bool | None = None,
) -> tuple[Floats, Floats]:
    """Lower and upper values where some of what flows in is unknown: it may hold nothing, and at most `most`."""
    above = np.array(_matrix(high, graph.size), order="C")
    above += most * graph.unknown(substance)[:, None].astype(above.dtype)
    return sweep(graph, substance, low, fast=fast), sweep(graph, substance, above, fast=fast)


@frozen(kw_only=True, eq=False)
class Reached:
    """Which of the questions reach which row: bit q of row v."""

    words: NDArray[np.uint64]
    questions: int

    def rows(self, question: int) -> NDArray[np.int64]:
        """The rows that a question reaches."""
        bit = np.uint64(1) << np.uint64(question % 64)
        return np.flatnonzero(self.words[:, question // 64] & bit)

    def counts(self) -> NDArray[np.int64]:
        """How many questions reach each row."""
        found: NDArray[np.int64] = np.bitwise_count(self.words).sum(axis=1, dtype=np.int64)
        return found


def reach(
    graph: Compressed, starts: Sequence[Sequence[int]], *, back: bool = False, fast: bool | None = None
) -> Reached:
    """(or, and): the rows after each group of `starts`, the starts included; with `back` those before it."""
    words = np.zeros((graph.size, max(1, -(-len(starts) // 64))), np.uint64)
    for question, rows in enumerate(starts):
        words[np.asarray(rows, np.int64), question // 64] |= np.uint64(1) << np.uint64(question % 64)
    loop = loops.join_back if back else loops.join
    if graph.size:
        run(loop, graph.edges, graph.indptr, graph.sources, words, fast=fast)
    return Reached(words=words, questions=len(starts))


def _matrix(own: Floats, size: int) -> Floats:
    found: NDArray[Any] = np.asarray(own)
    if found.dtype != np.float32:
        found = found.astype(np.float64, copy=False)
    if found.ndim != 2 or found.shape[0] != size:
        raise ValueError(f"own values must be a matrix of {size} rows")
    return found


def _column(graph: Compressed, weights: str | Floats) -> Floats:
    if isinstance(weights, str):
        return graph.weights[weights]
    if len(weights) != graph.edges:
        raise ValueError(f"one weight for each of {graph.edges} edges, in their order")
    return locked(weights)
