"""A recall drill: a lot drawn at random, the recall timed, its list held against a truth that was kept apart."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Sequence

Key = TypeVar("Key", bound="Hashable")
METHOD = "drill-1"


@frozen(kw_only=True)
class Drill:
    """`completeness`: share of the truth that was found; `precision`: share of what was found that is true.

    `missed` and `wrong` name what was not found and what was found and is not true, sorted. `reconciled`: share of
    the mass of the lot that was located, None when unknown.
    """

    lot: str
    seconds: float
    found: int
    truth: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    reconciled: float | None
    within: bool

    @property
    def completeness(self) -> float:
        return 1.0 if not self.truth else (self.truth - len(self.missed)) / self.truth

    @property
    def precision(self) -> float:
        return 1.0 if not self.found else (self.found - len(self.wrong)) / self.found

    @property
    def passed(self) -> bool:
        """Everything was found, in time. Too long a list is no failure of a drill, and is shown."""
        return self.within and not self.missed


def draw(lots: Sequence[Key], ticket: int) -> Key:
    """A lot by a random number that the caller drew and keeps with the drill, so that nobody chooses an easy one."""
    if not lots:
        raise ValueError("there is no lot to draw from")
    return lots[ticket % len(lots)]


def fingerprint(names: Collection[str]) -> str:
    """SHA-256 of names, sorted, each with its length: so that the lots drawn from, or a list, can be shown later."""
    found = sha256()
    for name in sorted(set(names)):
        data = name.encode()
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def drill(
    lot: str,
    recall: Callable[[], tuple[Collection[str], float | None]],
    truth: Collection[str],
    *,
    clock: Callable[[], float],
    limit: float,
) -> Drill:
    """Run a recall and judge it. `recall` gives what it found and the share of mass it located; times in seconds.

    The `truth` must come from elsewhere: packing lists, a second system, the records of the plant that was asked.
    """
    started = clock()
    found, reconciled = recall()
    seconds = clock() - started
    listed, true = set(found), set(truth)
    return Drill(
        lot=lot,
        seconds=seconds,
        found=len(listed),
        truth=len(true),
        missed=tuple(sorted(true - listed)),
        wrong=tuple(sorted(listed - true)),
        reconciled=reconciled,
        within=seconds <= limit,
    )
