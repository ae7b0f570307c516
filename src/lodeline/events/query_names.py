"""The names of query parameters: what each asks of an event and what kind of values it takes.

Source: GS1 EPCIS 2.0 section 8.2.7.1 (SimpleEventQuery). Most names are fixed; some end in a unit, in the type of
a transaction, source or destination, or in the name of a field of the sender's own.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

NOTHING, TEXTS, URIS, WORDS, TYPES, TIME, NUMBER, NUMBERS, TRUTH, ANY = (
    "nothing", "texts", "uris", "words", "types", "time", "number", "numbers", "truth", "any",
)  # fmt: skip
"""Kinds of values. `words`: CBV terms; `any`: number, time, or texts, as the field holds them."""


@frozen
class Asked:
    """What a parameter asks: `op` on the values at `where`; `detail` is a unit, a type, or the name of a field.

    `inner`: the field may lie anywhere below a field of the sender's own.
    """

    op: str
    where: str
    takes: str
    detail: str = ""
    inner: bool = False


_URI_FIELDS: Final = ("readPoint", "bizLocation", "transformationID", "eventID", "correctiveEventID")
_EPCS: Final = ("epc", "parentID", "inputEPC", "outputEPC", "anyEPC")
_CLASSES: Final = ("epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass")
_SENSOR_URIS: Final = (
    "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue", "deviceMetadata",
    "rawData", "coordinateReferenceSystem",
)  # fmt: skip
_MEASURED: Final = ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue")
_COMPARED: Final = ("EQ", "GT", "GE", "LT", "LE")

_FIXED: Final[dict[str, Asked]] = {
    "eventType": Asked("EQ", "eventType", TYPES),
    "EQ_action": Asked("EQ", "action", TEXTS),
    "EQ_bizStep": Asked("EQ", "bizStep", WORDS),
    "EQ_disposition": Asked("EQ", "disposition", WORDS),
    "EQ_persistentDisposition_set": Asked("EQ", "set", WORDS),
    "EQ_persistentDisposition_unset": Asked("EQ", "unset", WORDS),
    "EQ_errorReason": Asked("EQ", "errorReason", WORDS),
    "EXISTS_errorDeclaration": Asked("EXISTS", "errorDeclaration", NOTHING),
    "EXISTS_sensorElementList": Asked("EXISTS", "sensorElementList", NOTHING),
    "EXISTS_ilmd": Asked("EXISTS", "ilmd", NOTHING),
    "EQ_type": Asked("EQ", "sensorType", WORDS),
    "EQ_component": Asked("EQ", "component", WORDS),
    "EQ_exception": Asked("EQ", "exception", WORDS),
    "EQ_stringValue": Asked("EQ", "stringValue", TEXTS),
    "EQ_hexBinaryValue": Asked("EQ", "hexBinaryValue", TEXTS),
    "EQ_booleanValue": Asked("EQ", "booleanValue", TRUTH),
    # Ours: an EPC or a class, wherever the event names it.
    "MATCH_any": Asked("MATCH", "anything", URIS),
    **{f"EQ_{name}": Asked("EQ", name, URIS) for name in (*_URI_FIELDS, *_SENSOR_URIS)},
    **{f"WD_{name}": Asked("WD", name, URIS) for name in ("readPoint", "bizLocation")},
    **{f"MATCH_{name}": Asked("MATCH", name, URIS) for name in (*_EPCS, *_CLASSES)},
    **{
        f"{op}_{name}": Asked(op, name, TIME)
        for name in ("eventTime", "recordTime", "errorDeclarationTime", "time", "startTime", "endTime")
        for op in ("GE", "LT")
    },
    **{
        f"{op}_{name}": Asked(op, name, NUMBERS if op == "EQ" else NUMBER)
        for name in ("quantity", "percRank")
        for op in _COMPARED
    },
    # As the JSON schema of queries spells them.
    "GE_errorDeclaration_Time": Asked("GE", "errorDeclarationTime", TIME),
    "LT_errorDeclaration_Time": Asked("LT", "errorDeclarationTime", TIME),
}
_WITH_UNIT: Final = re.compile(rf"(EQ|GT|GE|LT|LE)_({'|'.join(_MEASURED)}|quantity)_([A-Z0-9]{{2,4}})")
_WITH_TYPE: Final = re.compile(r"EQ_(bizTransaction|source|destination)_(\S+)")
_OWN: Final = re.compile(
    r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?"
    r"((?:ILMD|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|ERROR_DECLARATION|readPoint|bizLocation)_)?(\S+)"
)
_TERMS: Final = (
    "readPoint|bizLocation|bizStep|disposition|source|destination|bizTransaction|anyEPCClass|epcClass"
)
_ATTRIBUTES: Final = re.compile(rf"HASATTR_({_TERMS}|\S*:\S*)")
_ATTRIBUTE: Final = re.compile(rf"EQ_?ATTR_({_TERMS})_(\S+)")
_OF_SENSORS: Final = frozenset({"SENSORELEMENT", "SENSORMETADATA", "SENSORREPORT"})
FIXED: Final = tuple(_FIXED)
"""The parameters with fixed names."""
ACTIONS: Final = frozenset({"ADD", "OBSERVE", "DELETE"})


def asked(name: str) -> Asked | None:
    """What the parameter `name` asks; None when there is no such parameter."""
    if known := _FIXED.get(name):
        return known
    if found := _WITH_UNIT.fullmatch(name):
        return Asked(found[1], found[2], NUMBERS if found[1] == "EQ" else NUMBER, found[3])
    if found := _WITH_TYPE.fullmatch(name):
        return Asked("EQ", found[1], URIS, found[2])
    if found := _ATTRIBUTES.fullmatch(name):
        return Asked("HASATTR", found[1], TEXTS)
    if found := _ATTRIBUTE.fullmatch(name):
        return Asked("EQATTR", found[1], TEXTS, found[2])
    if found := _OWN.fullmatch(name):
        scope = (found[3] or "").removesuffix("_")
        if ":" in found[4] or scope in _OF_SENSORS:
            takes = NOTHING if found[1] == "EXISTS" else ANY
            return Asked(found[1], f"own:{scope}", takes, found[4], inner=bool(found[2]))
    return None
