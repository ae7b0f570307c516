"""What is asked of a whole graph by name: origin, custody, what was embedded, what lots are exposed to.

Each is one sweep; they differ in what lots bring of their own and in which edges count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from attrs import frozen

from lodeline.lots.custody import Model
from lodeline.lots.kernel.bridge import PER_KG
from lodeline.lots.kernel.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Compressed

UNKNOWN = "unknown"


@frozen(kw_only=True, eq=False)
class Table:
    """A row for each row of the graph, a column for each name."""

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        """One column."""
        return self.values[:, self.names.index(name)]


def begins(graph: Compressed, anew: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Rows that nothing identified flows into, and those at which trails begin `anew`: what recyclers regain."""
    found: NDArray[np.bool_] = graph.indptr[1:] == graph.indptr[:-1]
    return found if anew is None else found | anew


def _into(graph: Compressed, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The edges that flow into some rows."""
    return np.repeat(rows, np.diff(graph.indptr))


def shares(
    graph: Compressed,
    substance: str,
    labels: Sequence[str],
    anew: NDArray[np.bool_] | None = None,
    *,
    fast: bool | None = None,
) -> Table:
    """Of the substance in each lot, the share that began under each label, and what is unknown; rows sum to one.

    `labels`: of each row, used where trails begin, as a country or a kind of site; nothing: unknown.
    """
    first = begins(graph, anew)
    known = sorted({label for label, begin in zip(labels, first.tolist(), strict=True) if label and begin})
    names = (*known, UNKNOWN)
    place = {name: at for at, name in enumerate(names)}
    own = np.zeros((graph.size, len(names)))
    rows = np.flatnonzero(first)
    own[rows, [place.get(labels[row], len(known)) for row in rows.tolist()]] = 1.0
    own[:, -1] += np.where(first, 0.0, graph.unknown(substance))
    weights = np.where(_into(graph, first), 0.0, graph.weights[substance])
    return Table(names=names, values=sweep(graph, weights, own, fast=fast))


def coverage(
    graph: Compressed, substance: str, models: Sequence[Model | None], *, fast: bool | None = None
) -> Table:
    """Of the substance in each lot, the share that came all the way under each model of custody or a stronger one.

    `models`: of each row; None: not stated, and nothing that went through such a lot is covered (ISO 22095: a weaker
    model never becomes a stronger one).
    """
    strengths = list(Model)
    first = begins(graph)
    rank = np.array([len(strengths) if one is None else strengths.index(one) for one in models], np.int64)
    values = np.zeros((graph.size, len(strengths)))
    for at in range(len(strengths)):
        held = rank <= at
        weights = np.where(_into(graph, ~held), 0.0, graph.weights[substance])
        own = np.where(held & first, 1.0, 0.0)[:, None]
        values[:, at] = sweep(graph, weights, own, fast=fast)[:, 0]
    return Table(names=tuple(one.value for one in strengths), values=values)


def embedded(graph: Compressed, own: NDArray[np.float64], *, fast: bool | None = None) -> NDArray[np.float64]:
    """What is embedded in a kilogram of each lot: its own, and that of all that went in; kg CO2e, hours, litres.

    Inputs of unknown mass bring nothing: the answer is a lower bound where there are any.
    """
    return sweep(graph, PER_KG, own[:, None], fast=fast)[:, 0]


def exposure(
    graph: Compressed,
    own: NDArray[np.float64],
    substance: str,
    how: Literal["worst", "share"] = "worst",
    *,
    fast: bool | None = None,
) -> NDArray[np.float64]:
    """The risk that lots carry on. worst: the highest anywhere behind a lot; share: by what came from there."""
    if how == "share":
        first = begins(graph)
        return sweep(graph, substance, np.where(first, own, 0.0)[:, None], fast=fast)[:, 0]
    flows = (graph.weights[substance] > 0).astype(np.float64)
    return sweep(graph, flows, own[:, None], "worst", fast=fast)[:, 0]
