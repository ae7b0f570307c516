"""Twenty strings that stand for personal data, planted through capture, and the search for them in files and tables."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

from benchmarks import documents
from lodeline.identifiers import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

PERSON, OTHER = "person-17", "person-18"
MAKER = documents.PARTY


def numbered(body: str) -> str:
    return body + check_digit(body)


GTIN, ORE = numbered("0952100000041"), numbered("0952100000042")
MODEL = f"https://id.gs1.org/01/{GTIN}"
SITE = f"https://id.gs1.org/414/{numbered('952100000005')}"
ITEM = f"{MODEL}/21/P1"
STEM = "Kanari"
WORDS = [f"{STEM}{number:02}x{(number * 7919) % 65536:04x}" for number in range(1, 21)]


def _stated(kind: str, subject: str, content: dict[str, Any], number: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"urn:x-bars:{kind}:{number}",
        "kind": kind,
        "subject": subject,
        "issuer": MAKER,
        "issued": "2026-05-04",
        "content": content,
        **fields,
    }


def _statements(*stated: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "type": "StatementDocument",
            "schemaVersion": "1",
            "creationDate": "2026-10-01T00:00:00Z",
            "statements": list(stated),
        }
    ).encode()


def _event(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "eventID": f"urn:uuid:{number:08x}-0000-4000-8000-00000000cafe",
        "eventTime": f"2026-04-{number % 28 + 1:02}T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        **fields,
    }


def _lot(number: int, lot: str, **fields: Any) -> dict[str, Any]:
    return _event(
        "ObjectEvent",
        number,
        action="ADD",
        bizStep="commissioning",
        quantityList=[{"epcClass": f"https://id.gs1.org/01/{ORE}/10/{lot}", "quantity": 1000, "uom": "KGM"}],
        bizLocation={"id": SITE},
        **fields,
    )


def _material(product: str, **more: Any) -> dict[str, Any]:
    return {
        "lode:product": product,
        "lode:composition": [{"lode:substance": "Co", "lode:massFraction": "0.02"}],
        **more,
    }


def ground() -> dict[str, bytes]:
    """Documents that name nobody: a battery model, an item of it, and what it was made from."""
    points = {"2": "Bars Works", "12": "Lithium-ion, NMC 622", "11": {"value": "77.0", "unit": "kWh"}}
    made = _event(
        "TransformationEvent",
        5,
        bizStep="assembling",
        inputQuantityList=[
            {"epcClass": f"https://id.gs1.org/01/{ORE}/10/PLAIN", "quantity": 9, "uom": "KGM"}
        ],
        outputEPCList=[ITEM],
        bizLocation={"id": SITE},
        ilmd=_material("Bars pack", **{"lode:unitMass": {"lode:value": "462", "lode:uom": "KGM"}}),
    )
    return {
        "ground.json": _statements(
            _stated("battery.model", MODEL, {"gtin": GTIN, "category": "EV", "points": points}, "1"),
            _stated("battery.item", ITEM, {"points": {"67": "original"}, "status": "original"}, "1"),
        ),
        "made.json": documents.document([_lot(3, "PLAIN", ilmd=_material("Ore")), made]),
    }


def planted() -> dict[str, bytes]:
    """Documents about the person, by file name: nineteen of the strings."""
    w, about = WORDS, {"dataSubject": PERSON}
    signed = {
        "policy": f"Rules of {w[3]}",
        "version": "1",
        "signatory": f"{w[4]} Berg",
        "signed": "2026-05-01",
    }
    incident = {"severity": "minor", "area": "labour", "opened": "2026-05-01", "description": f"{w[5]} fell"}
    certificate = {
        "scheme": f"Blaster {w[6]}",
        "number": w[7],
        "sites": [],
        "materials": [],
        "status": "valid",
    }
    profile = {
        "name": f"{w[0]} Berg", "country": "SE", "roles": ["pack"], "materials": [], "contact": f"{w[1]}@berg.example",
    }  # fmt: skip
    site = {"name": f"Home of {w[2]}", "party": MAKER, "country": "SE", "kind": "pack_plant"}
    on_person = {"lode:dataSubject": PERSON}
    return {
        "profile.json": _statements(
            _stated("party.profile", MAKER, profile, "1", **about),
            _stated("site.profile", SITE, site, "1", **about),
        ),
        f"{w[8]}.json": _statements(
            _stated("policy.signature", MAKER, signed, "1", **about),
            _stated("incident", MAKER, incident, f"1:{w[9]}", **about),
            _stated("certificate", MAKER, certificate, "1", dataSubject=[PERSON, OTHER]),
            _stated("market.evidence", MAKER, {"market": "EU", "duty": "due diligence", "due": "2027-01-01",
                                               "met": True}, "1"),
            _stated("market.evidence", MAKER, {"market": "US", "duty": "report", "due": "2027-01-01", "met": True},
                    "2", dataSubject=OTHER),
        ),
        "item.json": _statements(
            _stated("battery.item", ITEM, {"points": {"67": "original", "50": f"Report of {w[10]}"},
                                           "status": "original"}, "2", **about)
        ),
        "events.json": documents.document(
            [
                _lot(11, w[11], ilmd=_material("Ore of a person"), **on_person),
                _lot(12, "SECOND", ilmd=_material(f"Ore dug by {w[12]}"), **{"lode:operator": w[13]}, **on_person),
                _lot(13, "THIRD", **{"lode:shift": {"lode:lead": f"{w[14]} Lund", "lode:crew": [w[15]]}}, **on_person,
                     readPoint={"id": f"https://mine.example/post/{w[16]}"}),
                _lot(14, "FOURTH", ilmd=_material("Ore")),
            ]
        ),
        "proceed.json": documents.document(
            [
                _lot(12, "SECOND", **{"lode:operator": f"not {w[17]}"}, **on_person),  # an id that is taken: refused
                _lot(15, "FIFTH", **{"lode:operator": w[18]}, **on_person),
            ]
        ),
    }  # fmt: skip


def waiting() -> bytes:
    """The twentieth: in a document that nobody has processed yet."""
    return documents.document([_lot(16, "SIXTH", **{"lode:operator": WORDS[19], "lode:dataSubject": PERSON})])


# --- looking for them ---------------------------------------------------------------------------------


def forms(word: str) -> Iterator[bytes]:
    """The bytes a string may lie about as: UTF-8, UTF-16, hexadecimal, base64 at any offset."""
    plain = word.encode()
    yield plain
    yield word.encode("utf-16-le")
    yield plain.hex().encode()
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + plain)
        yield coded[offset + 1 if offset else 0 : len(plain) * 4 // 3 - 1]


def in_bytes(data: bytes, words: Iterable[str]) -> set[str]:
    """Which of the words, all of one stem, lie in these bytes; compressed parts are looked into."""
    words = list(words)
    found: set[str] = set()
    if any(form in data for form in forms(STEM)):  # most files hold none at all
        found |= {word for word in words if any(form in data for form in forms(word))}
    start = -1
    while (start := data.find(b"\x1f\x8b\x08", start + 1)) >= 0:
        try:
            inside = zlib.decompressobj(wbits=31).decompress(data[start : start + (1 << 22)], 1 << 22)
        except zlib.error:
            continue
        found |= {word for word in words if word.encode() in inside}
    return found


def in_folder(folder: Path, words: Iterable[str] = tuple(WORDS)) -> dict[str, set[str]]:
    """Every file below a folder, hidden ones too, that holds some: name to words."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and (inside := in_bytes(path.read_bytes(), words)):
            found[str(path.relative_to(folder))] = inside
    return found


def in_tables(
    connect: Any, tables: Iterable[str], words: Iterable[str] = tuple(WORDS)
) -> dict[str, set[str]]:
    """Every table that holds some, read row by row: what the database itself answers."""
    found: dict[str, set[str]] = {}
    for table in tables:
        for row in connect(f'SELECT * FROM "{table}"'):  # names are the database's own
            for value in row:
                data = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                if inside := in_bytes(data, words):
                    found.setdefault(table, set()).update(inside)
    return found


def in_statements(payloads: Iterable[Mapping[str, Any]]) -> set[str]:
    """What the API shows: payloads, and the documents inside them as they came."""
    found: set[str] = set()
    for payload in payloads:
        said = json.dumps(payload, ensure_ascii=False)
        raw = payload.get("body", {}).get("raw") if isinstance(payload.get("body"), dict) else None
        if raw:
            said += gzip.decompress(base64.b64decode(raw)).decode()
        found |= {word for word in WORDS if word in said}
    return found
