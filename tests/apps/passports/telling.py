"""A small chain in the log: a mine, a recycler, a pack plant, and batteries made from their lots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from lodeline.access import platform
from lodeline.identifiers import check_digit
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.projections import follow_all

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MADE = datetime(2026, 5, 3, 8, tzinfo=UTC)
MAKER = "https://id.gs1.org/417/9521000000004"
HOLDER = "https://id.gs1.org/417/9521902000000"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]


def numbered(body):
    return body + check_digit(body)


GTIN = numbered("0952100000001")
OLD_GTIN = numbered("0952100000002")
MODEL = f"https://id.gs1.org/01/{GTIN}"
MINE, RECYCLER, PLANT = (f"https://id.gs1.org/414/{numbered(f'95210000000{n}')}" for n in (1, 2, 3))
MINED, REGAINED = (f"https://id.gs1.org/01/{numbered('0952100000009')}/10/{lot}" for lot in ("ORE", "BACK"))

POINTS = {
    "2": "Acme Packs",
    "3": "Acme Packs AB",
    "4": "Packgatan 1, Acmeby",
    "5": "https://acme.example/",
    "11": {"value": "77.0", "unit": "kWh"},
    "12": "Lithium-ion, NMC 622",
    "13": ["LiPF6"],
    "14": "Water",
    "15": ["Cobalt", "Nickel", "Manganese"],
    "23": "0.0",
    "24": "0.0",
    "26": "268",
    "27": "352",
    "28": "403",
    "29": "250000",
    "30": "180000",
    "31": "1500",
    "32": "IEC 62660-1",
    "33": "75",
    "34": "-30 to 55",
    "42": "https://acme.example/doc.pdf",
    "43": "https://acme.example/take-back",
    "45": "Secret cathode recipe",
    "46": ["Secret part 7"],
    "50": "Secret report 9",
}


def item(serial, gtin=GTIN):
    return f"https://id.gs1.org/01/{gtin}/21/{serial}"


def stated(kind, subject, content, *, issuer=MAKER, number=0, day="2026-05-04"):
    body = {
        "id": f"urn:test:{kind}:{subject}:{number}",
        "kind": kind,
        "subject": subject,
        "issuer": issuer,
        "issued": day,
        "assurance": {"assessorLevel": "Self", "attestationType": "declaration"},
        "documentHash": "ab" * 32,
        "content": content,
    }
    return _put(kind, body["id"], body, issuer)


def _put(kind, name, body, issuer):
    payload = {
        "id": name,
        "issuer": issuer,
        "captured_by": "",
        "document": "cd" * 32,
        "signature": {"by": "party", "kid": "k1"},
        "body": body,
    }
    return NewStatement(type=kind, payload=payload)


def happened(name, kind, at=MADE, *, issuer=MAKER, **fields):
    raw = {
        "type": kind,
        "eventID": f"urn:test:event:{name}",
        "eventTime": at.isoformat().replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00",
        **fields,
    }
    return _put("epcis.event", raw["eventID"], {"index": 0, "event": raw, "context": CONTEXT}, issuer)


def _material(*parts, **more):
    composition = [{"lode:substance": name, "lode:massFraction": share} for name, share in parts]
    return {"lode:product": "Acme A7 pack", "lode:composition": composition, **more}


def lot(key, kilograms, site, at=MADE):
    return happened(
        key,
        "ObjectEvent",
        at - timedelta(days=20),
        action="ADD",
        bizStep="commissioning",
        quantityList=[{"epcClass": key, "quantity": kilograms, "uom": "KGM"}],
        bizLocation={"id": site},
        ilmd=_material(("Co", "1")),
    )


def pack(serial, *, mined=9, regained=1, unit="462", gtin=GTIN, at=MADE, issuer=MAKER, inputs=()):
    used = [(MINED, mined), (REGAINED, regained)]
    return happened(
        f"making:{serial}",
        "TransformationEvent",
        at,
        issuer=issuer,
        bizStep="assembling",
        inputEPCList=list(inputs),
        inputQuantityList=[
            {"epcClass": key, "quantity": amount, "uom": "KGM"} for key, amount in used if amount
        ],
        outputEPCList=[item(serial, gtin)],
        bizLocation={"id": PLANT},
        ilmd=_material(
            ("Co", "0.0216450216"),
            ("Ni", "0.05"),
            ("Mn", "0.02"),
            **{"lode:unitMass": {"lode:value": unit, "lode:uom": "KGM"}},
        ),
    )


def model(points=None, *, number=0, gtin=GTIN, category="EV", issuer=MAKER):
    content = {"gtin": gtin, "category": category, "points": POINTS if points is None else points}
    return stated("battery.model", f"https://id.gs1.org/01/{gtin}", content, number=number, issuer=issuer)


def about(serial, points=None, status="original", *, issuer=MAKER, number=0, gtin=GTIN, derived=()):
    content = {"points": {"67": status, **(points or {})}, "status": status}
    if derived:
        content["derivedFrom"] = list(derived)
    subject = item(serial, gtin)
    return stated("battery.item", subject, content, issuer=issuer, number=f"{issuer[-3:]}{number}")


def chain():
    """Profiles, two source lots, a model."""
    return [
        stated("party.profile", MAKER, {"name": "Acme Packs", "country": "SE", "roles": ["pack"], "materials": [],
                                        "contact": "hello@acme.example"}),
        *(
            stated("site.profile", site, {"name": name, "party": MAKER, "country": country, "kind": kind})
            for site, name, country, kind in (
                (MINE, "Acme mine", "AU", "mine"),
                (RECYCLER, "Acme recycling", "PL", "recycler"),
                (PLANT, "Acme pack plant", "SE", "pack_plant"),
            )
        ),
        lot(MINED, 1000, MINE),
        lot(REGAINED, 1000, RECYCLER),
        model(),
    ]  # fmt: skip


def tell(workspace, *statements, now=NOW):
    """Append and follow; the positions."""
    with transaction.atomic():
        rows = append(actor=platform(), workspace=workspace, statements=statements, now=now)
    assert follow_all() == []
    return [row.position for row in rows]
