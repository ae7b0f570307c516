"""Bytes of a document, JSON or XML, to the one JSON form that everything else looks at."""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from lodeline import strictjson
from lodeline.events.limits import Limits
from lodeline.events.xml_tree import XMLRefused, looks_like_xml
from lodeline.evidence import Finding, Severity, refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULTS = Limits()
_NUL = re.compile("\0")
_MARKUP = re.compile(r"<[A-Za-z!/?]|^=")
_MARKUP_IN_XML: Final = (b"&lt;", b"&#", b"<![CDATA[", b">=", b'"=', b"'=")
Path = tuple[str | int, ...]


def read(data: bytes, limits: Limits = DEFAULTS) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Parse the bytes of a document: the object or None, and findings. XML comes out in its JSON form."""
    if looks_like_xml(data):
        return _read_xml(data, limits)
    parse = partial(
        strictjson.loads,
        data,
        max_bytes=limits.max_bytes,
        max_depth=limits.max_depth,
        max_values=limits.max_values,
    )
    found: list[Finding] = []
    try:
        value = parse()
    except strictjson.StrictJSONError as error:
        twice = _named_twice(data) if error.rule == "json.duplicate-key" else {}
        if not twice:
            return None, [_json_finding(error)]
        try:
            value = parse(tolerated=twice.keys())
        except strictjson.StrictJSONError as other:
            return None, [_json_finding(other)]
        found += [
            Finding(
                rule="event.id-twice",
                severity=Severity.WARNING,
                pointer=strictjson.pointer(path),
                message="The event has a fingerprint (ni:) and a name as eventID; the name counts. Send one eventID.",
                got=fingerprint[:80],
            )
            for path, fingerprint in twice.items()
        ]
    if not isinstance(value, dict):
        return None, [*found, _error("document.type", (), "A document is a JSON object.")]
    if b"\\u0000" in data:
        found += [
            _error("text.nul", path, "U+0000 is no text. Take it out.")
            for path in islice(_texts(value, (), _NUL), 20)
        ]
    if b"<" in data or b'"=' in data or b"\\u003" in data:
        found += _markup(value)
    return (None if refuses(found) else value), found


def _read_xml(data: bytes, limits: Limits) -> tuple[dict[str, Any] | None, list[Finding]]:
    from lodeline.events.xml_read import document_of

    try:
        value = document_of(data, limits)
    except XMLRefused as refused:
        return None, [refused.finding]
    return value, _markup(value) if any(sign in data for sign in _MARKUP_IN_XML) else []


def _markup(value: Any) -> list[Finding]:
    return [
        Finding(
            rule="text.markup",
            severity=Severity.NOTE,
            pointer=strictjson.pointer(path),
            message="Looks like markup or a formula. It is kept as text and never run.",
        )
        for path in islice(_texts(value, (), _MARKUP), 20)
    ]


def _named_twice(data: bytes) -> dict[Path, str]:
    """The one repetition that is allowed: an event that carries first its fingerprint, then its name.

    GS1's own examples hold such an event. Anything else repeated gives an empty answer: refuse.
    """
    found: dict[Path, str] = {}
    for path, values in strictjson.repeats(data).items():
        last = path[-1:] == ("eventID",) and path[-3:-2] == ("eventList",)
        if (
            not last
            or len(values) != 2
            or values[0][:5] != b'"ni:/'
            or values[1][:4] in (b'"ni:', b"{", b"[")
        ):
            return {}
        found[path] = values[0].decode().strip('"')
    return found


def _texts(value: Any, path: Path, wanted: re.Pattern[str]) -> Iterator[Path]:
    """Where keys and texts hold what is wanted."""
    if isinstance(value, dict):
        for key, item in value.items():
            if wanted.search(key):
                yield (*path, key)
            yield from _texts(item, (*path, key), wanted)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index), wanted)
    elif isinstance(value, str) and wanted.search(value):
        yield path


def _json_finding(error: strictjson.StrictJSONError) -> Finding:
    message = f"{error} (byte {error.position})" if error.position else str(error)
    return Finding(rule=error.rule, severity=Severity.ERROR, pointer=error.pointer, message=message)


def _error(rule: str, path: Path, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=strictjson.pointer(path), message=message)
