"""Records for tests: rows that come, late and out of order, and cease to count."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from attrs import define, field
from hypothesis import strategies as st
from tests.core.lots.making import START

from lodeline.lots.build import build
from lodeline.lots.containment import Packing
from lodeline.lots.values import Description, Made, Used


@define
class Kept:
    """A record in memory; `asked` counts the rows it handed out."""

    rows: dict = field(factory=dict)
    asked: int = 0

    def graph(self):
        rows = self.rows.values()
        return build(
            [one for one in rows if isinstance(one, Made)],
            [one for one in rows if isinstance(one, Used)],
            [one for one in rows if isinstance(one, Packing)],
        )

    def _found(self, chosen):
        found = [(number, row) for number, row in self.rows.items() if chosen(row)]
        self.asked += len(found)
        return found

    def of_lots(self, keys):
        return self._found(
            lambda row: (row.key or row.parent if isinstance(row, Packing) else row.key) in keys
        )

    def of_groups(self, groups):
        return self._found(lambda row: not isinstance(row, Packing) and row.group in groups)

    def inside(self, parents):
        return self._found(lambda row: isinstance(row, Packing) and row.parent in parents)


def _time(day):
    return START + timedelta(days=day)


def _made(rng, key, day, group=""):
    amount = None if rng.random() < 0.1 else Decimal(rng.randint(1, 300))
    composition = {} if rng.random() < 0.2 else {"Co": Fraction(rng.randint(1, 9), 10)}
    return Made(
        key=key, time=_time(day), position=0, group=group, amount=amount, uom="KGM", site="s", party="p",
        description=Description(composition=composition),
    )  # fmt: skip


def _used(rng, key, day, group):
    amount = None if rng.random() < 0.2 else Decimal(rng.randint(1, 90))
    return Used(
        key=key, time=_time(day), position=0, group=group, amount=amount, uom="KGM" if amount else None
    )


def _event(rng, number, day):
    """The rows of one event. Names repeat, so that lots are topped up, reworked and packed twice."""
    lots = [f"l{n}" for n in range(min(day + 1, 9))]
    kind = rng.random()
    if kind < 0.2:
        return [_made(rng, rng.choice(lots), day)]
    if kind < 0.4:
        parent = rng.choice(["b1", "b2", "b3", *lots[:2]])
        put = rng.random() < 0.75
        inner = [*lots, "b1", "b2"]
        keys = [""] if not put and rng.random() < 0.3 else rng.sample(inner, rng.randint(1, 2))
        return [
            Packing(key=key, parent=parent, time=_time(day), position=0, put=put, amount=Decimal(1), uom=None)
            for key in keys
            if key != parent
        ]
    group = f"g{number if rng.random() < 0.85 else rng.randrange(number + 1)}"
    inputs = rng.sample([*lots, "b1", "b2", "b3"], rng.randint(0, 3))
    outputs = rng.sample([f"l{n}" for n in range(max(day - 1, 0), day + 4)], rng.randint(0, 2))
    return [
        *(_used(rng, key, day, group) for key in inputs),
        *(_made(rng, key, day, group) for key in outputs),
    ]


@st.composite
def histories(draw, most=25):
    """Steps of (rows by number that come, numbers of rows that cease to count), in the order of the log."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    steps, alive, number = [], [], 0
    for n in range(draw(st.integers(1, most))):
        came, gone = {}, []
        for _ in range(rng.randint(1, 3)):
            day = max(0, n // 2 - (rng.randint(0, 6) if rng.random() < 0.2 else 0))  # some come late
            event = {}
            for row in _event(rng, n, day):
                event[number] = row
                number += 1
            came |= event
            alive.append(list(event))
        if rng.random() < 0.2:
            gone = alive.pop(rng.randrange(len(alive)))
        steps.append((came, gone))
    return steps
