"""The header of an EPCIS XML document: who sends it, and master data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.events.xml_own import own_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.events.xml_own import Prefixes
    from lodeline.events.xml_tree import Element


def header(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    """Members of the JSON form: sender, receiver, instanceIdentifier, epcisHeader."""
    made: dict[str, Any] = {}
    for name, path in (
        ("sender", ("Sender", "Identifier")),
        ("receiver", ("Receiver", "Identifier")),
        ("instanceIdentifier", ("DocumentIdentification", "InstanceIdentifier")),
    ):
        text = next(_texts(element, ("StandardBusinessDocumentHeader", *path)), "")
        if text:
            made[name] = text
    data = next(_all(element, "EPCISMasterData"), None)
    if data is not None:
        lists = [_vocabulary(one, prefixes) for one in _all(data, "Vocabulary")]
        made["epcisHeader"] = {"epcisMasterData": {"vocabularyList": lists}}
    return made


def _all(element: Element, name: str) -> Iterator[Element]:
    for child in element.children:
        if child.name == name:
            yield child
        else:
            yield from _all(child, name)


def _texts(element: Element, path: tuple[str, ...]) -> Iterator[str]:
    if not path:
        yield element.text
        return
    for child in element.children:
        if child.name == path[0]:
            yield from _texts(child, path[1:])


def _vocabulary(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    return {
        "type": element.attributes.get(("", "type"), ""),
        "vocabularyElementList": [_entry(one, prefixes) for one in _all(element, "VocabularyElement")],
    }


def _entry(element: Element, prefixes: Prefixes) -> dict[str, Any]:
    made: dict[str, Any] = {"id": element.attributes.get(("", "id"), "")}
    attributes = []
    for one in element.children:
        if one.name == "attribute":
            name = one.attributes.pop(("", "id"), "")
            value = own_value(one, prefixes)
            if isinstance(value, bool):
                value = "true" if value else "false"  # the JSON form has texts, numbers and objects
            attributes.append({"id": name, "attribute": value})
    if attributes:
        made["attributes"] = attributes
    inside = element.find("children")
    if inside is not None:
        made["children"] = [child.text for child in inside.children]
    return made
