"""A small supply chain on record: two mines, a trader, a cathode lot, a cell lot, packs on a pallet."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from django.db import transaction
from tests.apps.evidence.telling import party, site, statement

from lodeline.access import platform
from lodeline.identifiers import check_digit
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.projections import follow_all

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
BASE = "https://id.gs1.org/"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]


def key(*parts):
    return BASE + "/".join(parts)


def number(body):
    return body + check_digit(body)


GTIN = number("0952000100001")
OWN = "https://id.gs1.org/417/9521000000004"
MINER = key("417", number("952000200001"))
TRADER = key("417", number("952000300001"))
CARS = key("417", number("952000400001"))
MINE = key("414", number("952000200002"))
RECYCLER = key("414", number("952000200003"))
STORE = key("414", number("952000300002"))
PLANT = key("414", number("952000100002"))
PACKS = key("414", number("952000100003"))
GARAGE = key("414", number("952000400002"))
PALLET = key("00", number("95200010000000001"))
CRATE = key("00", number("95200010000000002"))


def lot(code):
    return key("01", GTIN, "10", code)


def item(serial):
    return key("01", GTIN, "21", serial)


def event(kind, day, where=PLANT, *, by="north-works", name="", **fields):
    """One captured event. `by`: the organisation that captures it."""
    happened = (START + timedelta(days=day)).isoformat().replace("+00:00", "Z")
    raw = {"type": kind, "eventTime": happened, "eventTimeZoneOffset": "+00:00", "readPoint": {"id": where}}
    raw |= {"bizLocation": {"id": where}} | fields
    raw.setdefault("eventID", f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{name}{raw}{by}')}")
    return NewStatement(
        type="epcis.event",
        payload={
            "id": raw["eventID"],
            "issuer": OWN,
            "captured_by": by,
            "document": "ab" * 32,
            "signature": {"by": "platform-on-behalf", "kid": ""},
            "body": {"index": 0, "event": raw, "context": CONTEXT},
        },
    )


def kg(of, amount):
    return {"epcClass": of, "quantity": amount, "uom": "KGM"}


def described(product, mass=None, custody="segregated", **fractions):
    found = {
        "lode:product": product,
        "lode:custodyModel": custody,
        "lode:composition": [
            {"lode:substance": name, "lode:massFraction": value} for name, value in fractions.items()
        ],
    }
    return found | ({"lode:unitMass": {"lode:value": mass, "lode:uom": "KGM"}} if mass else {})


def commission(of, day, where, amount=100, **more):
    ilmd = more.pop("ilmd", None) or described("cobalt hydroxide", Co="0.5")
    return event(
        "ObjectEvent", day, where, action="ADD", bizStep="commissioning", quantityList=[kg(of, amount)], ilmd=ilmd,
        **more,
    )  # fmt: skip


def transform(day, inputs, outputs=(), items=(), where=PLANT, **more):
    lists = {"inputQuantityList": [kg(of, amount) for of, amount in inputs]}
    if outputs:
        lists["outputQuantityList"] = [kg(of, amount) for of, amount in outputs]
    if items:
        lists["outputEPCList"] = list(items)
    return event("TransformationEvent", day, where, bizStep="commissioning", **lists, **more)


def observe(step, day, where, epcs, to="", **more):
    if to:
        more["destinationList"] = [{"type": "possessing_party", "destination": to}]
    return event("ObjectEvent", day, where, action="OBSERVE", bizStep=step, epcList=list(epcs), **more)


def pack(day, parent, children, where=PACKS, *, put=True, **more):
    action = "ADD" if put else "DELETE"
    return event(
        "AggregationEvent", day, where, action=action, parentID=parent, childEPCs=list(children), **more
    )


def declare(wrong, **more):
    """The same event again, declared an error."""
    raw = wrong.payload["body"]["event"] | {
        "errorDeclaration": {"declarationTime": "2026-06-01T00:00:00Z", "reason": "did_not_occur"}
    }
    payload = wrong.payload | {"body": wrong.payload["body"] | {"event": raw}} | more
    return NewStatement(type="epcis.event", payload=payload)


def profiles():
    """Who and where."""
    return [
        party(OWN, "North Works", ["cell"], "SE"),
        party(MINER, "Deep Mining", ["mine"], "FI"),
        party(TRADER, "Quick Trading", ["trader"], "CH"),
        party(CARS, "Fjord Cars", ["vehicle"], "NO"),
        site(MINE, MINER, "mine", "Deep mine"),
        site(RECYCLER, MINER, "recycler", "Second recycler"),
        site(STORE, TRADER, "warehouse", "Quick store"),
        site(PLANT, OWN, "active_material_plant", "North cathode plant"),
        site(PACKS, OWN, "pack_plant", "North pack plant"),
        site(GARAGE, CARS, "vehicle_plant", "Fjord plant"),
        statement(
            "origin.attestation",
            lot("MINED"),
            {"lot": lot("MINED"), "site": MINE, "country": "FI", "materials": ["Co"]},
            issuer=MINER,
        ),
    ]


def events():
    """60 kg mined, 30 traded, 10 recycled into one cathode lot; two packs of it, one on a pallet to a carmaker."""
    mix = [(lot("MINED"), 60), (lot("TRADED"), 30), (lot("REGAINED"), 10)]
    pack_of = described("pack", "20", Co="0.4")
    return [
        commission(lot("MINED"), 0, MINE, by="deep"),
        commission(lot("TRADED"), 1, STORE, by="quick"),
        commission(lot("REGAINED"), 1, RECYCLER, by="deep"),
        transform(3, mix, [(lot("CAM"), 100)], ilmd=described("cathode", Co="0.5", Ni="0.1")),
        transform(5, [(lot("CAM"), 16)], items=[item("P1")], where=PACKS, ilmd=pack_of),
        transform(6, [(lot("CAM"), 16)], items=[item("P2")], where=PACKS, ilmd=pack_of),
        pack(7, PALLET, [item("P1")]),
        observe("shipping", 8, PACKS, [PALLET], to=CARS),
        observe("receiving", 10, GARAGE, [PALLET], to=CARS),
    ]


def tell(workspace, *statements, now=NOW):
    """Append and follow; the positions."""
    with transaction.atomic():
        rows = append(actor=platform(), workspace=workspace, statements=statements, now=now)
    assert follow_all() == []
    return [row.position for row in rows]


def organisations(workspace):
    """The other parties' accounts."""
    from lodeline_server.parties.models import Organisation

    for slug, uri in (("deep", MINER), ("quick", TRADER), ("cars", CARS)):
        Organisation.objects.create(
            workspace_id=workspace, slug=slug, name=slug.title(), party=uri, country="FI", created_at=NOW
        )


def world(workspace):
    """All of it on record."""
    organisations(workspace)
    return tell(workspace, *profiles(), *events())
