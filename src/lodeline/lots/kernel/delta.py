"""A snapshot and what came after it: appended lots and corrected ones, without touching the snapshot.

New lots flow from what there is, so an append costs its own edges. A corrected lot gets all its in-edges anew; what
it changes lies after it (`cone.update`). Both are kept in arrays over the touched rows alone. When they have grown,
`rebuilt` makes one graph of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import Factory, evolve, field, frozen

from lodeline.lots.kernel.compressed import compress, locked
from lodeline.lots.kernel.cone import after
from lodeline.lots.kernel.loops import CORRECTED, ONWARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Compressed, Floats, Ints


def _none() -> Ints:
    return locked(np.zeros(0, np.int32))


@frozen(kw_only=True, eq=False)
class Delta:
    """In-edges of the touched `rows` (`indptr`, `sources`), out-edges of `out_rows`; `flags` says which rows those are.

    Rows of the snapshot come first in `rows`, then the new ones. `restated`: mg by substance in rows of the snapshot
    that were made otherwise than it says. `ordered`: whether every lot still stands behind what flows into it.
    """

    rows: Ints = Factory(_none)
    indptr: Ints = Factory(lambda: locked(np.zeros(1, np.int32)))
    sources: Ints = Factory(_none)
    out_rows: Ints = Factory(_none)
    out_indptr: Ints = Factory(lambda: locked(np.zeros(1, np.int32)))
    targets: Ints = Factory(_none)
    weights: Mapping[str, Floats] = Factory(dict)
    masses: Mapping[str, NDArray[np.int64]] = Factory(dict)
    left: Mapping[int, float] = Factory(dict)
    restated: Mapping[str, Mapping[int, int]] = Factory(dict)
    new: int = 0
    ordered: bool = True


@frozen(kw_only=True, eq=False)
class State:
    """What is asked: a snapshot by `id`, with changes up to `position` in the log. Every answer names both."""

    base: Compressed
    id: str = ""
    position: int = 0
    delta: Delta = Factory(Delta)
    flags: NDArray[np.uint8] = field(
        default=Factory(lambda self: self.base.untouched, takes_self=True), repr=False
    )

    @property
    def size(self) -> int:
        """Rows, the new ones included."""
        return self.base.size + self.delta.new

    @property
    def edges(self) -> int:
        """Edges, as a measure of the work; those that were corrected away are still counted."""
        return self.base.edges + len(self.delta.sources)

    @property
    def worn(self) -> float:
        """Edges in the delta for each in the snapshot: from 0.05 on, rebuilding pays."""
        return len(self.delta.sources) / max(self.base.edges, 1)

    def rows(self, numbers: Any) -> Ints:
        """Rows of lots by their numbers. Raises `KeyError` for a number that is not in the graph."""
        wanted = np.atleast_1d(np.asarray(numbers, np.int64))
        if len(wanted) and not (wanted.min() >= 0 and wanted.max() < self.size):
            raise KeyError(int(wanted[(wanted < 0) | (wanted >= self.size)][0]))
        found = wanted.astype(np.int32)
        old = wanted < self.base.size
        found[old] = self.base.rows[wanted[old]]
        return found

    def nodes(self, rows: Any) -> Ints:
        """Numbers of lots by their rows."""
        wanted = np.asarray(rows, np.int64)
        found = wanted.astype(np.int32)
        old = wanted < self.base.size
        found[old] = self.base.nodes[wanted[old]]
        return found

    def mass(self, substance: str, rows: Ints) -> NDArray[np.float64]:
        """mg of a substance in the lots of some rows when they were made; zero where none is stated."""
        restated = self.delta.restated.get(substance)
        if not self.delta.new and not restated:
            column = self.base.masses.get(substance)
            return np.zeros(len(rows)) if column is None else column[rows].astype(np.float64)
        found = np.zeros(len(rows))
        old = rows < self.base.size
        if substance in self.base.masses:
            found[old] = self.base.masses[substance][rows[old]]
        if substance in self.delta.masses:
            found[~old] = self.delta.masses[substance][rows[~old] - self.base.size]
        if restated:
            for at, row in enumerate(rows.tolist()):
                found[at] = restated.get(row, found[at])
        return found

    def left(self, rows: Ints) -> NDArray[np.float64]:
        """The share of each lot that is still there."""
        found = np.ones(len(rows))
        old = rows < self.base.size
        if self.base.left is not None:
            found[old] = self.base.left[rows[old]]
        if self.delta.left:
            for at, row in enumerate(rows.tolist()):
                found[at] = self.delta.left.get(row, found[at])
        return found

    def append(
        self,
        count: int,
        sources: Any,
        targets: Any,
        weights: Mapping[str, Any],
        *,
        masses: Mapping[str, Any] | None = None,
        left: Mapping[int, float] | None = None,
        restated: Mapping[str, Mapping[int, int]] | None = None,
        position: int | None = None,
    ) -> State:
        """`count` new lots with their in-edges. They get the next numbers; `left` names old lots, too.

        `restated`: mg by substance of old lots that were made otherwise than it was said before.
        """
        first = self.size
        wide = evolve(self, delta=evolve(self.delta, new=self.delta.new + count))
        targets = np.asarray(targets, np.int64)
        if len(targets) and not (targets.min() >= first and targets.max() < first + count):
            raise ValueError(f"new lots are numbered {first} to {first + count - 1}")
        added = {name: np.asarray(one, np.int64) for name, one in (masses or {}).items()}
        if any(len(one) != count for one in added.values()):
            raise ValueError(f"one mass for each of {count} new lots")
        kept = {
            name: np.concatenate(
                [
                    self.delta.masses.get(name, np.zeros(self.delta.new, np.int64)),
                    added.get(name, np.zeros(count, np.int64)),
                ]
            )
            for name in {*added, *self.delta.masses}
        }
        moved = {**self.delta.left, **_by_row(wide, left or {})}
        said = {
            name: {**self.delta.restated.get(name, {}), **_by_row(wide, (restated or {}).get(name, {}))}
            for name in {*self.delta.restated, *(restated or {})}
        }
        wide = evolve(wide, delta=evolve(wide.delta, masses=kept, left=moved, restated=said))
        fresh = np.arange(first, first + count, dtype=np.int32)
        return _changed(wide, fresh, sources, targets, weights, position)

    def correct(
        self,
        numbers: Any,
        sources: Any,
        targets: Any,
        weights: Mapping[str, Any],
        *,
        position: int | None = None,
    ) -> State:
        """All in-edges of some lots anew. Raises `Circle` when one would flow into itself."""
        touched = self.rows(numbers)
        if not np.isin(self.rows(targets), touched).all():
            raise ValueError("edges must flow into the corrected lots")
        return _changed(self, touched, sources, targets, weights, position)

    def rebuilt(self, *, fast: bool | None = None) -> Compressed:
        """One graph of the snapshot and its changes; the numbers of the lots stay."""
        base, delta = self.base, self.delta
        into = np.repeat(np.arange(base.size, dtype=np.int32), np.diff(base.indptr))
        keep = self.flags[: base.size][into] & CORRECTED == 0
        own = np.repeat(delta.rows, np.diff(delta.indptr))
        every = np.arange(self.size, dtype=np.int32)
        return compress(
            self.size,
            self.nodes(np.concatenate([base.sources[keep], delta.sources])),
            self.nodes(np.concatenate([into[keep], own])),
            {
                name: np.concatenate([one[keep], delta.weights.get(name, np.zeros(0)).astype(one.dtype)])
                for name, one in base.weights.items()
            },
            masses={
                name: self.mass(name, self.rows(every)).astype(np.int64)
                for name in {*base.masses, *delta.masses}
            },
            left=None if base.left is None and not delta.left else self.left(self.rows(every)),
            fast=fast,
        )


def _by_row(state: State, values: Mapping[int, Any]) -> dict[int, Any]:
    return dict(zip(state.rows(list(values)).tolist(), values.values(), strict=True)) if values else {}


def _changed(
    state: State, touched: Ints, sources: Any, targets: Any, weights: Mapping[str, Any], position: int | None
) -> State:
    """All in-edges of the touched rows anew, with those that were in the delta before."""
    base, old = state.base, state.delta
    froms, into = state.rows(sources), state.rows(targets)
    columns = _columns(state, weights, len(froms), len(into))
    own = np.repeat(old.rows, np.diff(old.indptr))
    keep = ~np.isin(own, touched)
    froms, into = np.concatenate([old.sources[keep], froms]), np.concatenate([own[keep], into])
    order = np.argsort(into, kind="stable")
    froms, into = froms[order], into[order]
    kept = {
        name: np.concatenate([old.weights.get(name, np.zeros(0))[keep], one])[order]
        for name, one in columns.items()
    }
    corrected = np.union1d(old.rows[old.rows < base.size], touched[touched < base.size])
    rows = np.concatenate([corrected, np.arange(base.size, state.size)]).astype(np.int32)
    out = np.argsort(froms, kind="stable")
    out_rows, first = np.unique(froms[out], return_index=True)
    flags = np.zeros(state.size, np.uint8)
    flags[rows] |= CORRECTED
    flags[out_rows] |= ONWARD
    ordered = bool((froms < into).all())
    found = evolve(
        state,
        position=state.position if position is None else position,
        flags=locked(flags),
        delta=evolve(
            old,
            rows=locked(rows),
            indptr=locked(np.append(np.searchsorted(into, rows), len(into)).astype(np.int32)),
            sources=locked(froms),
            out_rows=locked(out_rows.astype(np.int32)),
            out_indptr=locked(np.append(first, len(out)).astype(np.int32)),
            targets=locked(into[out]),
            weights={name: locked(one) for name, one in kept.items()},
            ordered=ordered,
        ),
    )
    if not ordered:
        after(found, touched)  # raises for a lot that would flow into itself
    return found


def _columns(state: State, weights: Mapping[str, Any], *lengths: int) -> dict[str, NDArray[np.float64]]:
    columns = {name: np.asarray(one, np.float64) for name, one in weights.items()}
    if set(state.base.weights) != set(columns) or {*lengths, *map(len, columns.values())} != {lengths[0]}:
        raise ValueError(f"one source, target and weight of {sorted(state.base.weights)} for each edge")
    if any(not (np.isfinite(one).all() and (one >= 0).all()) for one in columns.values()):
        raise ValueError("weights must be numbers from zero up")
    return columns
