"""What the simulation knows of recalls: a closed one, packs that failed for one reason, the truth of a drill.

It is known from what flowed, not from Lodeline.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lodeline_server.demo.network import Network

CELLS, PACKS = "pouch-cell", "hv77"
FAILED = 40


def closed_lot(network: Network) -> str:
    """A lot of cells that was in at least two packs a month before the story ends."""
    until = closing_day(network)
    links = flows(network, until)
    cells = sorted(lot.uri for lot in network.lots.values() if lot.product.slug == CELLS)
    return next(uri for uri in cells if len(reached(uri, links) & items(network)) >= 2)


def failed_packs(network: Network) -> list[str]:
    """Packs with cathode material of one lot, of which less than half of all packs have some."""
    links = flows(network, network.end)
    packs = {pack.uri for pack in network.packs if pack.product.slug == PACKS}
    lots = sorted(lot.uri for lot in network.lots.values() if lot.product.slug == "nmc622")
    found = max((reached(uri, links) & packs for uri in lots), key=lambda them: _fit(them, packs))
    return sorted(found)[:FAILED]


def _fit(them: set[str], packs: set[str]) -> tuple[bool, int]:
    return len(them) * 2 <= len(packs) and len(them) <= FAILED, len(them)


def closing_day(network: Network) -> datetime:
    day = network.world.month(network.world.months - 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def items(network: Network) -> set[str]:
    return {pack.uri for pack in network.packs}


def flows(network: Network, until: datetime) -> dict[str, set[str]]:
    """What went into what before a time, by identifier."""
    found: dict[str, set[str]] = {}
    for one in network.happenings:
        if one.type == "TransformationEvent" and one.at < until:
            made = {amount.lot.uri for amount in one.outputs} | set(one.output_epcs)
            for name in [*(amount.lot.uri for amount in one.inputs), *one.input_epcs]:
                found.setdefault(name, set()).update(made)
    return found


def reached(start: str, links: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in links.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found
