"""Closing a recall: what became of everything that was reached, and what is still open.

Everything on the list is *open* until somebody says what became of it. A recall is closed when nothing is open, or when
for each holder of something open a reason is given why that may stay so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

METHOD = "closure-1"


class Outcome(StrEnum):
    """What became of a thing. `clean`: looked at and found free of the fault."""

    RETURNED = "returned"
    QUARANTINED = "quarantined"
    SCRAPPED = "scrapped"
    CLEAN = "clean"


class Mark(StrEnum):
    """What is said of a notice to a holder."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"


@frozen(kw_only=True)
class Thing:
    """A lot or item to deal with. `holder`: who has it as far as known; `mass`: mg of the suspect lot in it."""

    key: str
    holder: str
    item: bool
    mass: int | None
    outcome: Outcome | None = None


@frozen(kw_only=True)
class Count:
    """How many things, and how much of the suspect lot is in those of known mass."""

    things: int = 0
    mass: int = 0

    def plus(self, thing: Thing) -> Count:
        return Count(things=self.things + 1, mass=self.mass + (thing.mass or 0))


@frozen(kw_only=True)
class Balance:
    """`by_outcome` and `open` (by holder) add up to `all`."""

    all: Count
    by_outcome: Mapping[Outcome, Count]
    open: Mapping[str, Count]

    @property
    def settled(self) -> int:
        return sum(one.things for one in self.by_outcome.values())

    @property
    def share(self) -> float:
        """Share of the things of which it is known what became of them; 1 when there is none."""
        return self.settled / self.all.things if self.all.things else 1.0

    def unexplained(self, reasons: Mapping[str, str]) -> list[str]:
        """Holders of open things for whom no reason is given, sorted."""
        return sorted(holder for holder in self.open if not reasons.get(holder, "").strip())


def balance(things: Iterable[Thing]) -> Balance:
    """Add up. A thing that is named twice counts once, with what was said last."""
    found = {thing.key: thing for thing in things}
    whole = Count()
    by_outcome: dict[Outcome, Count] = {}
    left: dict[str, Count] = {}
    for thing in found.values():
        whole = whole.plus(thing)
        if thing.outcome is None:
            left[thing.holder] = left.get(thing.holder, Count()).plus(thing)
        else:
            by_outcome[thing.outcome] = by_outcome.get(thing.outcome, Count()).plus(thing)
    return Balance(
        all=whole,
        by_outcome={one: by_outcome[one] for one in Outcome if one in by_outcome},
        open=dict(sorted(left.items())),
    )


def marked_in_order(mark: Mark, known: Iterable[Mark]) -> bool:
    """Nobody can acknowledge or answer what was not sent."""
    return mark is Mark.SENT or Mark.SENT in set(known)
