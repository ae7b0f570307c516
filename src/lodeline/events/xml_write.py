"""The JSON form of an EPCIS document as EPCIS 2.0 XML. Reading it back gives the same events (and the same hashes).

Fields stand in the order of the XML schema; standard words are written as URNs, as the XML schema expects them.
Source: GS1 EPCIS 2.0 section 9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

from lodeline.events import vocabulary as words
from lodeline.events.context import Names
from lodeline.events.epcis import events_of
from lodeline.events.hash_words import MASTER_DATA, MEASUREMENT, URNS
from lodeline.events.hashing import spaces_of
from lodeline.events.xml_tree import XSD, XSI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIRST: Final = (
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "errorDeclaration",
    "certificationInfo",
)
_PLACES: Final = ("bizStep", "disposition", "readPoint", "bizLocation")
_LAST: Final = ("sourceList", "destinationList", "sensorElementList", "persistentDisposition", "ilmd")
_PACKED: Final = ("parentID", "childEPCs", "action", *_PLACES, "bizTransactionList", "childQuantityList")
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "ObjectEvent": ("epcList", "action", *_PLACES, "bizTransactionList", "quantityList"),
    "AggregationEvent": _PACKED,
    "AssociationEvent": _PACKED,
    "TransactionEvent": ("bizTransactionList", "parentID", "epcList", "action", *_PLACES, "quantityList"),
    "TransformationEvent": (
        "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID", *_PLACES,
        "bizTransactionList",
    ),
}  # fmt: skip
_KINDS: Final = {full: urn for urn, full in URNS.items()}
_HEADS: Final = {
    "bizStep": "BizStep-", "disposition": "Disp-", "set": "Disp-", "unset": "Disp-", "reason": "ER-",
    "bizTransaction": "BTT-", "source": "SDT-", "destination": "SDT-",
}  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Unwritable(ValueError):  # noqa: N818 - says what about the document
    """Something in the document has no place in XML; the message says what."""


def xml_of(document: Mapping[str, Any]) -> bytes:
    """An EPCISDocument, EPCISQueryDocument or bare event as XML 2.0. Raises `Unwritable`."""
    raws = events_of(document)
    spaces = dict(spaces_of(Names.of(document.get("@context")).prefixes))
    for raw in raws:
        for prefix, space in Names.of(raw.get("@context")).prefixes.items():
            if spaces.setdefault(prefix, space) != space:
                raise Unwritable(f"the prefix {prefix!r} stands for two namespaces in one document")
    query = document.get("type") == "EPCISQueryDocument"
    root = ("epcisq" if query else "epcis") + (":EPCISQueryDocument" if query else ":EPCISDocument")
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n', f"<{root}"]
    parts += [
        f" {name}={quoteattr(value)}" for name, value in _attributes(document, raws, spaces, query=query)
    ]
    parts.append("><EPCISBody>")
    if query:
        results = document["epcisBody"]["queryResults"]
        parts.append(
            f"<epcisq:QueryResults>{_element('queryName', str(results.get('queryName', '')))}<resultsBody>"
        )
    parts.append("<EventList>")
    for raw in raws:
        parts += [f"<{raw['type']}>", *_event(raw), f"</{raw['type']}>"]
    parts.append("</EventList>")
    if query:
        parts.append("</resultsBody></epcisq:QueryResults>")
    parts.append(f"</EPCISBody></{root}>\n")
    return "".join(parts).encode()


def _attributes(
    document: Mapping[str, Any], raws: list[dict[str, Any]], spaces: dict[str, str], *, query: bool
) -> Iterator[tuple[str, str]]:
    yield "xmlns:epcis", "urn:epcglobal:epcis:xsd:2"
    if query:
        yield "xmlns:epcisq", "urn:epcglobal:epcis-query:xsd:2"
    yield "xmlns:xsi", XSI
    yield "xmlns:xsd", XSD
    for prefix, space in sorted(spaces.items()):
        if prefix not in {"epcis", "epcisq", "xsi", "xsd", "xml", "xmlns"}:
            yield f"xmlns:{prefix}", MASTER_DATA if space == f"{MASTER_DATA}:" else space
    yield "schemaVersion", str(document.get("schemaVersion", "2.0"))
    yield "creationDate", str(document.get("creationDate") or (raws[0]["eventTime"] if raws else ""))


def _event(raw: dict[str, Any]) -> Iterator[str]:
    order = (*_FIRST, *_ORDER[raw["type"]], *_LAST)
    for name in order:
        value = raw.get(name)
        if name == "persistentDisposition" and value is None:
            value = raw.get("epcis:persistentDisposition")
        if value is not None:
            yield from _field(name, value)
        elif name == "epcList" and raw["type"] == "ObjectEvent":
            yield "<epcList/>"
    known = {"type", "@context", "epcis:persistentDisposition", *order}
    for name, value in raw.items():
        if name not in known:
            yield from _own(name, value)


def _field(name: str, value: Any) -> Iterator[str]:
    if name in words.EPC_LISTS:
        yield from _wrapped(name, [_element("epc", key) for key in value])
    elif name in words.QUANTITY_LISTS:
        parts = ["".join(_element(part, _number(item)) for part, item in one.items()) for one in value]
        yield from _wrapped(name, [f"<quantityElement>{part}</quantityElement>" for part in parts])
    elif name in {"readPoint", "bizLocation"}:
        own = [part for key, item in value.items() if key != "id" for part in _own(key, item)]
        yield from _wrapped(name, [_element("id", value["id"]), *own])
    elif name in {"bizTransactionList", "sourceList", "destinationList"}:
        key = name.removesuffix("List")
        yield from _wrapped(name, [_link(key, one) for one in value])
    elif name == "persistentDisposition":
        parts = [_element(kind, _word(kind, one)) for kind in ("unset", "set") for one in value.get(kind, ())]
        yield from _wrapped(name, parts)
    elif name == "errorDeclaration":
        yield from _wrapped(name, list(_declaration(value)))
    elif name == "sensorElementList":
        yield from _wrapped(name, [f"<sensorElement>{_sensor(one)}</sensorElement>" for one in value])
    elif name == "ilmd":
        yield from _wrapped(name, [part for key, item in value.items() for part in _own(key, item)])
    elif name == "certificationInfo":
        yield from (_element(name, one) for one in ([value] if isinstance(value, str) else value))
    else:
        yield _element(name, _word(name, value))


def _declaration(value: dict[str, Any]) -> Iterator[str]:
    yield _element("declarationTime", value["declarationTime"])
    if "reason" in value:
        yield _element("reason", _word("reason", value["reason"]))
    if "correctiveEventIDs" in value:
        ids = "".join(_element("correctiveEventID", one) for one in value["correctiveEventIDs"])
        yield f"<correctiveEventIDs>{ids}</correctiveEventIDs>"
    for name, item in value.items():
        if name not in {"declarationTime", "reason", "correctiveEventIDs"}:
            yield from _own(name, item)


def _link(key: str, entry: dict[str, str]) -> str:
    kind = entry.get("type")
    said = "" if kind is None else f" type={quoteattr(_text(_word(key, kind)))}"
    return f"<{key}{said}>{escape(_text(entry[key]))}</{key}>"


def _sensor(element: dict[str, Any]) -> str:
    about = element.get("sensorMetadata")
    parts = [] if about is None else [_attributed("sensorMetadata", about)]
    parts += [_attributed("sensorReport", one) for one in element.get("sensorReport", ())]
    for name, item in element.items():
        if name not in {"sensorMetadata", "sensorReport"}:
            parts += _own(name, item)
    return "".join(parts)


def _attributed(name: str, fields: dict[str, Any]) -> str:
    said = []
    for key, value in fields.items():
        if not _NAME.fullmatch(key) or isinstance(value, dict | list):
            raise Unwritable(f"{key[:60]!r} in {name} has no place in an XML attribute")
        text = _number(value)
        if key in {"type", "exception"} and text in MEASUREMENT:
            text = f"gs1:{text}"
        elif key == "component" and text in words.COMPONENTS:
            text = f"{words.CBV}Comp-{text}"
        said.append(f" {key}={quoteattr(_text(text))}")
    return f"<{name}{''.join(said)}/>"


def _own(name: str, value: Any) -> list[str]:
    """A field of the sender's own: objects become elements, lists repeat, numbers and booleans say their type."""
    if not _NAME.fullmatch(name):
        raise Unwritable(f"{name[:60]!r} cannot be the name of an XML element; use a prefix")
    if isinstance(value, list):
        return [part for item in value for part in _own(name, item)]
    if isinstance(value, dict):
        text = value.get("#text")
        inner = [part for key, item in value.items() if key != "#text" for part in _own(key, item)]
        return [f"<{name}>{'' if text is None else escape(_text(_number(text)))}{''.join(inner)}</{name}>"]
    if value is None or value == "":
        return [f"<{name}/>"]
    kind = {bool: "boolean", int: "integer", float: "double"}.get(type(value))
    typed = f' xsi:type="xsd:{kind}"' if kind else ""
    return [f"<{name}{typed}>{escape(_text(_number(value)))}</{name}>"]


def _wrapped(name: str, parts: list[str]) -> Iterator[str]:
    yield f"<{name}>{''.join(parts)}</{name}>"


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_text(text))}</{name}>"


def _word(name: str, value: Any) -> str:
    """A standard word as URN; anything else as it is."""
    text, head = str(value), _HEADS.get(name)
    full = f"{words.CBV}{head}"
    if head is None or ":" in text:
        return _KINDS[full] + text[len(full) :] if head and text.startswith(full) else text
    return _KINDS[full] + text


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _text(text: str) -> str:
    if _FORBIDDEN.search(text):
        raise Unwritable("a text holds a control character that XML cannot hold")
    return text
