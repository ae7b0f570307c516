"""Lots, items and what is taken from them. All amounts are whole grams or pieces, all substances micrograms."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from random import Random

    from lodeline_server.demo.world import Product, Site

DUST = 0.01  # below this share of a lot, nobody opens the bag for it
ENOUGH = 0.6  # a batch of metal salt is made smaller rather than not at all, down to this


@define(eq=False)
class Lot:
    """A lot (or an item, when `serial`). `total` is in grams, or pieces of `grams` each."""

    uri: str
    code: str
    product: Product
    total: int
    ppm: dict[str, int]
    party: str
    made: datetime
    serial: bool = False

    @property
    def unit(self) -> int:
        return self.product.grams or 1

    def micrograms(self, substance: str) -> int:
        """Of one substance in one gram or piece."""
        return self.unit * self.ppm.get(substance, 0)


@define(eq=False)
class Holding:
    """What is left of a lot at one place."""

    lot: Lot
    left: int


@frozen(kw_only=True)
class Amount:
    """So much of one lot."""

    lot: Lot
    amount: int


@frozen(kw_only=True)
class Happening:
    """One thing that somebody records: the content of one EPCIS event."""

    at: datetime
    party: str
    site: Site
    type: str
    step: str
    disposition: str
    action: str = ""
    quantities: tuple[Amount, ...] = ()
    epcs: tuple[str, ...] = ()
    inputs: tuple[Amount, ...] = ()
    input_epcs: tuple[str, ...] = ()
    parent: str = ""
    outputs: tuple[Amount, ...] = ()
    output_epcs: tuple[str, ...] = ()
    source: str = ""
    destination: str = ""
    note: str = ""
    described: Lot | None = None
    custody: str = ""
    recycled: str = ""
    recovered_from: str = ""


@define
class Stock:
    """What one party holds, by product, oldest first."""

    holdings: dict[str, list[Holding]] = field(factory=dict)

    def add(self, lot: Lot, amount: int) -> None:
        self.holdings.setdefault(lot.product.slug, []).append(Holding(lot, amount))

    def open(self, products: Sequence[str]) -> list[Holding]:
        return [
            holding
            for product in products
            for holding in self.holdings.get(product, ())
            if holding.left > holding.lot.total * DUST
        ]


def available(holdings: Sequence[Holding], per: Callable[[Lot], int]) -> int:
    return sum(holding.left * per(holding.lot) for holding in holdings)


def draw(
    holdings: Sequence[Holding], need: int, per: Callable[[Lot], int], rng: Random
) -> list[tuple[Holding, int]] | None:
    """Amounts that make up `need` (counted by `per`), mostly of the oldest lot, the rest of the next ones.

    None when there is not enough. Takes nothing yet: `take` does.
    """
    if available(holdings, per) < need or not holdings:
        return None
    share = rng.uniform(0.55, 0.85)
    caps = [ceil(need * share)] + [need] * (len(holdings) - 1)
    taken = dict.fromkeys(range(len(holdings)), 0)
    rest = need
    for bounded in (True, False):
        for place, holding in enumerate(holdings):
            if rest <= 0:
                break
            unit = per(holding.lot)
            want = min(rest, caps[place]) if bounded else rest
            amount = min(holding.left - taken[place], ceil(want / unit))
            taken[place] += amount
            rest -= amount * unit
    return [(holdings[place], amount) for place, amount in taken.items() if amount]


def take(drawn: Sequence[tuple[Holding, int]]) -> tuple[Amount, ...]:
    """Remove from the holdings what was drawn."""
    for holding, amount in drawn:
        holding.left -= amount
    return tuple(Amount(lot=holding.lot, amount=amount) for holding, amount in drawn)


def content(amounts: Sequence[Amount]) -> dict[str, int]:
    """Micrograms of each substance in all of them."""
    total: dict[str, int] = {}
    for part in amounts:
        for substance in part.lot.ppm:
            total[substance] = total.get(substance, 0) + part.amount * part.lot.micrograms(substance)
    return total
