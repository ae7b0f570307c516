"""Small networks in which mass is conserved to the milligram: lots split, merge, blend and go round again."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
from attrs import frozen
from hypothesis import strategies as st

from lodeline.lots.kernel.compressed import compress


@frozen(kw_only=True, eq=False)
class Flow:
    """`edges`: (source, target, mg); `mass`: mg made; `unknown`: mg that flow into a lot from nobody known."""

    edges: tuple[tuple[int, int, int], ...]
    mass: tuple[int, ...]
    unknown: tuple[int, ...]

    @property
    def size(self):
        return len(self.mass)

    def begins(self, lot):
        return not any(target == lot for _, target, _ in self.edges)

    def weight(self, edge):
        return Fraction(edge[2], self.mass[edge[1]])

    def arrays(self):
        sources = np.array([s for s, _, _ in self.edges], np.int64)
        targets = np.array([t for _, t, _ in self.edges], np.int64)
        return sources, targets, {"Co": np.array([float(self.weight(one)) for one in self.edges], np.float64)}

    def drawn(self, lot):
        return sum(mg for source, _, mg in self.edges if source == lot)

    def graph(self, *, fast=False):
        left = np.array([1 - Fraction(self.drawn(n), self.mass[n]) for n in range(self.size)], np.float64)
        return compress(self.size, *self.arrays(), masses={"Co": np.array(self.mass)}, left=left, fast=fast)

    def exact(self, own):
        """The sweep over amounts as fractions, one column."""
        values = list(own)
        for lot in range(self.size):
            for edge in self.edges:
                if edge[1] == lot:
                    values[lot] += self.weight(edge) * values[edge[0]]
        return values

    def moved(self, numbers):
        """The same network under other numbers of lots."""
        back = {new: old for old, new in enumerate(numbers)}
        return Flow(
            edges=tuple((numbers[s], numbers[t], mg) for s, t, mg in self.edges),
            mass=tuple(self.mass[back[n]] for n in range(self.size)),
            unknown=tuple(self.unknown[back[n]] for n in range(self.size)),
        )


@st.composite
def flows(draw, most=60, *, blind=True):
    """Lots 0, 1, ... draw whole milligrams from what is left of lots before them; rework is a lot that goes on."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    size = draw(st.integers(2, most))
    left, mass, edges, unknown = [], [], [], []
    for lot in range(size):
        got = 0
        for _ in range(rng.randint(0, 4) if lot > 1 else 0):
            source = lot - 1 if rng.random() < 0.3 else rng.randrange(lot)
            part = left[source] if rng.random() < 0.2 else rng.randint(0, left[source])
            if part and len(edges) < 200:
                edges.append((source, lot, part))
                left[source] -= part
                got += part
        dark = rng.randint(1, 10**9) if blind and got and rng.random() < 0.2 else 0
        mass.append(got + dark or rng.randint(1, 10**12))
        unknown.append(dark)
        left.append(mass[-1])
    return Flow(edges=tuple(edges), mass=tuple(mass), unknown=tuple(unknown))
