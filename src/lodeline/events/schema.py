"""JSON schemas of EPCIS 2.0 documents and events, written from the standard's text and its field tables.

They say what a schema can say: fields, types, words, which lists an event needs. Each place that can fail in
a way a generic message would not explain carries `x-rule` and `x-say`. Formats must be asserted (`uri`,
`date-time`): extension keys, identifiers and open vocabularies are told apart by them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from lodeline.events import vocabulary as words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import jsonschema_rs

Schema = dict[str, Any]

URI: Final[Schema] = {"type": "string", "format": "uri"}
TIME: Final[Schema] = {
    "type": "string", "format": "date-time", "x-rule": "schema.time",
    "x-say": "A time needs date, time and offset, like 2026-03-01T08:00:00.000+01:00.",
}  # fmt: skip
OFFSET: Final[Schema] = {
    "type": "string", "pattern": r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)$", "x-rule": "schema.offset",
    "x-say": "eventTimeZoneOffset is ±hh:mm from -14:00 to +14:00, like +01:00; Z is written +00:00.",
}  # fmt: skip
NUMBER: Final[Schema] = {
    "type": "number", "x-rule": "schema.number", "x-say": "This must be a JSON number, without quotes.",
}  # fmt: skip
# CBV words in their old spellings; bare words are used instead.
_OLD_WORDS: Final = r"^(urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/)"
_WEB_VOCABULARY: Final = r"^https?://(www\.)?gs1\.org/voc/"


def _word(known: Iterable[str], *, old: str = _OLD_WORDS) -> Schema:
    """A word of the standard, or an own term as URI."""
    return {
        "anyOf": [{"enum": list(known)}, {**URI, "not": {"pattern": old}}],
        "x-rule": "schema.word",
        "x-say": "Use a bare word of the standard (like 'shipping') or your own term as URI.",
    }


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _object(fields: Schema, required: Iterable[str] = (), *, extensible: bool | None = None) -> Schema:
    """An object. `extensible`: True own keys must be URIs or CURIEs, False none are allowed, None any."""
    made: Schema = {"type": "object", "properties": fields, "required": list(required)}
    if extensible:
        made["propertyNames"] = {"anyOf": [{"enum": list(fields)}, {"format": "uri"}]}
    elif extensible is False:
        made["additionalProperties"] = False
    return made


def _some(*fields: str, least: int = 1) -> list[Schema]:
    """Alternatives: one of `fields` with at least `least` members."""
    return [{"required": [field], "properties": {field: {"minItems": least}}} for field in fields]


BIZ_STEP: Final = _word(words.BIZ_STEPS)
DISPOSITION: Final = _word(words.DISPOSITIONS)
QUANTITY: Final = _object(
    {
        "epcClass": URI,
        "quantity": NUMBER,
        "uom": {
            "type": "string", "pattern": "^[A-Z0-9]{2,3}$", "x-rule": "schema.unit",
            "x-say": "uom is a UN/CEFACT Rec 20 code of two or three characters, like KGM.",
        },
    },
    ["epcClass"],
    extensible=False,
)  # fmt: skip
PLACE: Final = _object({"id": URI}, ["id"])
SENSOR_REPORT: Final = _object(
    {
        "type": _word(words.MEASUREMENTS, old=_WEB_VOCABULARY),
        "exception": _word(words.ALERTS, old=_WEB_VOCABULARY),
        "component": _word(words.COMPONENTS),
        "time": TIME,
        "stringValue": {"type": "string"},
        "booleanValue": {"type": "boolean"},
        "hexBinaryValue": {"type": "string", "pattern": "^[0-9A-Fa-f]+$"},
        "uom": {"type": "string"},
        **dict.fromkeys(
            ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism",
             "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), URI),
        **dict.fromkeys(
            ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), NUMBER),
    },
    ["type"],
    extensible=True,
)  # fmt: skip
_REPORT_IN_XML: Final[Schema] = {
    **SENSOR_REPORT,
    "required": [],
    "anyOf": [{"required": ["type"]}, {"required": ["exception"]}],
    "x-rule": "schema.required",
    "x-say": "'type' is missing. Add it (XML may name an exception instead).",
}
SENSOR_ELEMENT: Final = _object(
    {
        "sensorMetadata": _object(
            {
                **dict.fromkeys(("time", "startTime", "endTime"), TIME),
                **dict.fromkeys(
                    ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), URI),
            },
            extensible=True,
        ),
        "sensorReport": _list(SENSOR_REPORT, minItems=1),
    },
    ["sensorReport"],
    extensible=True,
)  # fmt: skip
CONTEXT: Final[Schema] = {
    "anyOf": [
        {"type": "object"}, URI, _list({"anyOf": [{"type": "object"}, URI]}, uniqueItems=True)
    ],
    "x-rule": "schema.context", "x-say": "@context is a context's address, an object of prefixes, or a list of these.",
}  # fmt: skip
ERROR_DECLARATION: Final = _object(
    {"declarationTime": TIME, "reason": _word(words.ERROR_REASONS), "correctiveEventIDs": _list(URI)},
    ["declarationTime"],
    extensible=True,
)

FIELDS: Final[dict[str, Schema]] = {
    "@context": CONTEXT,
    "type": {"type": "string"},
    "eventTime": TIME,
    "recordTime": TIME,
    "eventTimeZoneOffset": OFFSET,
    "eventID": URI,
    "certificationInfo": {"anyOf": [URI, _list(URI)]},
    "errorDeclaration": ERROR_DECLARATION,
    "action": {
        "enum": list(words.ACTIONS), "x-rule": "schema.action", "x-say": "action is ADD, OBSERVE or DELETE.",
    },
    "bizStep": BIZ_STEP,
    "disposition": DISPOSITION,
    "persistentDisposition": {
        **_object(dict.fromkeys(("set", "unset"), _list(DISPOSITION, minItems=1, uniqueItems=True)), extensible=False),
        "minProperties": 1,
    },
    "readPoint": PLACE,
    "bizLocation": PLACE,
    "bizTransactionList": _list(
        _object({"type": _word(words.TRANSACTION_TYPES), "bizTransaction": URI}, ["bizTransaction"], extensible=False)
    ),
    "sourceList": _list(
        _object({"type": _word(words.PARTY_TYPES), "source": URI}, ["type", "source"], extensible=False)
    ),
    "destinationList": _list(
        _object({"type": _word(words.PARTY_TYPES), "destination": URI}, ["type", "destination"], extensible=False)
    ),
    "sensorElementList": _list(SENSOR_ELEMENT),
    "ilmd": {"propertyNames": {"format": "uri"}},
    "parentID": URI,
    "transformationID": URI,
    "childEPCs": _list(URI),
    **dict.fromkeys(("epcList", "inputEPCList", "outputEPCList"), _list(URI, uniqueItems=True)),
    **dict.fromkeys(words.QUANTITY_LISTS, _list(QUANTITY)),
}  # fmt: skip

_REQUIRED: Final = {
    "ObjectEvent": ["action"],
    "AggregationEvent": ["action"],
    "AssociationEvent": ["action", "parentID"],
    "TransactionEvent": ["action", "bizTransactionList"],
    "TransformationEvent": [],
}
_DELETES: Final[Schema] = {"properties": {"action": {"const": "DELETE"}}}
_INPUTS: Final = _some("inputEPCList", "inputQuantityList")
_OUTPUTS: Final = _some("outputEPCList", "outputQuantityList")
_CHILDREN: Final[Schema] = {
    "anyOf": [*_some("childEPCs", "childQuantityList"), _DELETES], "x-rule": "schema.nothing-named",
    "x-say": "Name the children: childEPCs or childQuantityList (only DELETE may leave both out).",
}  # fmt: skip
_NEEDS: Final[dict[str, list[Schema]]] = {
    "ObjectEvent": [
        {
            "anyOf": [
                *_some("epcList", least=0), *_some("quantityList"),
                {"required": ["sensorElementList", "readPoint"], "properties": {"sensorElementList": {"minItems": 1}}},
            ],
            "x-rule": "schema.nothing-named",
            "x-say": "Name what it is about: epcList, quantityList, or sensorElementList with a readPoint.",
        },
        {
            "anyOf": [{"not": {"required": ["ilmd"]}}, {"properties": {"action": {"const": "ADD"}}}],
            "x-rule": "schema.ilmd", "x-say": "ilmd belongs to the birth of a lot: only with action ADD.",
        },
    ],
    "AggregationEvent": [_CHILDREN],
    "AssociationEvent": [_CHILDREN],
    "TransactionEvent": [
        {"properties": {"bizTransactionList": {"minItems": 1}}},
        {
            "anyOf": [*_some("epcList", least=0), *_some("quantityList"), _DELETES],
            "x-rule": "schema.nothing-named", "x-say": "Name the things: epcList or quantityList.",
        },
    ],
    "TransformationEvent": [
        {
            "anyOf": [
                {"allOf": [{"anyOf": _INPUTS}, {"anyOf": _OUTPUTS}]},
                {"required": ["transformationID"], "anyOf": [*_INPUTS, *_OUTPUTS]},
            ],
            "x-rule": "schema.nothing-named",
            "x-say": "Name inputs and outputs; with a transformationID one of the four lists is enough.",
        }
    ],
}  # fmt: skip


@cache
def event_schema(kind: str, *, xml: bool = False) -> Schema:
    """The schema of one event of type `kind` (a key of `OWN_FIELDS`).

    `xml`: of its JSON form when it came as XML, whose schema asks less of a sensor report.
    """
    names = (*words.COMMON_FIELDS, *words.CIRCUMSTANCES, *words.OWN_FIELDS[kind])
    fields = {name: FIELDS[name] for name in names}
    if kind == "TransactionEvent":
        fields["epcList"] = _list(URI)
    if xml:
        report = _list(_REPORT_IN_XML, minItems=1)
        element = {**SENSOR_ELEMENT, "properties": {**SENSOR_ELEMENT["properties"], "sensorReport": report}}
        fields["sensorElementList"] = _list(element)
    made = _object(fields, ["type", "eventTime", "eventTimeZoneOffset", *_REQUIRED[kind]], extensible=True)
    made["properties"]["type"] = {"const": kind}
    made["allOf"] = _NEEDS[kind]
    return made


_VOCABULARY_LIST: Final = _list(
    _object(
        {
            "type": URI,
            "vocabularyElementList": _list(
                _object(
                    {
                        "id": URI,
                        "attributes": _list(
                            _object(
                                {"id": URI, "attribute": {"type": ["number", "string", "object"]}}, ["id"]
                            )
                        ),
                        "children": _list(URI),
                    },
                    ["id"],
                )
            ),
        },
        ["type"],
    )
)
_EVENT_LIST: Final = _list(_object({"type": {"type": "string"}}, ["type"]))


@cache
def document_schema(kind: str) -> Schema:
    """The schema of a document around its events: `EPCISDocument` or `EPCISQueryDocument`."""
    common = {
        "@context": CONTEXT,
        "id": URI,
        "type": {"const": kind},
        "schemaVersion": {"type": "string", "pattern": r"^\d+(\.\d+)*$"},
        "creationDate": TIME,
    }
    if kind == "EPCISDocument":
        header = _object({"epcisMasterData": _object({"vocabularyList": _VOCABULARY_LIST})}, extensible=True)
        fields = {
            **common,
            **{key: {"type": "string"} for key in ("instanceIdentifier", "sender", "receiver")},
            "epcisHeader": header,
            "epcisBody": _object({"eventList": _EVENT_LIST}, ["eventList"]),
        }
        return _object(
            fields, ["@context", "type", "schemaVersion", "creationDate", "epcisBody"], extensible=True
        )
    results = _object(
        {"eventList": _EVENT_LIST, "vocabularyList": _VOCABULARY_LIST}, ["eventList"], extensible=True
    )
    query = _object(
        {"queryName": {"type": "string"}, "subscriptionID": {"type": "string"}, "resultsBody": results},
        ["queryName", "resultsBody"],
        extensible=True,
    )
    body = _object({"queryResults": query}, ["queryResults"], extensible=True)
    return _object({**common, "epcisBody": body}, ["@context", "type", "epcisBody"], extensible=True)


@cache
def validator(kind: str, *, xml: bool = False) -> jsonschema_rs.Draft202012Validator:
    """The compiled schema of an event or document type, formats asserted."""
    import jsonschema_rs

    schema = document_schema(kind) if kind in words.DOCUMENT_TYPES else event_schema(kind, xml=xml)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
