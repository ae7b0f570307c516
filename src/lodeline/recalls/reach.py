"""What some lots reached, on the kernel: exact doses, a threshold, the mass left below it; and the way back.

The dose of a lot is the share of a substance in it that came from the suspect lots. Doses are sums in double precision
over every way, complete before they are judged; they are within 1e-12 of the exact quotient. Where a dose becomes a
fact of the log, `dose.reach` states bounds in whole numbers instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from lodeline.lots.kernel import loops
from lodeline.lots.kernel.cone import after, before, cone
from lodeline.lots.kernel.running import run
from lodeline.lots.kernel.scratch import borrowed

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Floats, Ints
    from lodeline.lots.kernel.delta import State


@frozen(kw_only=True, eq=False)
class Reached:
    """Everything after some lots, without a dose: for a safety recall. `snapshot` and `position` repeat the answer."""

    snapshot: str
    position: int
    lots: Ints


@frozen(kw_only=True, eq=False)
class Ranking:
    """The lots at or above the threshold, the largest dose first; the suspect lots themselves are not listed.

    `lots`: numbers; `doses`: 0 to 1; `held`: mg from the suspect lots that are in each still. `suspect`: mg made into
    the suspect lots, of which `kept` are there still; `listed` and `below` are the sums of what is held at or above and
    below the threshold, over `lots_below` lots. `unfollowed`: with a cut, mg that went on from lots below the cut and
    were not followed; no dose can be too low by more than that mass.
    """

    snapshot: str
    position: int
    substance: str
    threshold: float
    cut: float
    lots: Ints
    doses: Floats
    held: Floats
    suspect: float
    kept: float
    listed: float
    below: float
    lots_below: int
    unfollowed: float

    @property
    def lost(self) -> float:
        """mg of the suspect lots that are nowhere on record: process losses, and what was not followed."""
        return self.suspect - self.kept - self.listed - self.below


def reached(state: State, lots: Sequence[int], *, fast: bool | None = None) -> Reached:
    """All lots after some lots, in topological order, themselves left out."""
    starts = state.rows(lots)
    rows = after(state, starts, fast=fast)
    return Reached(snapshot=state.id, position=state.position, lots=state.nodes(rows[~np.isin(rows, starts)]))


def rank(
    state: State,
    lots: Sequence[int],
    substance: str,
    *,
    threshold: float = 0.0,
    cut: float = 0.0,
    fast: bool | None = None,
) -> Ranking:
    """Doses of all that lies after some lots. Several lots count as one suspect.

    `cut`: do not go on from lots below this dose. It saves work in graphs with carry-over, and makes doses lower
    bounds; it is used on a snapshot without changes. Without it every dose is complete.
    """
    if not 0 <= cut <= threshold <= 1:
        raise ValueError("0 <= cut <= threshold <= 1")
    starts = np.unique(state.rows(lots))
    if cut and not len(state.delta.rows):
        rows, doses = _pruned(state, starts, substance, cut, fast=fast)
    else:
        cut = 0.0
        rows = after(state, starts, fast=fast)
        doses = _swept(state, rows, substance, starts, fast=fast)
    masses = state.mass(substance, rows)
    left = state.left(rows)
    own = np.isin(rows, starts)
    held = doses * masses * left
    listed = (doses >= threshold) & ~own
    below = ~listed & ~own
    chosen = np.flatnonzero(listed)
    chosen = chosen[_largest_first(doses[chosen])]
    dropped = below & (doses < cut)
    return Ranking(
        snapshot=state.id,
        position=state.position,
        substance=substance,
        threshold=threshold,
        cut=cut,
        lots=state.nodes(rows[chosen]),
        doses=doses[chosen],
        held=held[chosen],
        suspect=_entered(state, rows, doses, own, substance),
        kept=float(held[own].sum()),
        listed=float(held[listed].sum()),
        below=float(held[below].sum()),
        lots_below=int(below.sum()),
        unfollowed=float((doses * masses * (1 - left))[dropped].sum()),
    )


def _largest_first(doses: Floats) -> NDArray[np.int64]:
    """Places by dose, equal doses in their order. A stable sort of doubles takes five times as long."""
    order = np.argsort(-doses)
    if not len(order):
        return order
    sorted_ = doses[order]
    group = np.append(0, np.cumsum(sorted_[1:] != sorted_[:-1]))
    found: NDArray[np.int64] = np.sort(group * len(order) + order) % len(order)
    return found


def _swept(
    state: State, rows: Ints, substance: str, starts: Ints, *, fast: bool | None
) -> NDArray[np.float64]:
    own = np.isin(rows, starts).astype(np.float64)[:, None]
    found: NDArray[np.float64] = cone(state, rows, substance, closed=starts, fast=fast).sweep(own, fast=fast)
    return found[:, 0]


def _entered(
    state: State, rows: Ints, doses: NDArray[np.float64], own: NDArray[np.bool_], substance: str
) -> float:
    """mg in the suspect lots; what one of them drew from another counts once."""
    masses = state.mass(substance, rows[own])
    if len(masses) > 1:
        small = cone(state, rows, substance)
        for at, place in enumerate(np.flatnonzero(own).tolist()):
            edges = slice(small.indptr[place], small.indptr[place + 1])
            masses[at] *= 1.0 - float((small.shares[edges] * doses[small.sources[edges]]).sum())
    return float(masses.sum())


def _pruned(
    state: State, starts: Ints, substance: str, cut: float, *, fast: bool | None
) -> tuple[Ints, NDArray[np.float64]]:
    base = state.base
    doses, heap = np.zeros(base.size), np.empty(base.size, np.int32)
    with borrowed(base.pool, base.size) as room:
        room.seen[starts], doses[starts] = 2, 1.0
        heap[: len(starts)] = starts
        count = run(
            loops.pruned, base.edges, base.size, base.indptr, base.sources, base.weights[substance], base.out_indptr,
            base.targets, cut, room.seen, doses, heap, len(starts), room.found, fast=fast,
        )  # fmt: skip
        rows = room.found[:count].copy()
        room.seen[rows] = 0
    return rows, doses[rows]


@frozen(kw_only=True)
class Single:
    """One suspect of several: lots it reaches, lots affected by it alone, lots affected together and not without it."""

    reached: int
    affected: int
    only: int


@frozen(kw_only=True)
class WhatIf:
    """Several suspects together (`together`) and each for itself (`alone`, in the order asked)."""

    together: Ranking
    alone: tuple[Single, ...]


def what_if(
    state: State,
    suspects: Sequence[Sequence[int]],
    substance: str,
    *,
    threshold: float = 0.0,
    among: Container[int] | None = None,
    fast: bool | None = None,
) -> WhatIf:
    """Recall several suspects at once, and see what each adds. A suspect is a group of lots, as the versions of one.

    `among`: count only these lots (batteries); the ranking together lists all.
    """

    def listed(groups: Sequence[Sequence[int]]) -> tuple[set[int], int]:
        """Lots at the threshold or more, and how many were reached."""
        own = {lot for group in groups for lot in group}
        if not own:
            return set(), 0
        found = rank(state, sorted(own), substance, fast=fast)
        lots = [lot for lot in found.lots.tolist() if among is None or lot in among]
        doses = dict(zip(found.lots.tolist(), found.doses.tolist(), strict=True))
        return {lot for lot in lots if doses[lot] >= threshold}, len(lots)

    every = sorted({int(lot) for group in suspects for lot in group})
    together = rank(state, every, substance, threshold=threshold, fast=fast)
    all_listed = {lot for lot in together.lots.tolist() if among is None or lot in among}
    alone = []
    for at, group in enumerate(suspects):
        mine, reached_ = listed([group])
        others = [other for place, other in enumerate(suspects) if place != at]
        rest = listed(others)[0] | {lot for other in others for lot in other}
        alone.append(Single(reached=reached_, affected=len(mine), only=len(all_listed - rest)))
    return WhatIf(together=together, alone=tuple(alone))


@frozen(kw_only=True, eq=False)
class Contribution:
    """What flowed into some lots: mg of a substance from each lot before them, the largest first.

    `begins`: whether nothing identified flows into a lot. `unknown`: mg that no lot brought. What lots that begin
    contributed and what is unknown add up to `wanted`.
    """

    snapshot: str
    position: int
    substance: str
    wanted: float
    lots: Ints
    amounts: Floats
    begins: NDArray[np.bool_]
    unknown: float


def contributed(
    state: State,
    lots: Sequence[int],
    substance: str,
    *,
    amounts: Sequence[float] | None = None,
    fast: bool | None = None,
) -> Contribution:
    """Where the substance in some lots came from. `amounts`: mg asked for in each; all that was made without it."""
    targets = state.rows(lots)
    wanted = state.mass(substance, targets) if amounts is None else np.asarray(amounts, np.float64)
    if len(wanted) != len(targets):
        raise ValueError("one amount for each lot")
    rows = before(state, targets, fast=fast)
    small = cone(state, rows, substance, fast=fast)
    asked = np.zeros((len(rows), 1))
    places = np.empty(state.size if len(rows) else 0, np.int32)
    places[rows] = np.arange(len(rows))
    np.add.at(asked[:, 0], places[targets], wanted)
    given = small.give_back(asked, fast=fast)[:, 0]
    begins = small.indptr[1:] == small.indptr[:-1]
    order = np.lexsort((rows, -given))
    return Contribution(
        snapshot=state.id,
        position=state.position,
        substance=substance,
        wanted=float(wanted.sum()),
        lots=state.nodes(rows[order]),
        amounts=given[order],
        begins=begins[order],
        unknown=float(wanted.sum() - given[begins].sum()),
    )
