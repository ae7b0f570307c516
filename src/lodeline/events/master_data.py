"""Master data in the header of an EPCIS document: what it says of places, products, parties and words, by their ids.

Sources: GS1 EPCIS 2.0 sections 6.5 and 9 (`epcisHeader.epcisMasterData.vocabularyList`), 8.2.7.1 (`WD_`, `HASATTR_`,
`EQATTR_`). An XML document is read in its JSON form.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from attrs import frozen

from lodeline.events.context import Names
from lodeline.events.hash_words import SPACES
from lodeline.events.query_match import Master
from lodeline.events.query_words import absolute, attribute_name, term
from lodeline.evidence import Finding, Severity
from lodeline.strictjson import canonical, pointer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

MOST_ELEMENTS: Final = 10_000
MOST_ATTRIBUTES: Final = 100
MOST_CHILDREN: Final = 10_000
LONGEST: Final = 500
"""Characters of a type, an id or the name of an attribute."""
_HEADER: Final = ("epcisHeader", "epcisMasterData", "vocabularyList")
_RESULTS: Final = ("epcisBody", "queryResults", "resultsBody", "vocabularyList")
_VTYPE: Final = "urn:epcglobal:epcis:vtype:"
Path = tuple[str | int, ...]


@frozen(kw_only=True)
class Element:
    """What one document says of one id. Ids are canonical, names of attributes written out, values texts."""

    type: str
    id: str
    attributes: dict[str, tuple[str, ...]]
    children: tuple[str, ...] = ()


def present(document: Mapping[str, Any]) -> bool:
    """Whether the document carries master data; without a header, that is one look."""
    if "epcisHeader" not in document and document.get("type") != "EPCISQueryDocument":
        return False
    return any(True for _ in _entries(document))


def findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What is beyond the bounds, with prefixes written out. The form is the schema's matter."""
    prefixes = Names.of(document.get("@context")).prefixes
    for at, (path, _, entry) in enumerate(_entries(document)):
        if at == MOST_ELEMENTS:
            yield _error(
                "master-data.too-many",
                _where(document),
                f"More than {MOST_ELEMENTS} elements of master data.",
            )
            return
        for name, most in (("attributes", MOST_ATTRIBUTES), ("children", MOST_CHILDREN)):
            said = entry.get(name)
            if isinstance(said, list) and len(said) > most:
                yield _error("master-data.too-many", (*path, name), f"An element has at most {most} {name}.")
        for place, text in _named(entry):
            if isinstance(text, str) and (size := len(absolute(text, prefixes))) > LONGEST:
                message = f"At most {LONGEST} characters; this has {size}."
                yield _error("master-data.too-long", (*path, *place), message)
    for index, one in enumerate(_lists(document)):
        kind = one.get("type") if isinstance(one, dict) else None
        if isinstance(kind, str) and len(_type(kind, prefixes)) > LONGEST:
            yield _error(
                "master-data.too-long",
                (*_where(document), index, "type"),
                f"A type has at most {LONGEST} characters.",
            )


def read(document: Mapping[str, Any]) -> list[Element]:
    """The elements of a document, each type and id once. What has no usable form is passed over, never an error."""
    prefixes = Names.of(document.get("@context")).prefixes
    made: dict[tuple[str, str], tuple[dict[str, list[str]], dict[str, None]]] = {}
    for at, (_, kind, entry) in enumerate(_entries(document)):
        if at == MOST_ELEMENTS:
            break
        name = entry.get("id")
        if not _usable(kind) or not _usable(name):
            continue
        full, key = _type(kind, prefixes), term(name, prefixes)
        if not _usable(full) or not _usable(key):  # a prefix may stand for much
            continue
        attributes, children = made.setdefault((full, key), ({}, {}))
        for said, value in _attributes(entry):
            values = attributes.setdefault(attribute_name(said, prefixes), [])
            if value not in values:
                values.append(value)
        inside = entry.get("children")
        for child in inside[:MOST_CHILDREN] if isinstance(inside, list) else ():
            if _usable(child):
                children[term(child, prefixes)] = None
    return [
        Element(
            type=kind, id=key, attributes={name: tuple(held) for name, held in attributes.items()},
            children=tuple(children),
        )
        for (kind, key), (attributes, children) in made.items()
    ]  # fmt: skip


class Known(Master):
    """Elements to judge events by; of one id several may be said, by several parties or under several types.

    An attribute counts when any of them has it. What lies in a place is below it by any of them.
    """

    def __init__(self, elements: Iterable[Element]) -> None:
        self._attributes: dict[str, dict[str, frozenset[str]]] = {}
        below: defaultdict[str, list[str]] = defaultdict(list)
        for one in elements:
            held = self._attributes.setdefault(one.id, {})
            for name, values in one.attributes.items():
                held[name] = held.get(name, frozenset()) | frozenset(values)
            below[one.id] += one.children
        self._children = {name: inside for name, inside in below.items() if inside}
        self._parents = sorted(self._children)
        self._below: dict[str, frozenset[str]] = {}

    def below(self, wanted: str) -> frozenset[str]:
        found = self._below.get(wanted)
        if found is None:
            found = self._below[wanted] = frozenset(self._reached(wanted))
        return found

    def _reached(self, wanted: str) -> set[str]:
        """Round in circles or not, each place is looked at once."""
        seen, left = {wanted}, [wanted]
        while left:
            place = left.pop()
            for parent in (place, *self._extended(place)):
                new = [one for one in self._children.get(parent, ()) if one not in seen]
                seen.update(new)
                left += new
        return seen

    def _extended(self, place: str) -> Iterator[str]:
        """Places with children that lie in this one by their number."""
        start = f"{place}/254/"
        at = bisect_left(self._parents, start)
        while at < len(self._parents) and self._parents[at].startswith(start):
            yield self._parents[at]
            at += 1

    def described(self) -> Collection[str]:
        return self._attributes.keys()

    def attributes(self, key: str) -> Mapping[str, frozenset[str]]:
        return self._attributes.get(key, {})


def _where(document: Mapping[str, Any]) -> Path:
    return _RESULTS if document.get("type") == "EPCISQueryDocument" else _HEADER


def _lists(document: Mapping[str, Any]) -> list[Any]:
    found: Any = document
    for step in _where(document):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[Path, Any, dict[str, Any]]]:
    """Path, type and object of each element."""
    for index, one in enumerate(_lists(document)):
        inside = one.get("vocabularyElementList") if isinstance(one, dict) else None
        for number, entry in enumerate(inside if isinstance(inside, list) else ()):
            if isinstance(entry, dict):
                path = (*_where(document), index, "vocabularyElementList", number)
                yield path, one.get("type"), entry


def _named(entry: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    yield ("id",), entry.get("id")
    said = entry.get("attributes")
    for index, one in enumerate(said[:MOST_ATTRIBUTES] if isinstance(said, list) else ()):
        if isinstance(one, dict):
            yield ("attributes", index, "id"), one.get("id")
    inside = entry.get("children")
    for index, one in enumerate(inside[:MOST_CHILDREN] if isinstance(inside, list) else ()):
        yield ("children", index), one


def _attributes(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    said = entry.get("attributes")
    for one in said[:MOST_ATTRIBUTES] if isinstance(said, list) else ():
        if isinstance(one, dict) and _usable(one.get("id")):
            value = one.get("attribute")
            for part in value if isinstance(value, list) else [value]:
                if (text := _text(part)) is not None:
                    yield one["id"], text


def _text(value: Any) -> str | None:
    """Texts as they are, anything else in its canonical form; nothing for null."""
    if value is None or isinstance(value, str):
        return value
    try:
        return canonical(value).decode()
    except (ValueError, RecursionError):
        return None


def _usable(text: Any) -> TypeGuard[str]:
    return isinstance(text, str) and 0 < len(text) <= LONGEST and "\0" not in text


def _type(text: str, prefixes: Mapping[str, str]) -> str:
    """GS1's own types under one name."""
    full = absolute(text, prefixes)
    return _VTYPE + full.removeprefix(SPACES["epcis"]) if full.startswith(SPACES["epcis"]) else full


def _error(rule: str, path: Path, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer(path), message=message)
