"""What is inside what, and when. Containment moves things; it mixes nothing and adds no mass."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from lodeline.lots.values import Used

NESTING = 8
"""Boxes on pallets in containers: nobody packs deeper, and a circle of boxes must end."""


@frozen(kw_only=True)
class Packing:
    """`key` is put into `parent`, or taken out. No `key`: everything is taken out."""

    key: str
    parent: str
    time: datetime
    position: int
    put: bool
    amount: Decimal | None = None
    uom: str | None = None


@frozen(kw_only=True)
class Stay:
    """`key` was inside `parent` from `since` until before `until`; None: it still is."""

    key: str
    parent: str
    since: datetime
    until: datetime | None
    amount: Decimal | None
    uom: str | None

    def covers(self, time: datetime) -> bool:
        """Whether the thing is inside at `time`."""
        return self.since <= time and (self.until is None or time < self.until)


def stays(packings: Iterable[Packing]) -> list[Stay]:
    """Intervals from packing and unpacking. The order in which they are given plays no part."""
    entered: dict[str, list[Packing]] = defaultdict(list)
    left: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for one in packings:
        if one.put:
            entered[one.parent].append(one)
        else:
            left[one.parent, one.key].append(one.time)
    found = []
    for parent in sorted(entered):
        for one in sorted(entered[parent], key=lambda item: (item.time, item.key, item.position)):
            ends = (*left.get((parent, one.key), ()), *left.get((parent, ""), ()))
            found.append(
                Stay(
                    key=one.key,
                    parent=parent,
                    since=one.time,
                    until=min((end for end in ends if end > one.time), default=None),
                    amount=one.amount,
                    uom=one.uom,
                )
            )
    return found


def opened(used: Iterable[Used], packings: Iterable[Packing], made: Collection[str]) -> list[Used]:
    """The uses with every container replaced by what was in it then.

    A container that is a lot itself (a pack with a built-in part) stays beside its content. What the transformation
    names as an input of its own, and a single thing that was used up before, count once.
    """
    uses = list(used)
    inside: dict[str, list[Stay]] = defaultdict(list)
    for stay in stays(packings):
        inside[stay.parent].append(stay)
    if not inside:
        return uses
    named: dict[str, set[str]] = defaultdict(set)  # by group
    first: dict[str, datetime] = {}
    for use in uses:
        named[use.group].add(use.key)
        first[use.key] = min(first.get(use.key, use.time), use.time)
    found = []
    for use in uses:
        content = _content(use, inside, NESTING) if use.key in inside else []
        if use.key in made or not content:
            found.append(use)
        found += [one for one in content if one.key not in named[use.group] and not _spent(one, first)]
    return found


def _spent(use: Used, first: Mapping[str, datetime]) -> bool:
    """True for a single thing that went into something before."""
    return _single(use) and use.key in first and first[use.key] <= use.time


def _single(one: Used | Stay) -> bool:
    return one.amount == 1 and not one.uom


def _content(use: Used, inside: Mapping[str, list[Stay]], depth: int) -> list[Used]:
    found: list[Used] = []
    seen: set[str] = set()
    for stay in inside.get(use.key, ()) if depth else ():
        if stay.covers(use.time) and not (_single(stay) and stay.key in seen):
            seen.add(stay.key)
            part = evolve(use, key=stay.key, amount=stay.amount, uom=stay.uom)
            deeper = _content(part, inside, depth - 1)
            found += deeper or [part]
    return found
