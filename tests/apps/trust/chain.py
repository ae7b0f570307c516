"""A mine, a refiner and a trader, told through the log, for the tests of this folder."""

from __future__ import annotations

from datetime import timedelta

from tests.apps.evidence.telling import ACCREDITED, BODY, NOW, days_ago, party, site, statement, tell

from lodeline_server.log.actions import NewStatement

MINER = "https://id.gs1.org/417/9521101000009"
MINE = "https://id.gs1.org/414/9521101000016"
ACME = "https://id.gs1.org/417/9521000000004"  # the organisation of the shared fixtures
WORKS = "https://id.gs1.org/414/9521000000011"
TRADER = "https://id.gs1.org/417/9521201000006"
CARMAKER = "https://id.gs1.org/417/9521801000008"
ORE = "https://id.gs1.org/01/09521101001019/10/ORE{}"
SALT = "https://id.gs1.org/01/09521000001018/10/SALT{}"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]


def _event(issuer, raw, *, days, own=True):
    raw = {
        **raw,
        "eventTime": (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00",
    }
    return NewStatement(
        type="epcis.event",
        payload={
            "id": raw["eventID"],
            "issuer": issuer,
            "captured_by": issuer,
            "document": "cd" * 32,
            "signature": {"by": "party" if own else "platform-on-behalf", "kid": "k1"},
            "body": {"index": 0, "event": raw, "context": CONTEXT},
        },
    )


def _ilmd(product, fraction, custody="segregated"):
    return {
        "lode:product": product,
        "lode:composition": [{"lode:substance": "Co", "lode:massFraction": fraction}],
        "lode:custodyModel": custody,
    }


def _quantity(lot, kilograms):
    return {"epcClass": lot, "quantity": kilograms, "uom": "KGM"}


def mined(number, *, days=100, owner=MINER, place=MINE):
    raw = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000010{number:02}",
        "action": "ADD",
        "bizStep": "commissioning",
        "quantityList": [_quantity(ORE.format(number), 1000)],
        "bizLocation": {"id": place},
        "readPoint": {"id": place},
        "ilmd": _ilmd("cobalt hydroxide", "0.30"),
    }
    return _event(owner, raw, days=days)


def moved(step, lot, number, *, sender, receiver, place, days, said_by, own=True):
    raw = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000{2 if step == 'shipping' else 3}{number:04}",
        "action": "OBSERVE",
        "bizStep": step,
        "quantityList": [_quantity(lot, 1000)],
        "readPoint": {"id": place},
        "bizLocation": {"id": place},
        "sourceList": [{"type": "possessing_party", "source": sender}],
        "destinationList": [{"type": "possessing_party", "destination": receiver}],
    }
    return _event(said_by, raw, days=days, own=own)


def refined(number, *, days=60, output=1400):
    raw = {
        "type": "TransformationEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000040{number:02}",
        "bizStep": "commissioning",
        "inputQuantityList": [_quantity(ORE.format(number), 1000)],
        "outputQuantityList": [_quantity(SALT.format(number), output)],
        "bizLocation": {"id": WORKS},
        "readPoint": {"id": WORKS},
        "ilmd": _ilmd("cobalt sulphate", "0.21", "controlled_blending"),
    }
    return _event(ACME, raw, days=days)


def profiles():
    return [
        party(MINER, "Kaarnila Kaivos Oy", ["mine"]),
        site(MINE, MINER, "mine", "Kaarnila mine"),
        party(ACME, "Acme Refining", ["refiner"]),
        site(WORKS, ACME, "refinery", "Acme works"),
        party(TRADER, "Maringo <b>Trading</b>", ["trader"], "CH"),
        party(CARMAKER, "Fjellvind Cars", ["vehicle"], "NO"),
    ]


def lots(numbers=(1, 2)):
    """Ore that is mined, shipped, received, refined, and shipped on to the carmaker."""
    found = []
    for number in numbers:
        ore, salt = ORE.format(number), SALT.format(number)
        found += [
            mined(number),
            moved("shipping", ore, number, sender=MINER, receiver=ACME, place=MINE, days=90, said_by=MINER),
            moved("receiving", ore, number, sender=MINER, receiver=ACME, place=WORKS, days=80, said_by=ACME),
            refined(number),
            moved(
                "shipping",
                salt,
                100 + number,
                sender=ACME,
                receiver=CARMAKER,
                place=WORKS,
                days=50,
                said_by=ACME,
            ),
        ]
    return found


def papers():
    """Enough of the rest to be rated."""
    metrics = {
        "carbon_intensity_ratio": "0.8",
        "energy_renewable_share": "0.6",
        "fresh_water_change": "-0.1",
        "waste_recovered_share": "0.8",
        "permit_breaches": "0",
        "injury_rate": "3",
        "grievances_answered_share": "0.9",
        "target_progress": "0.6",
        "wage_to_living_wage_ratio": "1.1",
    }
    found = [
        statement(
            "site.performance",
            WORKS,
            {"site": WORKS, "period": "2026-Q3", "metric": metric, "value": value, "unit": "1"},
            issuer=BODY,
            assurance=ACCREDITED,
            number=number,
        )
        for number, (metric, value) in enumerate(metrics.items())
    ]
    for number, area in enumerate(["labour", "environment", "due_diligence"]):
        content = {
            "scheme": "Clearmine",
            "site": WORKS,
            "result": "conformant",
            "findings": {"critical": 0, "major": 0, "minor": 1},
            "area": area,
        }
        found.append(
            statement("assessment.result", ACME, content, issuer=BODY, assurance=ACCREDITED, number=number)
        )
    certificate = {
        "scheme": "Clearmine",
        "number": "=1+1",
        "sites": [WORKS],
        "materials": ["Co"],
        "accreditation": "A-1",
        "status": "valid",
    }
    conduct = {"policy": "code_of_conduct", "version": "2", "signatory": "Head", "signed": days_ago(40)}
    drill = {"announced": False, "hours": "3", "found_share": "0.98", "date": days_ago(20)}
    duty = {"market": "EU", "duty": "EU-2023/1542 Art. 6", "due": "2024-02-18", "met": True}
    found += [
        statement("certificate", ACME, certificate, issuer=BODY, assurance=ACCREDITED),
        statement("policy.signature", ACME, conduct),
        statement("drill", ACME, drill, issuer=BODY, assurance=ACCREDITED),
        statement("market.evidence", ACME, duty, issuer=BODY, assurance=ACCREDITED),
        statement(
            "market.evidence",
            ACME,
            {**duty, "duty": "OECD step 2"},
            issuer=BODY,
            assurance=ACCREDITED,
            number=1,
        ),
        statement(
            "origin.attestation",
            ORE.format(1),
            {"lot": ORE.format(1), "site": MINE, "country": "FI", "materials": ["Co"]},
            issuer=BODY,
            assurance=ACCREDITED,
        ),
        statement(
            "screening", MINER, {"list": "L", "date": days_ago(10), "hit": "none"}, issuer=CARMAKER, days=10
        ),
        statement(
            "screening", ACME, {"list": "L", "date": days_ago(10), "hit": "none"}, issuer=CARMAKER, days=10
        ),
        statement(
            "delivery.performance",
            ACME,
            {"period": "2026-09", "on_time_in_full": "0.97", "defect_ppm": 12},
            issuer=CARMAKER,
        ),
    ]
    return found


def world(workspace, *, now=NOW):
    """All of it on record; the positions."""
    return tell(workspace, *profiles(), *lots(), *papers(), now=now)
