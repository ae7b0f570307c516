"""One guilty lot, one guilty machine, one guilty day planted in a plant's records; and a plant without guilt.

A made plant: 40 powder lots, 240 electrode rolls (three coaters, 20 days, two powder lots each), 600 packs (two
assembly lines, four rolls each).
"""

from __future__ import annotations

import random

import numpy as np
import pytest
from attrs import frozen

from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.delta import State
from lodeline.recalls.cause import causes

POWDERS, ROLLS, PACKS, DAYS = 40, 240, 600, 20


@frozen
class Plant:
    """`holds`: the factors behind each pack, found by walking, not by the kernel."""

    state: State
    behind: dict[int, list[tuple[str, str]]]
    holds: dict[int, set[tuple[str, str]]]
    own: dict[int, list[tuple[str, str]]]

    def judged(self, failed):
        sound = [pack for pack in self.holds if pack not in set(failed)]
        return causes(self.state, failed, sound, self.behind.__getitem__, own=self.own.__getitem__, most=1000)


def plant(seed):
    rng = random.Random(seed)
    sources, targets = [], []
    behind = {lot: [("lot", f"powder {lot}")] for lot in range(POWDERS)}
    fed = {}
    for roll in range(POWDERS, POWDERS + ROLLS):
        day = (roll - POWDERS) * DAYS // ROLLS
        fed[roll] = rng.sample(range(day * 2, min(day * 2 + 4, POWDERS)), 2)
        behind[roll] = [
            ("lot", f"roll {roll}"),
            ("machine", f"coater {rng.randrange(3)}"),
            ("day", f"coating {day}"),
        ]
    holds, own = {}, {}
    first = POWDERS + ROLLS
    for pack in range(first, first + PACKS):
        day = (pack - first) * DAYS // PACKS
        near = range(POWDERS + max(0, day - 2) * 12, POWDERS + (day + 1) * 12)
        fed[pack] = rng.sample(near, 4)
        own[pack] = [("machine", f"line {rng.randrange(2)}"), ("day", f"assembly {day}")]
        rolls = fed[pack]
        lots = [*rolls, *(powder for roll in rolls for powder in fed[roll])]
        holds[pack] = {*own[pack], *(factor for lot in lots for factor in behind[lot])}
    for target, lots in fed.items():
        sources += lots
        targets += [target] * len(lots)
    graph = compress(first + PACKS, sources, targets, {"Co": np.full(len(sources), 0.5)})
    return Plant(State(base=graph, id="s", position=3), behind, holds, own)


def failing(plant, guilty, rng, *, rate, background=0.01):
    """Packs with the guilty factor fail at `rate`, all others at a hundredth."""
    return [
        pack
        for pack, factors in plant.holds.items()
        if rng.random() < (rate if guilty in factors else background)
    ]


GUILTY = [
    ("lot", "powder 17"),
    ("machine", "coater 1"),
    ("day", "coating 9"),
    ("machine", "line 1"),
    ("day", "assembly 6"),
]


@pytest.mark.parametrize("guilty", GUILTY, ids=" ".join)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_guilty_is_first(guilty, seed):
    made = plant(seed)
    # Most packs hold a roll of each coater: what nearly all share can only be seen where it fails often.
    failed = failing(made, guilty, random.Random(seed), rate=0.5)
    found = made.judged(failed)
    best = found.findings[0]
    assert guilty in best.factors
    assert best.significant
    assert best.low > 1
    # The table of four is that of walking.
    assert best.failed == sum(guilty in made.holds[pack] for pack in failed)
    assert best.failed + best.sound == sum(guilty in factors for factors in made.holds.values())


def test_where_nothing_is_guilty_nothing_is_significant():
    """Failures at random, twelve times. At most one in twenty such questions may name something."""
    named = 0
    for seed in range(12):
        made = plant(seed % 3)
        failed = random.Random(100 + seed).sample(sorted(made.holds), 40)
        named += made.judged(failed).findings[0].significant
    assert named == 0


def test_a_battery_explains_nothing_by_its_own_name():
    made = plant(1)
    found = made.judged(failing(made, ("lot", "powder 17"), random.Random(1), rate=0.5))
    kinds = {(kind, name.split()[0]) for one in found.findings for kind, name in one.factors}
    assert kinds == {("lot", "powder"), ("lot", "roll"), ("machine", "coater"), ("machine", "line"),
                     ("day", "coating"), ("day", "assembly")}  # fmt: skip
