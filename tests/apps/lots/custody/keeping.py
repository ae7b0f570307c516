"""A cathode plant that keeps a book of recycled cobalt: the rules, the lots that moved, entries as they are sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from tests.apps.lots.chain import (
    MINE,
    PLANT,
    RECYCLER,
    START,
    commission,
    described,
    event,
    kg,
    lot,
    organisations,
    profiles,
    tell,
    transform,
)

from lodeline_server.lots.custody import actions

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
REGAINED, MINED, CAM = lot("REGAINED"), lot("MINED"), lot("CAM")
ARRIVED, MINED_ARRIVED, SENT = "urn:uuid:arrived", "urn:uuid:mined-arrived", "urn:uuid:sent"


def rules(**more):
    return {
        "scheme": "Loop",
        "version": "1",
        "periods": {"start": "2026-01-01", "months": 1, "count": 12},
        "longestDays": 31,
        "groups": [
            {"group": "cobalt hydroxide", "substance": "Co", "products": ["cobalt hydroxide"]},
            {"group": "cathode", "substance": "Co", "products": ["cathode"]},
        ],
        "factors": [
            {
                "from": "cobalt hydroxide", "to": "cathode", "process": "calcination", "factor": "0.95",
                "evidence": "mass flow study 2025",
            }
        ],
        "closeDays": 400,
    } | more  # fmt: skip


def at(day):
    return (START + timedelta(days=day)).isoformat()


def hashed(name):
    return sha256(name.encode()).hexdigest()


def entry(kind, name, day, kilograms=None, **more):
    found = {
        "id": name,
        "kind": kind,
        "scheme": "Loop",
        "model": "mass-balance",
        "site": PLANT,
        "group": "cobalt hydroxide",
        "characteristics": ["recycled"],
        "at": at(day),
        "massKg": kilograms,
        "evidence": {"ticket": name},
    }
    return {name: value for name, value in (found | more).items() if value is not None}


def receipt(name, day, kilograms, **more):
    return entry("receipt", name, day, kilograms, **{"source": hashed(name), "received": at(day)} | more)


def conversion(name, day, kilograms, **more):
    return entry("conversion", name, day, kilograms, into={"group": "cathode"}, process="calcination", **more)


def claim(name, day, kilograms, **more):
    return entry("claim", name, day, kilograms, **{"group": "cathode"} | more)


def correction(name, day, wrong, **more):
    found = {"id": name, "kind": "correction", "at": at(day), "reverses": wrong, "approver": "Anna Lind"}
    return found | {"evidence": {"ticket": name}} | more


def moved():
    """20 kg regained and 60 kg mined cobalt hydroxide (half of it cobalt) come in, 40 kg of cathode go out."""
    made = [(REGAINED, 20), (MINED, 60)]
    return [
        commission(REGAINED, 0, RECYCLER, by="deep", amount=20),
        commission(MINED, 0, MINE, by="deep", amount=60),
        come(REGAINED, 20, ARRIVED, 2),
        come(MINED, 60, MINED_ARRIVED, 2),
        transform(3, made, [(CAM, 76)], ilmd=described("cathode", Co="0.5", custody="mass balance")),
        event(
            "ObjectEvent", 9, PLANT, action="OBSERVE", bizStep="shipping", eventID=SENT, quantityList=[kg(CAM, 40)]
        ),
    ]  # fmt: skip


def come(of, amount, name, day):
    return event(
        "ObjectEvent", day, PLANT, action="OBSERVE", bizStep="receiving", eventID=name, quantityList=[kg(of, amount)]
    )  # fmt: skip


def world(workspace):
    organisations(workspace)
    return tell(workspace, *profiles(), *moved())


def ready(actor, **more):
    """A maker of the workspace with the plant on record and the scheme set; returns the actor."""
    maker = actor("maker")
    world(maker.workspace)
    actions.set_scheme(actor=maker, raw=rules(**more), now=NOW)
    return maker


def book(actor, *entries, now=NOW):
    return actions.book(actor=actor, raw=entries, now=now)
