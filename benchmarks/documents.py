"""Generated EPCIS documents: transformations of four lots into one, with composition; one key signs each document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from lodeline.identifiers import check_digit
from lodeline.keys import SigningKey

PARTY = "https://id.gs1.org/417/9521000000004"
KEY = SigningKey.from_seed(b"lodeline benchmarks, no secret..")
KID = "bench"
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]
SITE = {"id": "https://id.gs1.org/414/9521141000014"}
_BODY = "0952100000001"
LOT = f"https://id.gs1.org/01/{_BODY}{check_digit(_BODY)}/10/"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int) -> dict[str, object]:
    """Transformation `number`: inputs are new lots and one output of 1,000 events before."""
    inputs = [f"{LOT}I{number}-{n}" for n in range(3)]
    inputs.append(f"{LOT}O{number - 1000}" if number >= 1000 else f"{LOT}I{number}-3")
    return {
        "type": "TransformationEvent",
        "eventID": f"urn:uuid:{number:08x}-0000-4000-8000-000000000000",
        "eventTime": (_START + timedelta(seconds=20 * number)).isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": "+00:00",
        "inputQuantityList": [
            {"epcClass": lot, "quantity": 12.5 + n, "uom": "KGM"} for n, lot in enumerate(inputs)
        ],
        "outputQuantityList": [{"epcClass": f"{LOT}O{number}", "quantity": 50.25, "uom": "KGM"}],
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": SITE,
        "bizLocation": SITE,
        "ilmd": {
            "lode:product": "pCAM",
            "lode:composition": [
                {"lode:substance": "Ni", "lode:massFraction": "0.2234"},
                {"lode:substance": "Co", "lode:massFraction": "0.05"},
            ],
            "lode:custodyModel": "segregated",
        },
    }


def document(events: list[dict[str, object]]) -> bytes:
    return json.dumps(
        {
            "@context": CONTEXT,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-10-01T00:00:00Z",
            "epcisBody": {"eventList": events},
        },
        separators=(",", ":"),
    ).encode()


def batch(number: int, size: int = 1000) -> bytes:
    """Document `number` of a series of `size` events each."""
    return document([event(n) for n in range(number * size, (number + 1) * size)])
