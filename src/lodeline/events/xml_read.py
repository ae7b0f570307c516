"""EPCIS 2.0 and 1.2 XML to the JSON form of EPCIS 2.0: what follows (checks, hash, capture) sees one form only.

Sources: GS1 EPCIS 2.0 sections 9 and 10 (XML and JSON bindings), EPCIS 1.2 section 9. Findings about an XML
document point into its JSON form (RFC 6901). Standard words become bare words; `extension` and `baseExtension`,
which have no meaning of their own, are opened; a namespace becomes a prefix in `@context`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lodeline.events import vocabulary as words
from lodeline.events.context import EPCIS_CONTEXT
from lodeline.events.hash_words import GS1, MEASUREMENT, URNS
from lodeline.events.xml_header import header
from lodeline.events.xml_own import Prefixes, own_value
from lodeline.events.xml_tree import XSI, Element, XMLRefused, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lodeline.events.limits import Limits

_WRAPPERS: Final = frozenset(("extension", "baseExtension"))
_ROOTS: Final = frozenset(
    (
        "urn:epcglobal:epcis:xsd:2",
        "urn:epcglobal:epcis:xsd:1",
        "urn:epcglobal:epcis-query:xsd:2",
        "urn:epcglobal:epcis-query:xsd:1",
    )
)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBERS: Final = frozenset(
    ("quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
)
_MOST_EXACT: Final = 2**53 - 1


def document_of(data: bytes, limits: Limits) -> dict[str, Any]:
    """The document in its JSON form. Raises `XMLRefused`."""
    root, declared = parse(data, limits)
    if root.name not in words.DOCUMENT_TYPES or (root.space and root.space not in _ROOTS):
        raise XMLRefused(
            "document.type",
            "The root is EPCISDocument or EPCISQueryDocument of EPCIS 2.0 or 1.2. Master data alone has no events.",
        )
    prefixes = Prefixes(declared)
    body = root.find("EPCISBody")
    found = _list_of_events(body) if body is not None else None
    events = None if found is None else [_event(one, prefixes) for one in _opened(found)]
    made: dict[str, Any] = {"type": root.name}
    for name in ("schemaVersion", "creationDate"):
        if ("", name) in root.attributes:
            made[name] = root.attributes["", name]
    if (about := root.find("EPCISHeader")) is not None:
        made |= header(about, prefixes)
    made["epcisBody"] = _body(root.name, body, events)
    own = prefixes.context()
    return {"@context": [EPCIS_CONTEXT, own] if own else [EPCIS_CONTEXT], **made}


def _list_of_events(body: Element) -> Element | None:
    found: Element | None = body
    results = body.find("QueryResults")
    if results is not None:
        found = results.find("resultsBody")
    return None if found is None else found.find("EventList")


def _body(kind: str, body: Element | None, events: list[dict[str, Any]] | None) -> dict[str, Any]:
    held = {} if events is None else {"eventList": events}
    if kind == "EPCISDocument":
        return held
    results = None if body is None else body.find("QueryResults")
    said = {} if results is None else {child.name: child.text for child in results.children}
    query = {name: said[name] for name in ("queryName", "subscriptionID") if name in said}
    return {"queryResults": {**query, "resultsBody": held}}


def _opened(element: Element) -> Iterator[Element]:
    """Children, those inside wrappers included."""
    for child in element.children:
        if child.name in _WRAPPERS and not child.space:
            yield from _opened(child)
        else:
            yield child


def _event(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    made: dict[str, Any] = {"type": element.name}
    for child in _opened(element):
        if child.space:
            prefixes.add(made, child, own_value(child, prefixes))
        elif child.name == "persistentDisposition" and "persistentDisposition" not in words.OWN_FIELDS.get(
            element.name, ()
        ):
            made["epcis:persistentDisposition"] = _lasting(child, prefixes)  # XML has it in every event type
        elif child.name in _FIELDS:
            made[child.name] = _FIELDS[child.name](child, prefixes)
        elif child.name == "certificationInfo":
            before = made.get("certificationInfo")
            made["certificationInfo"] = (
                child.text
                if before is None
                else [*([before] if isinstance(before, str) else before), child.text]
            )
        else:
            made[child.name] = own_value(child, prefixes)
    return _from_quantity_event(made) if element.name == "QuantityEvent" else made


def _from_quantity_event(made: dict[str, Any]) -> dict[str, Any]:
    """QuantityEvent of EPCIS 1.x is, in its successor's words, an observation of a quantity of a class."""
    element = {name: made.pop(name) for name in ("epcClass", "quantity") if name in made}
    if isinstance(element.get("quantity"), str):
        element["quantity"] = number(element["quantity"])
    return {**made, "type": "ObjectEvent", "action": "OBSERVE", "quantityList": [element]}


def number(text: str) -> Any:
    """A JSON number of the same value; a text that has none in a double stays a text, which the checks refuse."""
    if not _DECIMAL.fullmatch(text) or len(text) > 40:
        return text
    found = float(text)
    if found in {float("inf"), float("-inf")} or Decimal(text) != Decimal(repr(found)):
        return text
    return int(found) if found.is_integer() and abs(found) <= _MOST_EXACT else found


def word(text: str) -> str:
    """A standard word in its bare form; terms of others as they are."""
    for start in URNS:
        if text.startswith(start):
            return text[len(start) :]
    if text.startswith("cbv:"):
        text = words.CBV + text[4:]
    return words.bare(text)


def _text(element: Element, _prefixes: Prefixes) -> str:
    return element.text


def _word(element: Element, _prefixes: Prefixes) -> str:
    return word(element.text)


def _members(element: Element, _prefixes: Prefixes) -> list[str]:
    return [child.text for child in element.children]


def _quantities(element: Element, prefixes: Prefixes) -> list[dict[str, Any]]:
    found = []
    for child in element.children:
        made: dict[str, Any] = {}
        for part in child.children:
            if part.attributes.get((XSI, "nil")) in {"true", "1"}:
                continue
            prefixes.add(made, part, number(part.text) if part.name == "quantity" else part.text)
        found.append(made)
    return found


def _place(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for child in _opened(element):
        prefixes.add(made, child, own_value(child, prefixes) if child.space else child.text)
    return made


def _links(element: Element, _prefixes: Prefixes) -> list[dict[str, str]]:
    found = []
    for child in element.children:
        kind = child.attributes.get(("", "type"))
        found.append({**({} if kind is None else {"type": word(kind)}), child.name: child.text})
    return found


def _lasting(element: Element, _prefixes: Prefixes) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for child in element.children:
        made.setdefault(child.name, []).append(word(child.text))
    return made


def _own(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for child in _opened(element):
        prefixes.add(made, child, own_value(child, prefixes))
    return made


def _declaration(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for child in _opened(element):
        if child.name == "correctiveEventIDs":
            made[child.name] = _members(child, prefixes)
        elif child.name == "reason":
            made[child.name] = word(child.text)
        else:
            prefixes.add(made, child, own_value(child, prefixes) if child.space else child.text)
    return made


def _sensors(element: Element, prefixes: Prefixes) -> list[dict[str, Any]]:
    found = []
    for one in element.children:
        made: dict[str, Any] = {}
        for child in _opened(one):
            if child.name == "sensorReport" and not child.space:
                made.setdefault("sensorReport", []).append(_sensed(child, prefixes))
            elif child.name == "sensorMetadata" and not child.space:
                made["sensorMetadata"] = _sensed(child, prefixes)
            else:
                prefixes.add(made, child, own_value(child, prefixes))
        found.append(made)
    return found


def _sensed(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    """Sensor fields are attributes in XML."""
    made: dict[str, Any] = {}
    for (space, name), text in element.attributes.items():
        if space == XSI:
            continue
        if space:
            made[prefixes.key(space, name)] = text
        elif name in _NUMBERS:
            made[name] = number(text.strip())
        elif name == "booleanValue":
            made[name] = {"true": True, "1": True, "false": False, "0": False}.get(text.strip(), text)
        elif name in {"type", "exception"}:
            made[name] = _measured(text.strip())
        else:
            made[name] = word(text) if name == "component" else text
    return made


def _measured(text: str) -> str:
    """The bare word of a kind of measurement or alert; one the standard does not list keeps its prefix."""
    short = text[4:] if text.startswith("gs1:") else text.removeprefix(GS1)
    if short in MEASUREMENT:
        return short
    return f"gs1:{short}" if short != text else text


_FIELDS: Final[dict[str, Callable[[Element, Prefixes], Any]]] = {
    **dict.fromkeys(
        (
            "eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "action", "parentID", "transformationID",
            "epcClass", "quantity",
        ),
        _text,
    ),
    **dict.fromkeys(("bizStep", "disposition"), _word),
    **dict.fromkeys(words.EPC_LISTS, _members),
    **dict.fromkeys(words.QUANTITY_LISTS, _quantities),
    **dict.fromkeys(("readPoint", "bizLocation"), _place),
    **dict.fromkeys(("bizTransactionList", "sourceList", "destinationList"), _links),
    "persistentDisposition": _lasting,
    "ilmd": _own,
    "errorDeclaration": _declaration,
    "sensorElementList": _sensors,
}  # fmt: skip
