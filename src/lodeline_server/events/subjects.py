"""Whom a statement or an event is about, when it is about a person: its member `dataSubject` says so.

The member holds a name, or a list of names, that the capturing party has chosen: best a number of its own that means
nothing elsewhere. In events it stands under a prefix, as all words do that EPCIS does not define. What bears it is
sealed under a key of that person; the document it came in, under a key that goes with any of its persons' keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.events.epcis import events_of
from lodeline.events.statements import DOCUMENT_TYPE
from lodeline.evidence import Finding, Severity
from lodeline_server.log import vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MEMBER = "dataSubject"
LONGEST, MOST = 200, 50


def named(raw: Mapping[str, Any]) -> set[str]:
    """The persons an event or a statement names, as far as the member has the right form."""
    if not any(name.endswith(MEMBER) for name in raw):
        return set()
    return {name for value in _values(raw) for name in _listed(value) if fits(name)}


def perhaps(data: bytes) -> bool:
    """Whether a document's bytes could name a person: the member's name, or an escape that could spell it."""
    return MEMBER.encode() in data or b"\\u" in data


def in_document(document: Mapping[str, Any]) -> set[str]:
    """The persons that the events or statements of a document name."""
    return {name for raw in _items(document) for name in named(raw)}


def fits(name: Any) -> bool:
    """1 to 200 printable characters on one line, no blanks around."""
    return isinstance(name, str) and 0 < len(name) <= LONGEST and name.isprintable() and name == name.strip()


def findings(workspace: int, raws: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[Finding]:
    """What keeps a document out: a member of another form, a person whose data was erased. Names are not quoted."""
    found = [
        _finding(
            "subject.form", place, "'dataSubject' is a name of 1 to 200 characters, or a list of up to 50."
        )
        for raw, place in zip(raws, places, strict=True)
        if any(not _good(value) for value in _values(raw))
    ]
    names = {name for raw in raws for name in named(raw)}
    row = vault.newest_tenant(workspace) if names else None
    if row is None:
        return found
    gone = vault.erased(vault.opened(row), names)
    return found + [
        _finding("subject.erased", place, "This person's data was erased; nothing new is taken about them.")
        for raw, place in zip(raws, places, strict=True)
        if gone & named(raw)
    ]


def lines(names: Iterable[str]) -> str:
    """Names as the log takes them: one a line."""
    return "\n".join(sorted(names))


def _good(value: Any) -> bool:
    listed = list(_listed(value))
    return 0 < len(listed) <= MOST and all(fits(one) for one in listed)


def _values(raw: Mapping[str, Any]) -> Iterator[Any]:
    for name in raw:
        if name.endswith(MEMBER) and (name == MEMBER or name[-len(MEMBER) - 1] in ":/#"):
            yield raw[name]


def _listed(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value]


def _items(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = document.get("statements") if document.get("type") == DOCUMENT_TYPE else events_of(document)
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))


def _finding(rule: str, place: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=place, message=message)
