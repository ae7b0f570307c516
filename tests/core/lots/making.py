"""Small networks of lots for tests."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from lodeline.lots.containment import Packing
from lodeline.lots.origin import Place
from lodeline.lots.values import Description, Made, Used

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = {
    "mine": Place(name="Mine", country="FI", kind="mine"),
    "trader": Place(name="T", country="CH", kind="other"),
}


def made(key, day=0, *, group="", kg="100", site="mine", co="0.5", uom="KGM", **more):
    return Made(
        key=key, time=START + timedelta(days=day), position=day, group=group, amount=Decimal(kg), uom=uom, site=site,
        party="p", description=Description(composition={"Co": Fraction(co)} if co else {}, **more),
    )  # fmt: skip


def used(key, group, kg, day=1, uom="KGM"):
    return Used(
        key=key, time=START + timedelta(days=day), position=day, group=group, amount=Decimal(kg), uom=uom
    )


@st.composite
def networks(draw):
    """Mines, then stages of transformations that draw from anything made before, then items."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    stages = draw(st.integers(1, 5))
    lots, mades, uses = [], [], []
    for n in range(draw(st.integers(1, 5))):
        site = rng.choice(["mine", "mine", "trader"])
        mades.append(
            made(f"s{n}", 0, kg=str(rng.randint(1, 500)), site=site, co=str(rng.choice(["0.1", "0.25", "1"])))
        )
        lots.append(f"s{n}")
    for stage in range(1, stages + 1):
        fresh = []
        for n in range(rng.randint(1, 4)):
            group, key = f"g{stage}.{n}", f"l{stage}.{n}"
            feed = rng.sample(lots, min(len(lots), rng.randint(1, 3)))
            uses += [used(source, group, str(rng.randint(1, 90)), stage) for source in feed]
            mades.append(
                made(
                    key,
                    stage,
                    group=group,
                    kg=str(rng.randint(1, 120)),
                    site="plant",
                    co=rng.choice(["0.2", "0.5", None]),
                )
            )
            fresh.append(key)
        lots += fresh
    return mades, uses


def packed(key, parent, day=0, *, put=True, kg=None):
    return Packing(
        key=key, parent=parent, time=START + timedelta(days=day), position=day, put=put,
        amount=Decimal(kg or 1), uom="KGM" if kg else None,
    )  # fmt: skip
