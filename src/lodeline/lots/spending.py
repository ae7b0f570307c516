"""What moves of one account add up to: debits take from credits, what ends first is used first.

So nothing is refused that another order of use would allow. Moves come in order of time, credits before debits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lodeline.lots.entries import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lodeline.lots.entries import Move


def order(move: Move) -> tuple[datetime, int]:
    """How moves of an account are sorted."""
    return move.at, -move.amount


def spent(moves: Iterable[Move]) -> tuple[int, list[tuple[datetime | None, int]]]:
    """Debits that no live credit covers, and what is left of each credit: (expiry, mg)."""
    short = 0
    live: dict[datetime | None, int] = defaultdict(int)
    for move in moves:
        if move.amount > 0:
            live[move.expiry] += move.amount
        else:
            short += -move.amount - sum(taken for _, taken in _take(live, move))
    return short, list(live.items())


def taken_by(moves: Iterable[Move], entry: str) -> list[tuple[datetime | None, int]]:
    """Which credits an entry used: (expiry, mg)."""
    live: dict[datetime | None, int] = defaultdict(int)
    found: list[tuple[datetime | None, int]] = []
    for move in moves:
        if move.amount > 0:
            live[move.expiry] += move.amount
        else:
            taken = _take(live, move)
            if move.entry == entry:
                found += taken
    return found


def walk(moves: Iterable[Move], until: datetime) -> Iterator[Step]:
    """The running balance up to and with `until`, credits that end unused included."""
    live: dict[datetime | None, int] = defaultdict(int)
    left = 0
    seen: datetime | None = None  # credits that come back after their end are gone again at once

    def ended(by: datetime) -> Iterator[Step]:
        nonlocal left
        for expiry in sorted(one for one in live if one is not None and one <= by):
            unused = live.pop(expiry)
            if unused:
                left -= unused
                yield Step(max(expiry, seen or expiry), "", -unused, left)

    for move in moves:
        if move.at > until:
            break
        yield from ended(move.at)
        seen = move.at
        left += move.amount
        if move.amount > 0:
            live[move.expiry] += move.amount
        else:
            _take(live, move)
        yield Step(move.at, move.entry, move.amount, left)
    yield from ended(until)


def _take(live: dict[datetime | None, int], move: Move) -> list[tuple[datetime | None, int]]:
    """Take a debit from what is live at its time: (expiry, mg) of each part."""
    wanted, found = -move.amount, []
    for expiry in sorted(live, key=lambda one: (one is None, one)):
        if not wanted:
            break
        if expiry is not None and expiry <= move.at:
            continue
        taken = min(live[expiry], wanted)
        if taken:
            live[expiry] -= taken
            wanted -= taken
            found.append((expiry, taken))
    return found
