"""JSON Pointers (RFC 6901) into a document, as the paths that selective disclosure works with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lodeline.credentials.sdjwt import Path
    from lodeline.strictjson import JSON

MAX_POINTERS: Final = 1000
_ALWAYS: Final = frozenset({"id", "type", "@context"})
_PLACE: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE: Final = re.compile(r"~(?![01])")


def paths(given: JSON, document: Mapping[str, JSON], what: str) -> list[Path]:
    """The places in `document` that a list of pointers names. Refused when one names nothing."""
    if not isinstance(given, list) or len(given) > MAX_POINTERS:
        raise CredentialRefused("structure", f"{what} is a list of at most {MAX_POINTERS} JSON Pointers")
    return [path(one, document, what) for one in given]


def path(pointer: JSON, document: JSON, what: str) -> Path:
    """The place that one pointer names."""
    if not isinstance(pointer, str) or pointer[:1] not in ("/", "") or _ESCAPE.search(pointer):
        raise CredentialRefused("structure", f"{what}: {str(pointer)[:80]!r} is no JSON Pointer")
    found: list[str | int] = []
    here = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and name in here:
            here = here[name]
            found.append(name)
        elif isinstance(here, list) and _PLACE.fullmatch(name) and int(name) < len(here):
            here = here[int(name)]
            found.append(int(name))
        else:
            raise CredentialRefused("structure", f"{what}: there is nothing at {pointer[:80]!r}")
    return tuple(found)


def members(document: Mapping[str, JSON]) -> list[Path]:
    """What an issuer hides when nobody says what: each member of each subject but who and what the subject is."""
    subject = document.get("credentialSubject")
    found: list[Path] = []
    for place, one in enumerate(subject) if isinstance(subject, list) else ((None, subject),):
        start: Path = ("credentialSubject",) if place is None else ("credentialSubject", place)
        if isinstance(one, dict):
            found += [(*start, name) for name in one if name not in _ALWAYS]
    return found


def hidden(document: Mapping[str, JSON], mandatory: Collection[Path]) -> list[Path]:
    """`members` without those that must be shown, or that hold something that must be."""
    return [one for one in members(document) if not any(must[: len(one)] == one for must in mandatory)]
