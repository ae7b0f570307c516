"""How batches, cells, housings and packs are made: what goes in, and what the lot then holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.demo.stock import ENOUGH, Amount, Holding, available, content, draw, take

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Lot
    from lodeline_server.demo.world import Line, Product

# The story of the contradiction: in these months Drakensund's lots hold more nickel than went in.
SURPLUS = {"drakensund": ((9, 10, 11), 1.13)}
SMALL_SURPLUS = {"drakensund": ((1,), 1.13)}


def commission(
    network: Network, line: Line, product: Product, total: int, now: datetime, *, recovered_from: str = ""
) -> Lot:
    """A lot that starts here."""
    party = network.world.parties[line.party]
    ppm = {substance: _assay(network, share) for substance, share in product.ppm.items()}
    lot = network.new_lot(line, product, total, ppm, now)
    network.record(
        line.party, now, "ObjectEvent", "commissioning", "active", action="ADD", described=lot,
        quantities=(Amount(lot=lot, amount=total),), custody=network.custody(party),
        recycled=line.recycled, recovered_from=recovered_from,
    )  # fmt: skip
    return lot


def source(network: Network, line: Line, product: Product, now: datetime) -> bool:
    grams = int(line.size * 1000 * network.rng.uniform(0.94, 1.06))
    lot = commission(network, line, product, grams, now)
    network.outgoing[line.party].append((line, lot, grams))
    return True


def _assay(network: Network, ppm: int) -> int:
    return min(round(ppm * network.rng.uniform(0.994, 1.006) / 100) * 100, 1_000_000)


def batch(network: Network, line: Line, product: Product, month: int, now: datetime) -> bool:
    """Salts, cathode, anode, foil: the substances of the feed, less a small loss, in so many grams."""
    stock = network.stocks[line.party]
    grams = int(line.size * 1000 * network.rng.uniform(0.95, 1.05))
    feed = (line.product,) if line.blend else product.feed
    heel = network.heels.get(line.party)
    kept = (Amount(lot=heel.lot, amount=heel.left),) if heel and line.heel else ()
    there = content(kept)
    loss = network.rng.uniform(0.003, 0.012)
    ppm = {substance: _assay(network, share) for substance, share in product.ppm.items()}
    drawn = []
    for substance, share in ppm.items():
        holdings = [h for h in stock.open(feed) if substance in h.lot.ppm]
        need = int(grams * share / (1 - loss)) - there.get(substance, 0)
        if len(ppm) == 1 and (have := available(holdings, lambda lot: lot.micrograms(substance))) < need:  # noqa: B023
            if have < need * ENOUGH:
                return False
            need = have
        found = draw(holdings, need, lambda lot: lot.micrograms(substance), network.rng)  # noqa: B023
        if found is None:
            return False
        drawn += found
    inputs = (*kept, *take(drawn))
    held = content(inputs)
    if len(ppm) == 1:
        ((substance, share),) = ppm.items()
        grams = int(held[substance] * (1 - loss) / share)
    else:
        ppm = {substance: int(held[substance] * (1 - loss) / grams) // 10 * 10 for substance in ppm}
    months, factor = (SMALL_SURPLUS if network.world.small else SURPLUS).get(line.party, ((), 1.0))
    if month in months:
        grams = int(grams * factor)
    lot = network.new_lot(line, product, grams, ppm, now)
    _transformed(network, line, lot, inputs, now)
    left = grams
    if line.heel:
        back = int(grams * line.heel)
        network.heels[line.party] = Holding(lot, back)
        left -= back
    network.outgoing[line.party].append((line, lot, left))
    return True


def build(network: Network, line: Line, product: Product, now: datetime) -> bool:
    """Counted pieces: cells and housings by the lot, packs one by one."""
    pieces = 1 if product.serial else int(line.size * network.rng.uniform(0.96, 1.04))
    scrap = 0.0 if product.serial else network.rng.uniform(0.003, 0.01)
    stock = network.stocks[line.party]
    drawn = []
    for part, each in product.parts.items():
        if not any(other.product == part for other in network.world.lines):
            continue  # the small world leaves this part out
        found = draw(stock.open((part,)), int(pieces * each * (1 + scrap)), lambda _: 1, network.rng)
        if found is None:
            return False
        drawn += found
    inputs = take(drawn)
    mass = pieces * (product.grams or 1)
    ppm = {substance: int(held / (1 + scrap)) // mass for substance, held in sorted(content(inputs).items())}
    lot = network.new_lot(line, product, pieces, ppm, now)
    _transformed(network, line, lot, inputs, now)
    network.outgoing[line.party].append((line, lot, pieces))
    return True


def _transformed(network: Network, line: Line, lot: Lot, inputs: tuple[Amount, ...], now: datetime) -> None:
    output = {"output_epcs": (lot.uri,)} if lot.serial else {"outputs": (Amount(lot=lot, amount=lot.total),)}
    network.record(
        line.party, now, "TransformationEvent", "assembling" if lot.serial else "commissioning", "active",
        inputs=inputs, described=lot, custody=network.custody(network.world.parties[line.party]), **output,
    )  # fmt: skip
