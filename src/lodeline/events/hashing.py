"""The CBV 2.0 event hash: one name for one event, whatever its order of members, prefixes, time zone or format.

Source: GS1 Core Business Vocabulary 2.0, section 8.9.2 (event hash identifiers); RFC 6920. An event becomes one
string: `key=value` without separators, fields in the standard's order, members of a list sorted, own fields as
`{namespace}name=value`, sorted, at the end of what encloses them. Its SHA-256 is the name. `eventID`,
`recordTime`, `errorDeclaration` and `certificationInfo` have no place in the standard's order: they do not count.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lodeline.events import hash_values as values
from lodeline.events.context import Names, names_for
from lodeline.events.epcis import instant
from lodeline.events.hash_values import Spaces
from lodeline.events.hash_words import (
    BTT,
    COMPONENT,
    DISPOSITION,
    MEASUREMENT,
    SDT,
    SENSOR_METADATA,
    SENSOR_REPORT,
    SPACES,
    STEP,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}(?:Z|[+]00:00)"
)
NOT_HASHED: Final = frozenset(
    ("type", "@context", "eventID", "recordTime", "errorDeclaration", "certificationInfo", "rdfs:comment")
)


def event_hash(raw: Mapping[str, Any], context: Any = None) -> str:
    """The name of one event: `ni:///sha-256;…?ver=CBV2.0`.

    `raw`: an event that fits the schema, in its JSON form; `context`: the document's `@context`, or `Names` of it.
    """
    return hashes([raw], context)[0]


def hashes(raws: Iterable[Mapping[str, Any]], context: Any = None) -> list[str]:
    """The names of the events of one document, in order."""
    return [
        f"ni:///sha-256;{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}?ver=CBV2.0"
        for text in prehashes(raws, context)
    ]


def prehashes(raws: Iterable[Mapping[str, Any]], context: Any = None) -> Iterator[str]:
    """The strings whose hashes are the events' names."""
    names = context if isinstance(context, Names) else Names.of(context)
    common = spaces_of(names.prefixes)
    for raw in raws:
        own = "@context" in raw
        yield _prehash(raw, spaces_of(names_for(raw, names).prefixes) if own else common)


def _prehash(raw: Mapping[str, Any], spaces: Spaces) -> str:
    out = [f"eventType={raw['type']}"]
    for name, make in _ORDER:
        value = raw.get(name)
        if value:
            out.append(make(name, value, spaces))
    if not raw.keys() <= _KNOWN:
        out.append(members({name: raw[name] for name in raw if name not in _KNOWN}, spaces))
    return "".join(out)


def spaces_of(prefixes: Mapping[str, str]) -> Spaces:
    """What prefixes stand for: those of the EPCIS context, the document's own on top."""
    return Spaces({**SPACES, **prefixes})


def moment(text: str) -> str:
    """A time in UTC with three decimals, rounded up from the fourth (5 to 9). What is no time stays as it is."""
    return f"{text[:23]}Z" if _MOMENT.fullmatch(text) else _moment_of(text)


@lru_cache(maxsize=16_384)
def _moment_of(text: str) -> str:
    try:
        found = instant(text.strip())
        found += timedelta(microseconds=(found.microsecond + 500) // 1000 * 1000 - found.microsecond)
    except (ValueError, OverflowError):
        return text.strip()
    return found.isoformat(timespec="milliseconds")[:-6] + "Z"


def members(own: Mapping[str, Any], spaces: Spaces) -> str:
    """Fields of the sender's own, each under its full name, sorted."""
    parts: list[str] = []
    for key, value in own.items():
        if key != "rdfs:comment":
            _member(values.full_name(key, spaces), value, spaces, parts)
    parts.sort()
    return "".join(parts)


def _member(name: str, value: Any, spaces: Spaces, parts: list[str]) -> None:
    if isinstance(value, dict):
        text = values.plain(value.get("#text"), spaces)
        inner = {key: item for key, item in value.items() if key != "#text"}
        parts.append(f"{name}={text}{members(inner, spaces)}" if text else name + members(inner, spaces))
    elif isinstance(value, list):
        for item in value:
            _member(name, item, spaces, parts)
    elif value is not None:
        text = values.plain(value, spaces)
        parts.append(f"{name}={text}" if text else name)


def _moment(name: str, value: Any, _spaces: Spaces) -> str:
    return f"{name}={moment(str(value))}"


def _plain(name: str, value: Any, _spaces: Spaces) -> str:
    return f"{name}={str(value).strip()}"


def _number(name: str, value: Any, _spaces: Spaces) -> str:
    return f"{name}={values.number(value)}"


def _flag(name: str, value: Any, _spaces: Spaces) -> str:
    return f"{name}={str(value).strip().lower()}"


def _key(name: str, value: Any, spaces: Spaces) -> str:
    return f"{name}={values.uri(value, spaces)}"


def _keys(name: str, value: list[str], spaces: Spaces) -> str:
    uri = values.uri
    return name + "".join(sorted([f"epc={uri(key, spaces)}" for key in value]))


def _quantities(name: str, value: list[dict[str, Any]], spaces: Spaces) -> str:
    parts = []
    for element in value:
        key, amount, uom = element["epcClass"], element.get("quantity"), element.get("uom")
        text = f"quantityElementepcClass={values.uri(key, spaces)}"
        if amount is not None:
            text += f"quantity={values.number(amount)}"
        parts.append(f"{text}uom={uom.strip()}" if uom else text)
    return name + "".join(sorted(parts))


def _word(known: Mapping[str, str]) -> Callable[[str, Any, Spaces], str]:
    def make(name: str, value: Any, spaces: Spaces) -> str:
        return f"{name}={known.get(value) or values.uri(value, spaces)}"

    return make


def _lasting(name: str, value: dict[str, list[str]], spaces: Spaces) -> str:
    text = "".join(
        "".join(sorted(_disposition(kind, word, spaces) for word in value.get(kind) or ()))
        for kind in ("set", "unset")
    )
    return name + text if text else ""


def _lasting_in_xml(_name: str, value: Any, spaces: Spaces) -> str:
    """XML allows it in every event type, JSON in two: elsewhere its JSON form bears the prefix."""
    return _lasting("persistentDisposition", value, spaces) if isinstance(value, dict) else ""


def _place(name: str, value: dict[str, Any], spaces: Spaces) -> str:
    text = f"{name}id={values.uri(value['id'], spaces)}"
    if len(value) > 1:
        text += members({key: item for key, item in value.items() if key != "id"}, spaces)
    return text


def _links(key: str, known: Mapping[str, str]) -> Callable[[str, Any, Spaces], str]:
    """Of a typed reference the type comes first, then the value; then the list is sorted (CBV 2.0, order table)."""
    said = _word(known)

    def make(name: str, value: list[dict[str, str]], spaces: Spaces) -> str:
        return name + "".join(
            sorted(
                (said("type", entry["type"], spaces) if entry.get("type") else "")
                + _key(key, entry[key], spaces)
                for entry in value
            )
        )

    return make


def _sensors(name: str, value: list[dict[str, Any]], spaces: Spaces) -> str:
    return name + "".join(sorted([f"sensorElement{_sensor(element, spaces)}" for element in value]))


def _sensor(element: dict[str, Any], spaces: Spaces) -> str:
    text = ""
    about = element.get("sensorMetadata")
    if about:
        text = "sensorMetadata" + _fields(about, _METADATA, spaces)
    text += "".join(
        sorted(["sensorReport" + _fields(one, _REPORT, spaces) for one in element.get("sensorReport") or ()])
    )
    own = {
        key: item for key, item in element.items() if key not in {"sensorMetadata", "sensorReport", "type"}
    }
    return text + members(own, spaces) if own else text


def _fields(value: dict[str, Any], known: dict[str, Any], spaces: Spaces) -> str:
    """Known fields in their order, own ones behind them."""
    text = "".join([make(name, value[name], spaces) for name, make in known.items() if name in value])
    if value.keys() <= known.keys():
        return text
    return text + members({key: item for key, item in value.items() if key not in known}, spaces)


def _ilmd(name: str, value: Any, spaces: Spaces) -> str:
    return name + members(value, spaces) if isinstance(value, dict) else ""


_disposition = _word(DISPOSITION)
_SENSOR_MAKERS: Final = {
    **dict.fromkeys(("time", "startTime", "endTime"), _moment),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _number),
    **dict.fromkeys(("stringValue", "hexBinaryValue", "uom"), _plain),
    "type": _word(MEASUREMENT),
    "exception": _word(MEASUREMENT),
    "component": _word(COMPONENT),
    "booleanValue": _flag,
}
_METADATA: Final = {name: _SENSOR_MAKERS.get(name, _key) for name in SENSOR_METADATA}
_REPORT: Final = {name: _SENSOR_MAKERS.get(name, _key) for name in SENSOR_REPORT}
_ORDER: Final[tuple[tuple[str, Callable[[str, Any, Spaces], str]], ...]] = (
    ("eventTime", _moment),
    ("eventTimeZoneOffset", _plain),
    ("epcList", _keys),
    ("parentID", _key),
    ("inputEPCList", _keys),
    ("childEPCs", _keys),
    ("quantityList", _quantities),
    ("childQuantityList", _quantities),
    ("inputQuantityList", _quantities),
    ("outputEPCList", _keys),
    ("outputQuantityList", _quantities),
    ("action", _plain),
    ("transformationID", _key),
    ("bizStep", _word(STEP)),
    ("disposition", _disposition),
    ("persistentDisposition", _lasting),
    ("epcis:persistentDisposition", _lasting_in_xml),
    ("readPoint", _place),
    ("bizLocation", _place),
    ("bizTransactionList", _links("bizTransaction", BTT)),
    ("sourceList", _links("source", SDT)),
    ("destinationList", _links("destination", SDT)),
    ("sensorElementList", _sensors),
    ("ilmd", _ilmd),
)
_KNOWN: Final = NOT_HASHED | {name for name, _ in _ORDER}
