"""The passport as a document: EN 18223 envelope, compressed form (clause 5.2, the default) and full form (Annex A).

Decimals travel as text, so that their digits survive canonical JSON. A document holds only what its audience may read.
Read from secondary sources: no claim of conformity to the standard is made.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.datapoints import Duty, by_id, points
from lodeline.passports.derive import address, kilograms, percents
from lodeline.strictjson import canonical

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.passports.assemble import Passport
    from lodeline.passports.derive import Value
    from lodeline.passports.record import Traced

SCHEMA: Final = "urn:x-lodeline:passport:1"
SPECIFICATION: Final = "urn:x-lodeline:datapoints:eu-2023-1542:guidance-1.0"
DICTIONARY: Final = "urn:x-lodeline:datapoint:"
ENVELOPE: Final = (
    "digitalProductPassportId", "uniqueProductIdentifier", "granularity", "dppSchemaVersion", "dppStatus",
    "lastUpdated", "economicOperatorId", "facilityId", "contentSpecificationIds",
)  # fmt: skip
ORIGIN, RECORD, DERIVED_FROM, SUCCEEDED_BY = "materialOrigin", "record", "derivedFrom", "succeededBy"
OPEN: Final = frozenset({ORIGIN, RECORD, DERIVED_FROM, SUCCEEDED_BY})
"""Elements that are no data points and that everyone may read."""
VOLATILE: Final = frozenset({"lastUpdated", RECORD})
"""Members that say when a document was made, not what it says."""
SUBSTANCE_IDS: Final = {
    "Ni": "nickel", "Co": "cobalt", "Mn": "manganese", "Li": "lithium", "C": "naturalGraphite", "Cu": "copper",
    "Al": "aluminium",
}  # fmt: skip
COLLECTION, SINGLE, MULTI = "DataElementCollection", "SingleValuedDataElement", "MultiValuedDataElement"
_DAY: Final = len("2026-05-03")
_TYPES: Final = {
    "statement": "xsd:integer",
    "restsOn": "xsd:integer",
    "logPosition": "xsd:integer",
    "statementId": "xsd:anyURI",
    "massKg": "xsd:decimal",
    "unknownShare": "xsd:decimal",
}


class DocumentRefused(ValueError):  # noqa: N818 - a finding, not a fault of the program
    """Not a document of this form."""


def document(
    passport: Passport, audience: Audience, *, last_updated: datetime, log_origin: str = ""
) -> dict[str, Any]:
    """The compressed form for one audience; `last_updated` in UTC."""
    record = passport.record
    made: dict[str, Any] = {
        "digitalProductPassportId": address(record),
        "uniqueProductIdentifier": record.key,
        "granularity": "item",
        "dppSchemaVersion": SCHEMA,
        "dppStatus": record.status,
        "lastUpdated": f"{last_updated:%Y-%m-%dT%H:%M:%SZ}",
        "economicOperatorId": record.maker.uri,
        "contentSpecificationIds": [SPECIFICATION],
    }
    if record.facility is not None:
        made["facilityId"] = record.facility.uri
    readable = MATRIX[audience]
    for number, value in sorted(passport.values.items()):
        point = points()[number]
        if point.group in readable and point.duty(record.category) is not Duty.EMPTY:
            made[point.id] = _element(value)
    if record.making is not None and record.making.traced:
        made[ORIGIN] = {
            SUBSTANCE_IDS[name]: _origin(traced) for name, traced in sorted(record.making.traced.items())
        }
    if record.derived_from:
        made[DERIVED_FROM] = list(record.derived_from)
    if record.succeeded_by:
        made[SUCCEEDED_BY] = list(record.succeeded_by)
    made[RECORD] = {"log": log_origin or "unnamed", "logPosition": record.position}
    return made


def _element(value: Value) -> dict[str, Any]:
    content, source = value.typed.content, value.source
    made: dict[str, Any] = {
        "value": list(content) if isinstance(content, tuple) else content,
        "unit": value.typed.unit,
        "measuredAt": value.typed.measured_at,
        "unknownShare": value.unknown,
        "part": value.part,
        "source": "computed" if value.computed else "stated",
        "evidenceLevel": "S" if value.computed else source.level,
        "statement": source.position,
        "statementId": source.id,
        "statementDate": source.day,
        "restsOn": list(value.positions),
    }
    return {name: member for name, member in made.items() if member not in ("", [])}


def _origin(traced: Traced) -> dict[str, Any]:
    shares = percents([*(one.share for one in traced.shares), traced.unknown])
    made: dict[str, Any] = {"unit": "%", "unknownShare": str(shares[-1])}
    if traced.mass is not None:
        made["massKg"] = kilograms(traced.mass)
    for name, wanted in (("countries", False), ("recycled", True)):
        found = {
            one.country or "unknown": str(share)
            for one, share in zip(traced.shares, shares[:-1], strict=True)
            if one.recycled is wanted
        }
        if found:
            made[name] = found
    return made


def visible(held: dict[str, Any], audience: Audience) -> dict[str, Any]:
    """What an audience may read of a compressed document. What is not known to be readable is left out."""
    readable = MATRIX[audience]
    kept = {}
    for name, member in held.items():
        point = by_id().get(name)
        if name in ENVELOPE or name in OPEN or (point is not None and point.group in readable):
            kept[name] = member
    return kept


def content_hash(held: dict[str, Any]) -> str:
    """SHA-256 (hex) of what a compressed document says, without when it was made."""
    return sha256(canonical({name: held[name] for name in held if name not in VOLATILE})).hexdigest()


def to_bytes(held: dict[str, Any]) -> bytes:
    """Canonical bytes (RFC 8785) of either form."""
    return canonical(held)


def expand(held: dict[str, Any]) -> dict[str, Any]:
    """The full form of a compressed document. Kinds and types come from the dictionary of data points."""
    made: dict[str, Any] = {name: held[name] for name in ENVELOPE if name in held}
    made["elements"] = [_full(name, held[name], ()) for name in held if name not in ENVELOPE]
    return made


def _full(name: str, member: Any, path: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {"elementId": name}
    point = by_id().get(name)
    if not path and point is not None:
        made["dictionaryReference"] = f"{DICTIONARY}{point.number}"
    if isinstance(member, dict):
        elements = [_full(inner, value, (*path, name)) for inner, value in member.items()]
        return {**made, "objectType": COLLECTION, "elements": elements}
    sample = member[0] if isinstance(member, list) else member
    kind = MULTI if isinstance(member, list) else SINGLE
    return {**made, "objectType": kind, "valueDataType": _type(name, sample, path), "value": member}


def _type(name: str, value: Any, path: tuple[str, ...]) -> str:
    if name == "value" and len(path) == 1 and path[0] in by_id():
        return by_id()[path[0]].data_type
    if name in {"measuredAt", "statementDate"}:
        return "xsd:date" if len(str(value)) == _DAY else "xsd:dateTime"
    if name in {DERIVED_FROM, SUCCEEDED_BY}:
        return "xsd:anyURI"
    if path[:1] == (ORIGIN,) and path[-1] in {"countries", "recycled"}:
        return "xsd:decimal"
    return _TYPES.get(name, "xsd:string")


def compress(full: dict[str, Any]) -> dict[str, Any]:
    """The compressed form of a full document. Raises `DocumentRefused`."""
    made: dict[str, Any] = {name: full[name] for name in ENVELOPE if name in full}
    elements = full.get("elements")
    if not isinstance(elements, list):
        raise DocumentRefused("the full form has a list of elements")
    if strange := full.keys() - set(ENVELOPE) - {"elements"}:
        raise DocumentRefused(f"unknown member {min(strange)}")
    return made | _members(elements, taken=made)


def _members(elements: list[Any], taken: Any = ()) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for element in elements:
        if not isinstance(element, dict) or not isinstance(element.get("elementId"), str):
            raise DocumentRefused("each element is an object with an elementId")
        name = element["elementId"]
        if name in made or name in taken:
            raise DocumentRefused(f"the elementId {name} stands twice among its siblings")
        made[name] = _member(name, element)
    return made


def _member(name: str, element: dict[str, Any]) -> Any:
    kind = element.get("objectType")
    if kind == COLLECTION and isinstance(element.get("elements"), list):
        return _members(element["elements"])
    if kind not in {SINGLE, MULTI} or "value" not in element:
        raise DocumentRefused(f"{name} is neither a value nor a collection")
    value = element["value"]
    if (kind == MULTI) != isinstance(value, list) or value == [] or isinstance(value, dict):
        raise DocumentRefused(f"{name} does not hold what its objectType says")
    for one in value if isinstance(value, list) else [value]:
        _fits(name, element.get("valueDataType"), one)
    return value


def _fits(name: str, data_type: Any, value: Any) -> None:
    if data_type == "xsd:integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = isinstance(value, str) and isinstance(data_type, str) and data_type.startswith("xsd:")
    if not fits:
        raise DocumentRefused(f"{name} is no {data_type}")
