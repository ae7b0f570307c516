"""What flows through the demonstration world: lots, batches, shipments, packs, in time order.

A small discrete simulation. Nothing but the seed and the calendar decides; masses of every tracked substance
close within 2 % at every batch, except where a story says otherwise.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from attrs import define, field

from lodeline_server.demo import making
from lodeline_server.demo.stock import Amount, Happening, Holding, Lot, Stock
from lodeline_server.demo.world import at

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline_server.demo.world import Line, Party, Product, World

SEED = 952
RECALLED = "CS-2291"  # the contaminated lot of cobalt sulphate
# Day of the month (from 0) when a stage starts, how many days it makes batches, and when it ships.
CALENDAR = {
    "mine": (0, 5, 5),
    "trader": (6, 2, 7),
    "recycler": (7, 4, 12),
    "refiner": (8, 4, 12),
    "active_material": (14, 4, 18),
    "cell": (20, 3, 23),
    "pack": (24, 3, 27),
}
CUSTODY = {"a": "segregated", "b": "controlled_blending", "c": "mass_balance", "d": ""}


@define
class Network:
    """The simulation. `run` fills `happenings`, `lots` and `packs`."""

    world: World
    rng: Random = field(init=False)
    happenings: list[Happening] = field(factory=list)
    lots: dict[str, Lot] = field(factory=dict)
    packs: list[Lot] = field(factory=list)
    stocks: dict[str, Stock] = field(factory=dict)
    outgoing: dict[str, list[tuple[Line, Lot, int]]] = field(factory=dict)
    delivered: dict[str, Callable[[Network, Party, Lot, datetime], None]] = field(factory=dict)
    _heap: list[tuple[datetime, int, Callable[[datetime], None]]] = field(factory=list)
    _made: dict[tuple[str, str], int] = field(factory=dict)
    _owed: dict[tuple[str, str], int] = field(factory=dict)
    _busy: dict[str, datetime] = field(factory=dict)
    _turn: dict[tuple[str, str], int] = field(factory=dict)
    heels: dict[str, Holding] = field(factory=dict)
    _tick: int = 0
    _notes: int = 0

    def __attrs_post_init__(self) -> None:
        self.rng = Random(f"lodeline demonstration {SEED} {self.world.small}")  # noqa: S311
        self.stocks = {slug: Stock() for slug in self.world.parties}
        self.outgoing = {slug: [] for slug in self.world.parties}

    @property
    def end(self) -> datetime:
        day = self.world.anchor
        return datetime(day.year, day.month, day.day, tzinfo=UTC)

    # --- time ----------------------------------------------------------------------------------------
    def later(self, when: datetime, what: Callable[[datetime], None]) -> None:
        """Let `what` happen at `when`, unless the story is over by then."""
        if when < self.end:
            self._tick += 1
            heapq.heappush(self._heap, (when, self._tick, what))

    def run(self) -> None:
        for month in range(self.world.months):
            for line in self.world.lines:
                self._plan(line, month)
            for slug, party in self.world.parties.items():
                if stage := _stage(party):
                    day = self.world.month(month) + timedelta(days=CALENDAR[stage][2])
                    self.later(at(day, party, 17, 30), partial(self.ship, slug))
        while self._heap:
            when, _, what = heapq.heappop(self._heap)
            what(when)
        self.happenings.sort(key=lambda happening: happening.at)

    def _plan(self, line: Line, month: int) -> None:
        party = self.world.parties[line.party]
        start, days, _ = CALENDAR[_stage(party)]
        for number in range(line.lots):
            hours = number * days * 24 / line.lots
            day = self.world.month(month) + timedelta(days=start + int(hours // 24))
            when = at(day, party, 9 + self.rng.randrange(7), self.rng.randrange(60))
            self.later(when, partial(self.make, line, month))

    # --- making --------------------------------------------------------------------------------------
    def make(self, line: Line, month: int, now: datetime) -> None:
        """Make the batch that is due, and those owed from earlier, as far as the stock reaches."""
        key = (line.party, line.product)
        self._owed[key] = min(self._owed.get(key, 0) + 1, 6)
        now = max(now, self._busy.get(line.party, now))  # one batch after the other
        while self._owed[key]:
            if line.limit and self._made.get(key, 0) >= line.limit:
                return
            product = self.world.products[line.product]
            done = (
                making.source(self, line, product, now)
                if self.world.is_source(line)
                else making.build(self, line, product, now)
                if product.parts
                else making.batch(self, line, product, month, now)
            )
            if not done:
                return
            self._owed[key] -= 1
            now = self._busy[line.party] = now + timedelta(minutes=self.rng.randrange(11, 55))

    def _code(self, line: Line, product: Product) -> tuple[str, str]:
        """The next lot or serial number of the line, and its identifier."""
        key = (line.party, line.product)
        number = self._made[key] = self._made.get(key, 0) + 1
        party = self.world.parties[line.party]
        if product.serial:
            code = f"{product.serial}{product.first_serial + number - 1:06d}"
            return code, party.item(product.ref, code)
        code = f"{line.prefix}{line.first + number - 1:04d}"
        return code, party.lot(product.ref, code)

    def new_lot(self, line: Line, product: Product, total: int, ppm: dict[str, int], now: datetime) -> Lot:
        code, uri = self._code(line, product)
        lot = Lot(uri, code, product, total, ppm, line.party, now, bool(product.serial))
        if lot.serial:
            self.packs.append(lot)
        else:
            self.lots[uri] = lot
        return lot

    def record(self, party: str, now: datetime, kind: str, step: str, disposition: str, **what: Any) -> None:
        site = self.world.parties[party].site
        self.happenings.append(
            Happening(at=now, party=party, site=site, type=kind, step=step, disposition=disposition, **what)
        )

    def custody(self, party: Party) -> str:
        return "identity_preserved" if "mine" in party.roles else CUSTODY[party.grade]

    # --- moving --------------------------------------------------------------------------------------
    def ship(self, slug: str, now: datetime) -> None:
        """Send everything that is ready, one delivery per customer."""
        for line in self.world.lines:
            if line.party == slug and line.passes:
                for holding in self.stocks[slug].open((line.product,)):
                    self.outgoing[slug].append((line, holding.lot, holding.left))
                    holding.left = 0
        deliveries: dict[str, list[tuple[Lot, int]]] = {}
        ready, self.outgoing[slug] = self.outgoing[slug], []
        for line, lot, amount in ready:
            if lot.serial and len(self.packs) > 6 and self.rng.random() < 0.12:
                self.outgoing[slug].append((line, lot, amount))  # stays in the finished stock until next time
                continue
            if not line.to:
                continue
            if lot.code == RECALLED and len(line.to) > 1:
                first = amount * 65 // 100
                deliveries.setdefault(line.to[0], []).append((lot, first))
                deliveries.setdefault(line.to[1], []).append((lot, amount - first))
                continue
            turn = self._turn[line.party, line.product] = self._turn.get((line.party, line.product), -1) + 1
            deliveries.setdefault(line.to[turn % len(line.to)], []).append((lot, amount))
        for number, (customer, goods) in enumerate(deliveries.items()):
            self.send(slug, customer, goods, now + timedelta(minutes=7 * number))

    def send(
        self, slug: str, customer: str, goods: list[tuple[Lot, int]], now: datetime, *, carrier: str = ""
    ) -> None:
        """Ship lots and items (or a vehicle, `carrier`, with the items in it) and let them arrive."""
        sender, receiver = self.world.parties[slug], self.world.parties[customer]
        if self.world.small:
            days = 1
        elif sender.region == receiver.region:
            days = self.rng.randrange(2, 5)
        else:
            days = self.rng.randrange(17, 33)
        self._notes += 1
        what: dict[str, Any] = {
            "quantities": tuple(Amount(lot=lot, amount=amount) for lot, amount in goods if not lot.serial),
            "epcs": (carrier,) if carrier else tuple(lot.uri for lot, _ in goods if lot.serial),
            "source": slug,
            "destination": customer,
            "note": f"DN-{sender.number}-{self._notes:05d}",
        }
        self.record(slug, now, "ObjectEvent", "shipping", "in_transit", action="OBSERVE", **what)
        local = now.astimezone(receiver.clock).date() + timedelta(days=days)
        self.later(
            at(local, receiver, 6 + self.rng.randrange(2), self.rng.randrange(60)),
            lambda when: self._receive(receiver, goods, when, what),
        )

    def _receive(
        self, party: Party, goods: list[tuple[Lot, int]], now: datetime, what: dict[str, Any]
    ) -> None:
        if not (party.grade == "d" and self.rng.random() < 0.4):
            self.record(party.slug, now, "ObjectEvent", "receiving", "in_progress", action="OBSERVE", **what)
        for lot, amount in goods:
            self.stocks[party.slug].add(lot, amount)
            if party.slug in self.delivered:
                self.delivered[party.slug](self, party, lot, now)


def _stage(party: Party) -> str:
    return next((role for role in party.roles if role in CALENDAR), "")
