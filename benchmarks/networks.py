"""Realistic supply networks of any size: 200 mines, refiners, precursor, cathode and cell makers, 10 pack plants.

Every plant makes lots one after the other, all year. A lot draws on a few lots that some of the plant's suppliers made
shortly before. With carry-over, most lots between mine and pack also take what the lot before left in the tank. Lots
are numbered in the order in which they were made. Masses of two substances are conserved: what is not drawn, is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen

from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.sweep import sweep

if TYPE_CHECKING:
    from lodeline.lots.kernel.compressed import Compressed

SUBSTANCES = ("Ni", "Co")


@frozen
class Stage:
    """`lots`: for each lot of a mine; `inputs`: lots that one draws on; `window`: how far back, in lots."""

    name: str
    plants: int
    lots: float
    inputs: int
    window: int
    suppliers: int


STAGES = (
    Stage("mine", 200, 1, 0, 0, 0),
    Stage("refiner", 40, 2, 4, 3, 12),
    Stage("precursor", 25, 4, 3, 3, 6),
    Stage("cathode", 20, 8, 2, 3, 5),
    Stage("cell", 15, 30, 2, 5, 4),
    Stage("pack", 10, 300, 2, 6, 4),
)
HEEL, CARRIED = 0.07, 0.8
YEAR = 365.0


@frozen(kw_only=True, eq=False)
class Network:
    """Edges between numbers of lots, and what is known of the lots: plant, stage, day, mg by substance, share left."""

    size: int
    sources: Any
    targets: Any
    drawn: Any = field(repr=False)
    plant: Any
    stage: Any
    day: Any
    weights: dict[str, Any]
    masses: dict[str, Any]
    left: Any

    def compressed(self, *substances: str) -> Compressed:
        wanted = substances or SUBSTANCES
        return compress(
            self.size,
            self.sources,
            self.targets,
            {name: self.weights[name] for name in wanted},
            masses={name: self.masses[name] for name in wanted},
            left=self.left,
        )


def network(edges: int, *, carry: bool, seed: int = 1) -> Network:
    """A network of about so many edges; the same for the same arguments."""
    rng = np.random.default_rng(seed)
    one = sum(
        stage.lots * (stage.inputs + (CARRIED if carry and _between(at) else 0))
        for at, stage in enumerate(STAGES)
    )
    scale = edges / one
    per_plant = [max(2, round(scale * stage.lots / stage.plants)) for stage in STAGES]
    offsets = np.cumsum([0, *(count * stage.plants for count, stage in zip(per_plant, STAGES, strict=True))])
    froms, into, day, plant, kind = [], [], [], [], []
    lead = 0.0
    for at, stage in enumerate(STAGES):
        lead += max(20.0, YEAR / per_plant[at - 1] + 1) if at else 0
        count, number = per_plant[at], per_plant[at] * stage.plants
        index, here = np.tile(np.arange(count), stage.plants), np.repeat(np.arange(stage.plants), count)
        day.append(lead + YEAR * (index + here / stage.plants) / count)
        plant.append(here + sum(one.plants for one in STAGES[:at]))
        kind.append(np.full(number, at))
        if not at:
            continue
        before, made = STAGES[at - 1], per_plant[at - 1]
        suppliers = np.stack([rng.permutation(before.plants)[: stage.suppliers] for _ in range(stage.plants)])
        for slot in range(stage.inputs):
            mine = suppliers[here, (slot + index // 7 * stage.inputs) % stage.suppliers]
            newest = (index * made) // count
            lot = np.maximum(newest - rng.integers(0, stage.window, number), 0)
            froms.append(offsets[at - 1] + mine * made + lot)
            into.append(offsets[at] + here * count + index)
        if carry and _between(at):
            holds = (rng.random(number) < CARRIED) & (index > 0)
            into.append((offsets[at] + here * count + index)[holds])
            froms.append(into[-1] - 1)
    return _weighted(rng, int(offsets[-1]), *map(np.concatenate, (froms, into, day, plant, kind)))


def _between(stage: int) -> bool:
    return 0 < stage < len(STAGES) - 1


def _weighted(rng: Any, size: int, froms: Any, into: Any, day: Any, plant: Any, kind: Any) -> Network:
    """Number by day, then let masses flow: a lot gives a part to each that draws on it and keeps the rest."""
    number = np.empty(size, np.int32)
    number[np.lexsort((plant, day))] = np.arange(size, dtype=np.int32)
    froms, into = number[froms], number[into]
    ordered = np.argsort(into, kind="stable")
    froms, into = froms[ordered].astype(np.int32), into[ordered].astype(np.int32)
    facts = [np.empty_like(one) for one in (day, plant, kind)]
    for fact, one in zip(facts, (day, plant, kind), strict=True):
        fact[number] = one
    day, plant, kind = facts
    part = rng.uniform(0.5, 1.5, len(froms))
    heel = plant[froms] == plant[into]
    part[~heel] *= 0.97 / np.bincount(froms, part * ~heel, size)[froms[~heel]]
    part[heel] = 1.0
    carried = np.bincount(froms[heel], minlength=size)
    part *= np.where(heel, HEEL, 1 - HEEL * carried[froms])
    own = np.zeros((size, len(SUBSTANCES)))
    mines = kind == 0
    own[mines] = rng.uniform(0.2, 1.0, (int(mines.sum()), len(SUBSTANCES))) * 2e12
    flow = compress(size, froms, into, {"flow": part})
    mass = sweep(flow, "flow", own[flow.nodes])[flow.rows]
    left = np.maximum(1.0 - np.bincount(froms, part, size), 0.0)
    weights = {}
    for at, name in enumerate(SUBSTANCES):
        brought = part * mass[froms, at]
        whole = np.bincount(into, brought, size)
        weights[name] = brought / whole[into]
    return Network(
        size=size, sources=froms, targets=into, drawn=part, plant=plant, stage=kind, day=day, weights=weights,
        masses={name: np.rint(mass[:, at]).astype(np.int64) for at, name in enumerate(SUBSTANCES)}, left=left,
    )  # fmt: skip
