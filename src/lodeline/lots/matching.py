"""Which receipt belongs to which shipment: by lot and receiver, then by amount and time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lodeline.lots import record as words
from lodeline.lots.reconcile import Leg, Shipment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.lots.record import Moved, Record


def shipments(record: Record) -> Iterator[Shipment]:
    """Every shipment with its receipts, and receipts that nobody sent.

    What arrives in a package counts for the package's shipment, and the other way round.
    """
    inside: dict[str, list[Moved]] = defaultdict(list)
    loose: dict[str, list[Moved]] = defaultdict(list)
    for key in record.lots():
        came = record.of(key, words.RECEIVED)
        if not came:
            continue
        if record.of(key, words.SHIPPED):
            loose[key] += came
            continue
        carriers = [one for one in record.parents(key) if record.of(one, words.SHIPPED)]
        for carrier in carriers:
            inside[carrier] += came
        if not carriers:
            loose[key] += came
    opened: set[str] = {
        parent
        for key in record.lots()
        if record.of(key, words.SHIPPED)
        for parent in record.parents(key)
        if record.of(parent, words.RECEIVED)
    }
    for key in record.lots():
        sent = record.of(key, words.SHIPPED)
        carried = any(record.of(parent, words.RECEIVED) for parent in record.parents(key))
        yield from _of(record, key, sent, loose[key], inside[key], arrived=carried, known=key in opened)


def _of(
    record: Record,
    key: str,
    sent: list[Moved],
    came: list[Moved],
    inside: list[Moved],
    *,
    arrived: bool,
    known: bool,
) -> Iterator[Shipment]:
    receivers = sorted({one.party for one in (*sent, *came)})
    for receiver in receivers:
        legs = [one for one in sent if one.party == receiver]
        found = _pair(legs, [one for one in came if one.party == receiver])
        for one in legs:
            ends = found.get(one.event, [])
            if not ends and (arrived or any(row.at >= one.at for row in inside)):
                continue  # its package, or what was in it, is known to have come
            yield Shipment(
                lot=key,
                sent=_leg(one, one.by),
                received=tuple(_leg(row, row.party or row.by) for row in ends),
                to=receiver if receiver != one.by else "",
                used=_used(record, key, receiver, one),
                unit=record.unit(key),
            )
        for one in found.get("", []):
            if not known:
                yield Shipment(
                    lot=key,
                    sent=None,
                    received=(_leg(one, one.party or one.by),),
                    unit=record.unit(key),
                )


def _pair(sent: list[Moved], came: list[Moved]) -> dict[str, list[Moved]]:
    """Receipts by the event of their shipment; under "" those without one."""
    found: dict[str, list[Moved]] = defaultdict(list)
    for one in came:
        found[_best(one, sent, found)].append(one)
    return found


def _best(one: Moved, sent: list[Moved], found: dict[str, list[Moved]]) -> str:
    free = [leg for leg in sent if not found[leg.event]]
    before = [leg for leg in free if leg.at <= one.at]
    exact = [leg for leg in before if leg.amount == one.amount]
    short = [leg for leg in sent if leg.at <= one.at and _rest(leg, found[leg.event]) > 0]
    for choice in (exact[:1], before[:1], short[:1], free[:1], sent[-1:]):
        if choice:
            return choice[0].event
    return ""


def _rest(leg: Moved, came: list[Moved]) -> int:
    return (leg.amount or 0) - sum(one.amount or 0 for one in came)


def _used(record: Record, key: str, receiver: str, sent: Moved) -> str:
    """The first event by which the receiver did something with it afterwards."""
    if not receiver or receiver == sent.by:
        return ""
    acts = (words.USED, words.SHIPPED, words.PACKED, words.SEEN)
    for one in record.of(key, *acts):
        if one.by == receiver and one.at >= sent.at and one.event != sent.event:
            return one.event
    return ""


def _leg(one: Moved, party: str) -> Leg:
    return Leg(event=one.event, party=party, at=one.at, mass=one.amount, site=one.site)
