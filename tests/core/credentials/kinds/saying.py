"""One of each thing that can be said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from lodeline.credentials.kinds.values import (
    Amount,
    Conformity,
    Event,
    Events,
    Facility,
    Identity,
    Membership,
    Party,
    Passport,
    Place,
    Scheme,
    Thing,
)

SINCE = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PGLN = Scheme(id="https://id.gs1.org/417", name="GS1 party (PGLN)")
GTIN = Scheme(id="https://id.gs1.org/01", name="GS1 trade item (GTIN)")
MAKER = Party(
    id="https://id.gs1.org/417/9521000000004", name="Example Cells", number="9521000000004", scheme=PGLN
)
MINE = Party(id="https://id.gs1.org/417/9521000000011", name="Example Mine")
ISSUER = Party(id="did:web:maker.example:orgs:cells", name="Example Cells")
PLANT = Place(id="https://id.gs1.org/414/9521000000103", name="Plant North")
STORE = Place(id="https://id.gs1.org/414/9521000000110", name="Store South")
ORE = Thing(
    id="https://id.gs1.org/01/09521000000318/10/ORE-7",
    name="Ore",
    scheme=GTIN,
    model="09521000000318",
    batch="ORE-7",
)
CELL = Thing(
    id="https://id.gs1.org/01/09521000000011/21/C-1",
    name="Cell 50 Ah",
    granularity="item",
    scheme=GTIN,
    model="09521000000011",
    item="C-1",
)
MADE = Event(
    act="make",
    id="urn:uuid:0d5b4c1e-91f1-4f6d-9d5e-7d0a2a4b7a01",
    name="making",
    time=SINCE,
    activity="commissioning",
    inputs=(Amount(thing=ORE, quantity=Decimal("12.125"), unit="KGM"),),
    outputs=(Amount(thing=CELL), Amount(thing=CELL, quantity=Decimal(3), unit="KGM")),
    place=PLANT,
    parties=(("manufacturer", MAKER), ("operator", MINE)),
)
MOVED = Event(
    act="move",
    id="urn:uuid:0d5b4c1e-91f1-4f6d-9d5e-7d0a2a4b7a02",
    name="shipping",
    time=SINCE,
    activity="shipping",
    outputs=(Amount(thing=CELL),),
    place=PLANT,
    to=STORE,
    parties=(("consignor", MAKER), ("consignee", MINE)),
)
REPAIRED = Event(
    act="modify",
    id="ni:///sha-256;71ab?ver=CBV2.0",
    name="inspecting",
    time=SINCE,
    activity="inspecting",
    outputs=(Amount(thing=CELL),),
    place=STORE,
)
SAID = {
    "identity": Identity(
        did="did:web:maker.example:orgs:cells",
        name="Example Cells",
        number="9521000000004",
        since=date(2024, 2, 29),
        scheme=PGLN,
        registrar=MINE,
        scopes=("urn:x-lodeline:role:cell",),
    ),
    "facility": Facility(
        id=PLANT.id,
        name=PLANT.name,
        number="9521000000103",
        scheme=Scheme(id="https://id.gs1.org/414", name="GS1 location (GLN)"),
        operator=MAKER,
        country="DE",
        processes=("cell_plant",),
        latitude=Decimal("52.5"),
        longitude=Decimal("-13.4049"),
    ),
    "events": Events(about=CELL.id, name="C-1", events=(MADE, MOVED, REPAIRED)),
    "conformity": Conformity(
        id="urn:x-lodeline:certificate:1",
        name="Responsible mining",
        scheme=Scheme(id="urn:x-lodeline:scheme:irma", name="irma"),
        holder=MINE,
        decided=date(2026, 1, 2),
        conforms=True,
        assessor="3rdParty",
        assessment="scheme-cab",
        places=(PLANT,),
        things=(ORE,),
        accreditation="Accredited under 17065",
        digest="ab" * 32,
    ),
    "passport": Passport(
        thing=CELL,
        maker=MAKER,
        place=PLANT,
        country="DE",
        made=date(2026, 3, 4),
        elements={
            "batteryWeight": {"value": "12.50", "unit": "kg", "statement": 7},
            "stateOfCharge": {"value": "0.8"},
            "dppStatus": "active",
            "record": {"log": "x", "logPosition": 3},
            "derivedFrom": [],
        },
    ),
    "membership": Membership(
        did="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        name="A. Example",
        organisation=MAKER,
        role="maker",
        since=date(2026, 1, 1),
    ),
}
