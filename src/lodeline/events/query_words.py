"""Words, names and identifiers in one spelling, so that a query and an event can be compared.

Standard words become bare words whatever their form; prefixes are written out where they are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.events.hash_words import GS1, SPACES, URNS
from lodeline.events.vocabulary import EVENT_TYPES, bare

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
