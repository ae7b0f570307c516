"""What was recorded against what was counted, weighed and possible, by site and shipment.

Masses are whole milligrams (or pieces). Every difference is a mismatch with a stable rule; nothing is adjusted
(`adjust` estimates what the true flows were, for people to judge).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from lodeline.lots.mismatch import MG, Cause, Mismatch, amount, month, slipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

ISCC: Final = Fraction(5, 1000)
"""Book stock against physical stock: 0.5 % of book."""
UNTP: Final = Fraction(2, 100)
"""Inputs against outputs and losses: 2 %."""
BORDER: Final = timedelta(days=3)
"""So far from a count a movement may have been written on its other side."""
MOISTURE: Final = Fraction(15, 100)
"""Up to this a weight that is off is more likely a factor (moisture, tare) than a part that is missing."""


@frozen(kw_only=True)
class Count:
    """A physical stock count of a material at a site; the first of two opens a period, the second closes it."""

    id: str
    site: str
    material: str
    at: datetime
    mass: int
    unit: str = MG


@frozen(kw_only=True)
class Booked:
    """What a record says came in (above zero) or went out of a site's stock (below): by event, weighed loss too."""

    event: str
    site: str
    material: str
    at: datetime
    mass: int
    lot: str = ""


@frozen(kw_only=True)
class Leg:
    """One end of a shipment, as its party recorded it."""

    event: str
    party: str
    at: datetime
    mass: int | None
    site: str = ""


@frozen(kw_only=True)
class Shipment:
    """A lot on its way: what was sent, and each receipt that was recorded.

    `to`: who was to get it. `used`: the event by which the receiver used or sent it on, if there is one.
    """

    lot: str
    sent: Leg | None
    received: tuple[Leg, ...] = ()
    to: str = ""
    used: str = ""
    unit: str = MG


@frozen(kw_only=True)
class Step:
    """A transformation: mass of one substance in and out, and when its inputs were made."""

    event: str
    at: datetime
    entered: int | None
    left: int | None
    made: tuple[tuple[str, datetime], ...] = field(factory=tuple)
    substance: str = ""
    site: str = ""
    party: str = ""
    output: str = ""
    done: str = "used"


def stock(
    counts: Iterable[Count], booked: Iterable[Booked], *, tolerance: Fraction = ISCC
) -> Iterator[Mismatch]:
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
            yield from _between(opening, closing, moved[place], tolerance)


def _between(opening: Count, closing: Count, moved: list[Booked], tolerance: Fraction) -> Iterator[Mismatch]:
    inside = [one for one in moved if opening.at < one.at <= closing.at]
    expected = opening.mass + sum(one.mass for one in inside)
    base = opening.mass + sum(one.mass for one in inside if one.mass > 0)
    unit = closing.unit
    common = {
        "subject": f"{closing.site} {closing.material}",
        "period": f"{opening.at:%Y-%m-%d}/{closing.at:%Y-%m-%d}",
        "pointer": closing.id,
        "here": (opening.id, closing.id),
        "there": tuple(dict.fromkeys(one.event for one in inside)),
        "site": closing.site,
        "expected": expected,
        "found": closing.mass,
        "unit": unit,
    }
    cause = _why(closing.mass - expected, inside, moved, opening, closing, tolerance * base)
    if expected < 0:
        yield Mismatch(
            rule="RC-OVERDRAWN",
            message=f"{amount(-expected, unit)} more left {closing.site} than were there or came in",
            cause=Cause.MISSING_RECEIPT if cause is Cause.MISSING_EVENT else cause,
            **common,  # type: ignore[arg-type]
        )
    elif abs(closing.mass - expected) > tolerance * base:
        word = "missing" if closing.mass < expected else "too much"
        yield Mismatch(
            rule="RC-STOCK",
            message=f"{amount(closing.mass, unit)} of {closing.material} were counted at {closing.site}, the books "
            f"say {amount(expected, unit)}: {amount(abs(closing.mass - expected), unit)} {word}",
            cause=cause,
            **common,  # type: ignore[arg-type]
        )


def _why(
    gap: int, inside: list[Booked], moved: list[Booked], opening: Count, closing: Count, within: Fraction
) -> Cause:
    """The one change of one record that would close the gap; else what a gap of its sign mostly is."""

    def closes(change: int) -> bool:
        return abs(gap - change) <= within

    for one in inside:
        wrong = one.mass + gap
        if wrong * one.mass > 0 and slipped(abs(one.mass), abs(wrong)):
            return Cause.UNIT_ERROR
    seen: set[tuple[str, int]] = set()
    for one in inside:
        if (one.lot, one.mass) in seen and closes(-one.mass):
            return Cause.DOUBLE_USE
        seen.add((one.lot, one.mass))
    for one in moved:
        outside = opening.at - BORDER <= one.at <= opening.at or closing.at < one.at <= closing.at + BORDER
        border = opening.at < one.at <= opening.at + BORDER or closing.at - BORDER <= one.at <= closing.at
        if (outside and closes(one.mass)) or (border and closes(-one.mass)):
            return Cause.TIME_SHIFT
    came = sum(one.mass for one in inside if one.mass > 0)
    if came and abs(gap) <= MOISTURE / 3 * came:
        return Cause.WRONG_FACTOR
    return Cause.MISSING_EVENT if gap < 0 else Cause.MISSING_RECEIPT


def shipments(
    found: Iterable[Shipment], *, now: datetime, patience: timedelta, tolerance: Fraction = ISCC
) -> Iterator[Mismatch]:
    """Both ends of each shipment against each other. `patience`: after that long, a receipt is missing."""
    for one in found:
        yield from _shipment(one, now, patience, tolerance)


def _mismatch(
    rule: str,
    one: Shipment,
    at: Leg,
    message: str,
    cause: Cause,
    *,
    expected: int | None = None,
    found: int | None = None,
) -> Mismatch:
    ends = (*((one.sent,) if one.sent else ()), *one.received)
    receiver = one.to or (one.received[0].party if one.received else "")
    return Mismatch(
        rule=rule,
        subject=f"{one.lot} {receiver}".strip(),
        period=month((one.sent or one.received[0]).at),
        pointer=at.event,
        message=message,
        cause=cause,
        here=(one.sent.event,) if one.sent else (),
        there=tuple(leg.event for leg in one.received) or ((one.used,) if one.used else ()),
        lot=one.lot,
        site=at.site,
        parties=tuple(dict.fromkeys([*(leg.party for leg in ends), *([one.to] if one.to else [])])),
        unit=one.unit,
        expected=expected,
        found=found,
    )


def _shipment(one: Shipment, now: datetime, patience: timedelta, tolerance: Fraction) -> Iterator[Mismatch]:
    if one.sent is None:
        for leg in one.received:
            said = f"{leg.party} received {one.lot}, and nobody says they sent it"
            yield _mismatch("RC-UNSENT", one, leg, said, Cause.MISSING_EVENT)
        return
    if not one.received and now - one.sent.at > patience:
        said = f"{one.sent.party} sent {one.lot}, and nobody says they received it"
        if one.used:
            said += "; it was used there all the same, so the receipt is missing, not the material"
        cause = Cause.MISSING_RECEIPT if one.used else Cause.MISSING_EVENT
        yield _mismatch("RC-MISSING", one, one.sent, said, cause, expected=one.sent.mass, found=0)
    for leg in one.received:
        if leg.at < one.sent.at:
            said = f"{leg.party} received {one.lot} before it was sent"
            yield _mismatch("RC-TIME", one, leg, said, Cause.TIME_SHIFT)
    if any(leg.mass is None for leg in (one.sent, *one.received)):
        return
    sent, came = one.sent.mass or 0, sum(leg.mass or 0 for leg in one.received)
    if len(one.received) > 1 and came > sent * (1 + tolerance):
        said = (
            f"{len(one.received)} receipts of {one.lot} add up to {amount(came, one.unit)}; "
            f"{amount(sent, one.unit)} were sent"
        )
        yield _mismatch(
            "RC-DOUBLED", one, one.received[-1], said, Cause.DOUBLE_USE, expected=sent, found=came
        )
    elif one.received and abs(came - sent) > tolerance * sent:
        said = f"{amount(came, one.unit)} of {one.lot} were received, {amount(sent, one.unit)} were sent"
        yield _mismatch(
            "RC-WEIGHT", one, one.received[-1], said, _weight(sent, came), expected=sent, found=came
        )


def _weight(sent: int, came: int) -> Cause:
    if slipped(sent, came):
        return Cause.UNIT_ERROR
    if abs(came - sent) <= MOISTURE * sent:
        return Cause.WRONG_FACTOR
    return Cause.MISSING_RECEIPT if came < sent else Cause.DOUBLE_USE


def steps(found: Iterable[Step], *, tolerance: Fraction = Fraction(0)) -> Iterator[Mismatch]:
    """No yield above 100 %, nothing used before it was made."""
    for step in found:
        for lot, made in step.made:
            if made > step.at:
                yield Mismatch(
                    rule="RC-BEFORE",
                    subject=lot,
                    period=month(step.at),
                    pointer=step.event,
                    message=f"{lot} was {step.done} before it was made",
                    cause=Cause.TIME_SHIFT,
                    there=(step.event,),
                    lot=lot,
                    site=step.site,
                    parties=(step.party,) if step.party else (),
                )
        if step.entered is not None and step.left is not None and step.left > step.entered * (1 + tolerance):
            of = f" of {step.substance}" if step.substance else ""
            unit = step.entered and slipped(step.left, step.entered)
            yield Mismatch(
                rule="RC-YIELD",
                subject=f"{step.output or step.event} {step.substance}".strip(),
                period=month(step.at),
                pointer=step.event,
                message=f"{amount(step.left)}{of} came out of {amount(step.entered)}",
                cause=Cause.UNIT_ERROR if unit else Cause.WRONG_FACTOR,
                there=(step.event,),
                lot=step.output,
                site=step.site,
                parties=(step.party,) if step.party else (),
                expected=step.entered,
                found=step.left,
            )
