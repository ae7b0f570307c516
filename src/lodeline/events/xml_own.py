"""Fields of the sender's own in XML: namespaces to prefixes, elements to JSON values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lodeline.events.context import OWN
from lodeline.events.hash_words import MASTER_DATA
from lodeline.events.xml_tree import XSD, XSI

if TYPE_CHECKING:
    from lodeline.events.xml_tree import Element

_EPCIS: Final = re.compile(r"urn:epcglobal:epcis(?:-query|-masterdata)?:xsd:[12]|http://www\.unece\.org/.*")
_KNOWN: Final = {MASTER_DATA: "cbvmda", f"{MASTER_DATA}:": "cbvmda"}
_TYPED: Final = re.compile(r"(?:xsd|xs):(integer|int|long|double|float|decimal|boolean)")
_LISTS: Final = frozenset((f"{OWN}composition",))
"""Own words that hold lists even when there is one member."""


class Prefixes:
    """Prefix by namespace, each prefix once."""

    def __init__(self, declared: dict[str, str]) -> None:
        self._by_space = dict(_KNOWN)
        self._lists: set[str] = set()
        taken = set(_KNOWN.values())
        for space, prefix in declared.items():
            if space not in {XSI, XSD, *_KNOWN} and not _EPCIS.fullmatch(space):
                self._by_space[space] = self._free(prefix, taken)
        self._taken = taken

    @staticmethod
    def _free(prefix: str, taken: set[str]) -> str:
        made, number = prefix, 1
        while made in taken:
            number += 1
            made = f"{prefix}{number}"
        taken.add(made)
        return made

    def key(self, space: str, name: str) -> str:
        """The JSON name of an element or attribute."""
        if not space:
            return name
        prefix = self._by_space.get(space)
        if prefix is None:
            prefix = self._by_space[space] = self._free("ns", self._taken)
        return f"{prefix}:{name}"

    def add(self, made: dict[str, Any], element: Element, value: Any) -> None:
        """Put a value under its name; a name that comes again holds a list."""
        key = self.key(element.space, element.name)
        if key in made:
            if key not in self._lists or not isinstance(made[key], list):
                made[key] = [made[key]]
                self._lists.add(key)
            made[key].append(value)
        elif element.space + element.name in _LISTS:
            made[key] = [value]
            self._lists.add(key)
        else:
            made[key] = value

    def context(self) -> dict[str, str]:
        """The part of `@context` that defines the prefixes."""
        return {prefix: space for space, prefix in self._by_space.items() if space not in _KNOWN}


def own_value(element: Element, prefixes: Prefixes) -> Any:
    """Text, a typed value where `xsi:type` says so, or an object; attributes count, text beside them is `#text`."""
    made: dict[str, Any] = {}
    kind = ""
    for (space, name), text in element.attributes.items():
        if space == XSI:
            kind = text if name == "type" else kind
        else:
            made[prefixes.key(space, name)] = text
    for child in element.children:
        prefixes.add(made, child, own_value(child, prefixes))
    text = element.text
    if not made:
        return _typed(text, kind)
    if text:
        made["#text"] = _typed(text, kind)
    return made


def _typed(text: str, kind: str) -> Any:
    found = _TYPED.fullmatch(kind)
    if not found:
        return text
    if found[1] == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    from lodeline.events.xml_read import number

    return number(text)
