"""The demonstration's documents, as bytes: what each party would send, in the order it would send it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import orjson
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from lodeline_server.demo.stock import Amount, Happening, Lot
    from lodeline_server.demo.world import Party, World

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]
MARK = "Demonstration data. All companies, places and figures are invented."
MOST_EVENTS = 100
NAMESPACE = UUID("8a3c3a1e-5f0b-5d5e-9b57-952952952952")
_ITEMS = {"ObjectEvent": "epcList", "AssociationEvent": "childEPCs"}


@frozen(kw_only=True)
class Document:
    """One document of one party. `captured_at`: when it comes in. `signs`: with the party's own signature."""

    party: str
    kind: str
    captured_at: datetime
    data: bytes = field(repr=False)
    count: int
    signs: bool
    sheet: bytes = field(default=b"", repr=False)
    """The spreadsheet it comes as; `data` is what that becomes."""

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.captured_at:%Y-%m-%d}-{self.party}-{self.kind}.json"


def identity(world: World, *words: object) -> str:
    """A stable id for one event or statement of the world with this anchor."""
    return f"urn:uuid:{uuid5(NAMESPACE, '|'.join(map(str, (world.anchor, world.small, *words))))}"


def pack(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def share(ppm: int) -> str:
    """Parts per million as the shortest decimal text."""
    return f"{ppm // 1_000_000}.{ppm % 1_000_000:06d}".rstrip("0").rstrip(".")


def kilograms(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}".rstrip("0").rstrip(".")


def _quantity(part: Amount) -> dict[str, Any]:
    counted = part.lot.product.grams is not None
    amount = part.amount if counted else part.amount / 1000  # the schema wants a JSON number
    return {"epcClass": part.lot.uri, "quantity": amount, "uom": "C62" if counted else "KGM"}


def _ilmd(happening: Happening, lot: Lot) -> dict[str, Any]:
    described: dict[str, Any] = {
        "lode:product": lot.product.name,
        "lode:composition": [
            {"lode:substance": substance, "lode:massFraction": share(ppm)}
            for substance, ppm in lot.ppm.items()
        ],
    }
    if happening.custody:
        described["lode:custodyModel"] = happening.custody
    if lot.product.grams is not None:
        described["lode:unitMass"] = {"lode:value": kilograms(lot.product.grams), "lode:uom": "KGM"}
    if happening.recycled:
        described["lode:recycledFrom"] = happening.recycled
    if happening.recovered_from:
        described["lode:recoveredFrom"] = [happening.recovered_from]
    return described


def event(world: World, happening: Happening, number: int) -> dict[str, Any]:
    """One EPCIS 2.0 event (JSON-LD, without context)."""
    made: dict[str, Any] = {
        "type": happening.type,
        "eventID": identity(world, happening.party, number),
        "eventTime": happening.at.isoformat(),
        "eventTimeZoneOffset": world.parties[happening.party].offset,
    }
    if happening.action:
        made["action"] = happening.action
    if happening.parent:
        made["parentID"] = happening.parent
    if happening.epcs:
        made[_ITEMS[happening.type]] = list(happening.epcs)
    if happening.quantities:
        made["quantityList"] = [_quantity(part) for part in happening.quantities]
    for key, lots, items in (
        ("input", happening.inputs, happening.input_epcs),
        ("output", happening.outputs, happening.output_epcs),
    ):
        if items:
            made[f"{key}EPCList"] = list(items)
        if lots:
            made[f"{key}QuantityList"] = [_quantity(part) for part in lots]
    made["bizStep"] = happening.step
    made["disposition"] = happening.disposition
    made["readPoint"] = {"id": happening.site.uri}
    if happening.step != "shipping":
        made["bizLocation"] = {"id": happening.site.uri}
    if happening.source:
        sender, receiver = world.parties[happening.source], world.parties[happening.destination]
        made["sourceList"] = [{"type": "possessing_party", "source": sender.uri}]
        made["destinationList"] = [{"type": "possessing_party", "destination": receiver.uri}]
        note = f"urn:epcglobal:cbv:bt:{sender.uri.rsplit('/', 1)[1]}:{happening.note}"
        made["bizTransactionList"] = [{"type": "desadv", "bizTransaction": note}]
    if happening.described is not None:
        made["ilmd"] = _ilmd(happening, happening.described)
    return made


def _batch(party: Party, world: World, moment: datetime) -> object:
    """Which of the party's documents an event goes into."""
    day = moment.date()
    month = day.year * 12 + day.month
    start = world.anchor.year * 12 + world.anchor.month - world.months
    return {
        "week": day.isocalendar()[:2],
        "fortnight": (month, day.day > 14),
        "month": month,
        "quarter": (month - start) // 3,
    }[party.batch]


def captured(world: World, party: Party, last: datetime, rng: Random) -> datetime:
    """When a document whose last fact is of `last` comes in: after the party's usual delay, before the anchor."""
    anchor = datetime(world.anchor.year, world.anchor.month, world.anchor.day, tzinfo=UTC)
    low, high = party.delay
    when = last.astimezone(UTC) + timedelta(days=rng.randint(low, high), minutes=rng.randrange(20, 600))
    if world.small:
        when = last.astimezone(UTC) + timedelta(days=min(low, 20), minutes=rng.randrange(20, 600))
    return min(when.replace(second=0, microsecond=0), anchor - timedelta(hours=1))


def event_documents(world: World, happenings: Iterable[Happening], rng: Random) -> Iterator[Document]:
    """EPCIS documents, 1 to 100 events each."""
    groups: dict[tuple[str, object], list[Happening]] = defaultdict(list)
    for happening in happenings:
        party = world.parties[happening.party]
        groups[happening.party, _batch(party, world, happening.at)].append(happening)
    numbers: dict[str, int] = defaultdict(int)
    for (slug, _), members in groups.items():
        party = world.parties[slug]
        when = captured(world, party, members[-1].at, rng)
        for start in range(0, len(members), MOST_EVENTS):
            part = members[start : start + MOST_EVENTS]
            events = []
            for happening in part:
                numbers[slug] += 1
                events.append(event(world, happening, numbers[slug]))
            body = {
                "@context": CONTEXT,
                "id": identity(world, slug, "document", numbers[slug]),
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": stamp(when),
                "lode:mark": MARK,
                "epcisBody": {"eventList": events},
            }
            yield Document(
                party=slug,
                kind="epcis",
                captured_at=when,
                data=pack(body),
                count=len(events),
                signs=party.signs,
            )


def statement_document(party: Party, statements: list[dict[str, Any]], when: datetime) -> Document:
    """A StatementDocument of one issuer."""
    body = {
        "type": "StatementDocument",
        "schemaVersion": "1",
        "creationDate": stamp(when),
        "statements": statements,
    }
    return Document(
        party=party.slug,
        kind="statements",
        captured_at=when,
        data=pack(body),
        count=len(statements),
        signs=party.signs,
    )
