"""JSON-LD contexts of EPCIS documents: an allow-list and prefixes, never fetched.

Only GS1's own EPCIS context is known by address. Inline objects may define prefixes and the types of
prefixed terms; they may not redefine words of the standard, nor use keywords (`@import`, `@vocab`, …) that
would change what a document means. Source: EPCIS 2.0 section 10.3; JSON-LD 1.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline.events import vocabulary
from lodeline.evidence import Finding, Severity
from lodeline.strictjson import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWN: Final = "urn:x-lodeline:epcis:"
"""Namespace of our own terms; written with the prefix `lode` in everything we keep."""
EPCIS_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

_KNOWN: Final = re.compile(
    r"https://(?:ref\.gs1\.org/standards/epcis/(?:2\.0\.[0-9]{1,2}/)?|gs1\.github\.io/EPCIS/)epcis-context\.jsonld"
)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*")
_CURIE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*:[^\s\"<>\\]+")
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_TERMS: Final = frozenset(
    (
        *vocabulary.COMMON_FIELDS,
        *vocabulary.CIRCUMSTANCES,
        "id",
        "epcisBody",
        "epcisHeader",
        "eventList",
        "epcClass",
    )
) | {field for fields in vocabulary.OWN_FIELDS.values() for field in fields}


def findings(context: Any, at: tuple[str | int, ...], *, added: bool = False) -> Iterator[Finding]:
    """What is wrong with the value of `@context` that stands at path `at`; `added`: to that of the document."""
    known = added
    for step, entry in _entries(context):
        place = (*at, *step)
        if isinstance(entry, str):
            if _KNOWN.fullmatch(entry):
                known = True
            else:
                yield _error(
                    "context.unknown",
                    place,
                    f"This context is not known here and is never fetched. Use {EPCIS_CONTEXT} and define "
                    "prefixes inline.",
                    entry,
                )
        elif isinstance(entry, dict):
            for key, value in entry.items():
                yield from _definition(key, value, (*place, key))
    if not known:
        yield Finding(
            rule="context.epcis-missing",
            severity=Severity.WARNING,
            pointer=pointer(at),
            message=f"GS1's EPCIS context is not named; its words are read all the same. Add {EPCIS_CONTEXT}.",
        )


def _definition(key: str, value: Any, place: tuple[str | int, ...]) -> Iterator[Finding]:
    if key.startswith("@"):
        yield _error(
            "context.keyword", place, f"{key[:40]} is not allowed in an inline context. Take it out.", key
        )
    elif key in _TERMS:
        yield _error("context.redefines", place, f"'{key}' is a word of EPCIS; it may not be redefined.", key)
    elif isinstance(value, str):
        if not (_ABSOLUTE.fullmatch(value) and (_PREFIX.fullmatch(key) or _CURIE.fullmatch(key))):
            yield _error(
                "context.prefix",
                place,
                "A prefix stands for an absolute URI, like https://example.com/.",
                value,
            )
    elif not (
        isinstance(value, dict)
        and value.keys() <= {"@id", "@type", "@container"}
        and all(isinstance(part, str) for part in value.values())
    ):
        yield _error(
            "context.term",
            place,
            "A term's definition may hold @id, @type and @container with plain text only.",
            key,
        )


def _entries(context: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    if isinstance(context, list):
        for index, entry in enumerate(context):
            yield (index,), entry
    elif context is not None:
        yield (), context


def _error(rule: str, place: tuple[str | int, ...], message: str, got: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer(place), message=message, got=got[:80])


@frozen
class Names:
    """What prefixes stand for in a document, and how they must be rewritten to say `lode:` for our namespace."""

    prefixes: dict[str, str]
    rename: dict[str, str]

    @classmethod
    def of(cls, *contexts: Any) -> Names:
        """From the values of `@context`, the document's first; later definitions win. `Names` count as contexts."""
        known: dict[str, str] = {}
        for context in contexts:
            known.update(context.prefixes if isinstance(context, Names) else _prefixes(context))
        rename = {
            f"{prefix}:": "lode:" for prefix, space in known.items() if space == OWN and prefix != "lode"
        }
        if known.get("lode", OWN) != OWN:
            rename["lode:"] = known["lode"]
        return cls(known, rename)


def names_for(raw: Mapping[str, Any], context: Any) -> Names:
    """The names an event is written in: the document's, with its own context on top."""
    own = raw.get("@context")
    if own is None and isinstance(context, Names):
        return context
    return Names.of(context, own)


def _prefixes(context: Any) -> dict[str, str]:
    return {
        key: value
        for _, entry in _entries(context)
        if isinstance(entry, dict)
        for key, value in entry.items()
        if isinstance(value, str) and ":" not in key and not key.startswith("@")
    }


def own_words(value: Any, rename: dict[str, str]) -> Any:
    """A copy of `value` whose keys in our namespace begin with `lode:`."""
    if isinstance(value, dict):
        return {_renamed(key, rename): own_words(item, rename) for key, item in value.items()}
    if isinstance(value, list):
        return [own_words(item, rename) for item in value]
    return value


def _renamed(key: str, rename: dict[str, str]) -> str:
    if key.startswith(OWN):
        return "lode:" + key[len(OWN) :]
    prefix, colon, rest = key.partition(":")
    return rename.get(prefix + colon, prefix + colon) + rest if colon else key
