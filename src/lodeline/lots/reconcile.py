"""What was recorded against what was counted, weighed and possible, by site and shipment.

Masses are whole milligrams. Every difference is a finding with a stable rule; nothing is adjusted (`adjust` estimates
what the true flows were, for people to judge).
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from lodeline.evidence import Finding, Severity
from lodeline.quantities import format_mass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

ISCC: Final = Fraction(5, 1000)
"""Book stock against physical stock: 0.5 % of book."""
UNTP: Final = Fraction(2, 100)
"""Inputs against outputs and losses: 2 %."""


@frozen(kw_only=True)
class Count:
    """A physical stock count of a material at a site; the first of two opens a period, the second closes it."""

    id: str
    site: str
    material: str
    at: datetime
    mass: int


@frozen(kw_only=True)
class Booked:
    """What a record says came in (above zero) or went out of a site's stock (below): by event, weighed loss too."""

    event: str
    site: str
    material: str
    at: datetime
    mass: int


@frozen(kw_only=True)
class Leg:
    """One end of a shipment, as its party recorded it."""

    event: str
    party: str
    at: datetime
    mass: int | None


@frozen(kw_only=True)
class Shipment:
    """A lot on its way: what was sent, and each receipt that was recorded."""

    lot: str
    sent: Leg | None
    received: tuple[Leg, ...] = ()


@frozen(kw_only=True)
class Step:
    """A transformation: mass of one substance in and out, and when its inputs were made."""

    event: str
    at: datetime
    entered: int | None
    left: int | None
    made: tuple[tuple[str, datetime], ...] = field(factory=tuple)


def stock(
    counts: Iterable[Count], booked: Iterable[Booked], *, tolerance: Fraction = ISCC
) -> Iterator[Finding]:
    """Counted against booked stock between each two counts of a material at a site (MB-03, MB-10)."""
    places: dict[tuple[str, str], list[Count]] = defaultdict(list)
    moved: dict[tuple[str, str], list[Booked]] = defaultdict(list)
    for count in counts:
        places[count.site, count.material].append(count)
    for one in booked:
        moved[one.site, one.material].append(one)
    for place, found in sorted(places.items()):
        found.sort(key=lambda count: (count.at, count.id))
        for opening, closing in pairwise(found):
            inside = [one.mass for one in moved[place] if opening.at < one.at <= closing.at]
            expected = opening.mass + sum(inside)
            base = opening.mass + sum(mass for mass in inside if mass > 0)
            if expected < 0:
                yield _error(
                    "RC-OVERDRAWN",
                    closing.id,
                    f"{format_mass(-expected)} more left {place[0]} than were there or came in",
                )
            elif abs(closing.mass - expected) > tolerance * base:
                word = "missing" if closing.mass < expected else "too much"
                yield _error(
                    "RC-STOCK",
                    closing.id,
                    f"{format_mass(closing.mass)} of {place[1]} were counted at {place[0]}, the books say "
                    f"{format_mass(expected)}: {format_mass(abs(closing.mass - expected))} {word}",
                )


def shipments(
    found: Iterable[Shipment], *, now: datetime, patience: timedelta, tolerance: Fraction = ISCC
) -> Iterator[Finding]:
    """Both ends of each shipment against each other. `patience`: after that long, a receipt is missing."""
    for one in found:
        yield from _shipment(one, now, patience, tolerance)


def _shipment(one: Shipment, now: datetime, patience: timedelta, tolerance: Fraction) -> Iterator[Finding]:
    if one.sent is None:
        for leg in one.received:
            yield _error(
                "RC-UNSENT", leg.event, f"{leg.party} received {one.lot}, and nobody says they sent it"
            )
        return
    if not one.received and now - one.sent.at > patience:
        yield _error(
            "RC-MISSING", one.sent.event, f"{one.sent.party} sent {one.lot}, and nobody says they received it"
        )
    for leg in one.received:
        if leg.at < one.sent.at:
            yield _error("RC-TIME", leg.event, f"{leg.party} received {one.lot} before it was sent")
    if any(leg.mass is None for leg in (one.sent, *one.received)):
        return
    sent, came = one.sent.mass or 0, sum(leg.mass or 0 for leg in one.received)
    if len(one.received) > 1 and came > sent * (1 + tolerance):
        yield _error(
            "RC-DOUBLED",
            one.received[-1].event,
            f"{len(one.received)} receipts of {one.lot} add up to {format_mass(came)}; {format_mass(sent)} were sent",
        )
    elif one.received and abs(came - sent) > tolerance * sent:
        yield _error(
            "RC-WEIGHT",
            one.received[-1].event,
            f"{format_mass(came)} of {one.lot} were received, {format_mass(sent)} were sent",
        )


def steps(found: Iterable[Step], *, tolerance: Fraction = Fraction(0)) -> Iterator[Finding]:
    """No yield above 100 %, nothing used before it was made."""
    for step in found:
        for lot, made in step.made:
            if made > step.at:
                yield _error("RC-BEFORE", step.event, f"{lot} was used before it was made")
        if step.entered is not None and step.left is not None and step.left > step.entered * (1 + tolerance):
            yield _error(
                "RC-YIELD",
                step.event,
                f"{format_mass(step.left)} came out of {format_mass(step.entered)}",
            )


def _error(rule: str, pointer: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer, message=message)
