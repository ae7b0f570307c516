"""Words, names and identifiers in one spelling, so that a query and an event can be compared.

Standard words become bare words whatever their form; prefixes are written out where they are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.events.hash_words import GS1, MASTER_DATA, SPACES, URNS
from lodeline.events.vocabulary import EVENT_TYPES, bare
from lodeline.identifiers import IdentifierError, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPCIS: Final = SPACES["epcis"]


def absolute(text: str, prefixes: Mapping[str, str]) -> str:
    """A CURIE written out, where its prefix is known; anything else as it is."""
    head, colon, rest = text.partition(":")
    if not colon or rest.startswith("//"):
        return text
    space = prefixes.get(head) or SPACES.get(head)
    return text if space is None else space + rest


def word(text: str, prefixes: Mapping[str, str]) -> str:
    """A term: the bare word of a standard one, the full URI of another."""
    text = text.strip()
    for urn in URNS:
        if text.startswith(urn):
            return text[len(urn) :]
    full = bare(absolute(text, prefixes))
    return full.removeprefix(GS1)


def key(text: str, prefixes: Mapping[str, str]) -> str:
    """An identifier in canonical form; one that has none as it is."""
    try:
        return normalise(absolute(text, prefixes))
    except IdentifierError:
        return text


def term(text: str, prefixes: Mapping[str, str]) -> str:
    """What master data is about: the bare word of a standard term, anything else as an identifier."""
    found = word(text, prefixes)
    return found if ":" not in found else key(text, prefixes)


def attribute_name(text: str, prefixes: Mapping[str, str]) -> str:
    """The name of an attribute of master data, written out; the standard's own namespace with its last colon."""
    full = absolute(text, prefixes)
    if full.startswith(MASTER_DATA) and len(full) > len(MASTER_DATA):
        return f"{MASTER_DATA}:{full[len(MASTER_DATA) :].lstrip(':')}"
    return full


def type_of(text: str, prefixes: Mapping[str, str]) -> str:
    """The type of an event: a bare word for the standard's own."""
    full = absolute(text, prefixes)
    if full.startswith(_EPCIS) and full[len(_EPCIS) :] in EVENT_TYPES:
        return full[len(_EPCIS) :]
    return full


def spellings(name: str) -> frozenset[str]:
    """The full names of a field that a query may mean: EPCIS writes namespace, `#` and name."""
    head, mark, rest = name.rpartition("#")
    return frozenset({name, head + rest}) if mark else frozenset({name})
