"""Everything on record that does not fit, as a function of the record: all rules of reconciliation in one place."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from lodeline.lots import lookalike, matching, reconcile, suggest
from lodeline.lots import record as words
from lodeline.lots.mismatch import MG, Cause, Mismatch, amount, merged, month, slipped
from lodeline.lots.reconcile import Booked, Count, Step
from lodeline.lots.record import Record, without_doubles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lodeline.lots.reconcile import Shipment
    from lodeline.lots.record import Moved

INWARD: Final = {words.MADE, words.RECEIVED}
OUTWARD: Final = {words.USED, words.SHIPPED, words.ENDED}
DONE: Final = {
    words.USED: "used", words.SHIPPED: "sent", words.RECEIVED: "received", words.PACKED: "packed",
    words.SEEN: "seen", words.ENDED: "ended",
}  # fmt: skip


@frozen(kw_only=True)
class Tolerances:
    """`stock`, `shipment`: share of what was expected. `step`: by how much more may come out than went in.

    `patience`: how long a shipment may be on its way.
    """

    stock: Fraction = reconcile.ISCC
    shipment: Fraction = reconcile.ISCC
    step: Fraction = reconcile.UNTP
    patience: timedelta = timedelta(days=45)


def find(record: Record, now: datetime, tolerances: Tolerances | None = None) -> list[Mismatch]:
    """All mismatches, each once, in the order of their identities. The same record and day give the same list."""
    limits = tolerances or Tolerances()
    kept, twice = without_doubles(record.moved)
    clean = evolve(record, moved=tuple(kept))
    sent = list(matching.shipments(clean))
    found = [
        *_doubles(twice, clean),
        *_stock(clean, sent, limits),
        *_shipments(sent, now, limits),
        *reconcile.steps(_early(clean)),
        *reconcile.steps(_yields(clean), tolerance=limits.step),
        *_more_out(clean, sent, limits),
        *lookalike.assays(clean.sent_assays, clean.assays),
        *lookalike.clones(_sightings(clean)),
        *lookalike.certificates(clean.certificates),
    ]
    return merged(found)


def _doubles(twice: Iterable[tuple[Moved, Moved]], record: Record) -> Iterator[Mismatch]:
    for first, again in twice:
        yield Mismatch(
            rule="RC-TWICE",
            subject=f"{again.key} {again.act} {again.by}",
            period=month(again.at),
            pointer=again.event,
            message=f"{again.key} was {again.act} twice at the same moment, place and amount, under two event ids",
            cause=Cause.DOUBLE_USE,
            here=(first.event,),
            there=(again.event,),
            lot=again.key,
            site=again.site,
            parties=tuple(dict.fromkeys(filter(None, (first.by, again.by)))),
            expected=first.amount,
            found=(first.amount or 0) + (again.amount or 0),
            unit=record.unit(again.key),
        )


def counts(record: Record) -> list[Count]:
    """Stock counts: what one counting event says of one material at one site, over all its lots."""
    sums: dict[tuple[str, str, str, datetime], int] = defaultdict(int)
    unknown: set[tuple[str, str, str, datetime]] = set()
    units: dict[tuple[str, str, str, datetime], str] = {}
    for one in record.moved:
        if one.act == words.SEEN and one.step in words.COUNTING and one.site:
            place = (one.event, one.site, record.materials.get(one.key, one.key), one.at)
            if one.amount is None or units.setdefault(place, record.unit(one.key)) != record.unit(one.key):
                unknown.add(place)
            sums[place] += one.amount or 0
    return [
        Count(id=event, site=site, material=material, at=at, mass=mass, unit=units[event, site, material, at])
        for (event, site, material, at), mass in sorted(sums.items())
        if (event, site, material, at) not in unknown
    ]


def booked(record: Record, places: set[tuple[str, str]]) -> list[Booked]:
    """What came to and left the materials that are counted, by event. Amounts that are not known book nothing."""
    return [
        Booked(
            event=one.event,
            site=one.site,
            material=record.materials.get(one.key, one.key),
            at=one.at,
            mass=one.amount if one.act in INWARD else -one.amount,
            lot=one.key,
        )
        for one in record.moved
        if one.amount is not None
        and one.act in INWARD | OUTWARD
        and (one.site, record.materials.get(one.key, one.key)) in places
    ]


def _stock(record: Record, sent: list[Shipment], limits: Tolerances) -> Iterator[Mismatch]:
    counted = counts(record)
    if not counted:
        return
    moves = booked(record, {(one.site, one.material) for one in counted})
    ends: dict[tuple[str, str], int] = {}
    for one in sent:
        if one.sent and len(one.received) == 1 and one.sent.mass is not None:
            (came,) = one.received
            if came.mass is not None:
                ends[came.event, one.lot] = one.sent.mass
                ends[one.sent.event, one.lot] = came.mass
    keepers = {one.site: one.by for one in record.moved if one.site and one.by}
    for found in reconcile.stock(counted, moves, tolerance=limits.stock):
        keeper = keepers.get(found.site, "")
        told = suggest.of_stock(found, counted, moves, ends)
        yield evolve(told, parties=(keeper,) if keeper else ())


def _shipments(sent: list[Shipment], now: datetime, limits: Tolerances) -> Iterator[Mismatch]:
    for one in sent:
        for found in reconcile.shipments([one], now=now, patience=limits.patience, tolerance=limits.shipment):
            weighed = found.rule in {"RC-WEIGHT", "RC-DOUBLED"}
            yield suggest.of_shipment(found, one) if weighed else found


def _early(record: Record) -> Iterator[Step]:
    """Whatever was done with a lot before it was made."""
    for key in record.lots():
        made = record.of(key, words.MADE)
        if not made:
            continue
        for one in record.of(key, *DONE):
            if one.at < made[0].at:
                yield Step(
                    event=one.event, at=one.at, entered=None, left=None, made=((key, made[0].at),),
                    site=one.site, party=one.by, done=DONE[one.act],
                )  # fmt: skip


def _yields(record: Record) -> Iterator[Step]:
    """Each transformation by substance, where all that went in says what it is made of."""
    content = {key: made[-1].content for key in record.lots() if (made := record.of(key, words.MADE))}
    groups: dict[str, tuple[list[Moved], list[Moved]]] = defaultdict(lambda: ([], []))
    for one in record.moved:
        if one.group and one.act in {words.USED, words.MADE}:
            groups[one.group][one.act == words.MADE].append(one)
    for _, (used, made) in sorted(groups.items()):
        if not used or not made or not all(content.get(one.key) for one in used):
            continue
        if any(one.amount is None or record.unit(one.key) != MG for one in (*used, *made)):
            continue
        for substance in sorted({name for one in made for name in one.content}):
            entered = sum(
                (Fraction(content[one.key].get(substance, 0)) * (one.amount or 0) for one in used),
                Fraction(0),
            )
            left = sum(
                (Fraction(one.content.get(substance, 0)) * (one.amount or 0) for one in made), Fraction(0)
            )
            last = max(made, key=lambda one: (one.at, one.key))
            yield Step(
                event=last.event, at=last.at, entered=round(entered), left=round(left), substance=substance,
                site=last.site, party=last.by, output=last.key,
            )  # fmt: skip


def _more_out(record: Record, sent: list[Shipment], limits: Tolerances) -> Iterator[Mismatch]:
    """Parties that used and sent more of a lot than they made or got; or something that never came to them."""
    coming: dict[tuple[str, str], int] = defaultdict(int)
    for one in sent:
        if one.sent is not None and one.to:
            coming[one.lot, one.to] += one.sent.mass or 0
    for key in record.lots():
        rows = record.of(key, words.MADE, words.RECEIVED, words.USED, words.SHIPPED)
        made = {one.by for one in rows if one.act == words.MADE}
        if not made or any(one.amount is None for one in rows) or record.parents(key):
            continue
        for party in sorted({one.by for one in rows} - {""}):
            yield from _of_party(record, key, party, rows, coming[key, party], limits)


def _of_party(
    record: Record, key: str, party: str, rows: list[Moved], coming: int, limits: Tolerances
) -> Iterator[Mismatch]:
    inward = [
        one
        for one in rows
        if (one.act == words.MADE and one.by == party)
        or (one.act == words.RECEIVED and (one.party or one.by) == party)
    ]
    outward = [one for one in rows if one.act in {words.USED, words.SHIPPED} and one.by == party]
    sent_home = sum(one.amount or 0 for one in outward if one.act == words.SHIPPED and one.party == party)
    made = sum(one.amount or 0 for one in inward if one.act == words.MADE)
    got = sum(one.amount or 0 for one in inward if one.act == words.RECEIVED)
    came = made + max(got, coming, sent_home)
    left = sum(one.amount or 0 for one in outward)
    if left <= came * (1 + limits.shipment):
        return
    unit, last = record.unit(key), outward[-1]
    common = {
        "period": month(last.at),
        "pointer": last.event,
        "here": tuple(dict.fromkeys(one.event for one in inward)),
        "there": tuple(dict.fromkeys(one.event for one in outward)),
        "lot": key,
        "site": last.site,
        "parties": (party,),
        "expected": came,
        "found": left,
        "unit": unit,
        "subject": f"{key} {party}",
    }
    if not came:
        yield Mismatch(
            rule="RC-NOWHERE",
            message=f"{party} used or sent {amount(left, unit)} of {key}, and nothing says how it came there",
            cause=Cause.MISSING_EVENT,
            **common,  # type: ignore[arg-type]
        )
        return
    slip = any(slipped(one.amount or 0, (one.amount or 0) - (left - came)) for one in outward)
    yield Mismatch(
        rule="RC-OUT",
        message=f"{party} used or sent {amount(left, unit)} of {key}; {amount(came, unit)} were there",
        cause=Cause.UNIT_ERROR if slip or slipped(left, came) else Cause.DOUBLE_USE,
        **common,  # type: ignore[arg-type]
    )


def _sightings(record: Record) -> Iterator[lookalike.Sighting]:
    for one in record.moved:
        spot = record.spots.get(one.site)
        if one.key in record.items and spot is not None and one.act != words.UNPACKED:
            yield lookalike.Sighting(
                event=one.event,
                number=one.key,
                at=one.at,
                latitude=spot.latitude,
                longitude=spot.longitude,
                where=spot.name,
                party=one.by,
                site=one.site,
            )
