"""What a credential speaks of: the identifiers in its subjects, as the log writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.credentials.kinds.terms import ENVELOPE, POINTS
from lodeline.identifiers import IdentifierError, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lodeline.strictjson import JSON

MOST: Final = 200
_VALUES: Final = frozenset({*POINTS, *ENVELOPE, "idScheme"})
"""Members that hold values, not things."""


def named(document: Mapping[str, JSON]) -> list[str]:
    """At most `MOST` identifiers, the subject's own first; what is no identifier of the log stays as it is."""
    found: dict[str, None] = {}
    for one in _ids(document.get("credentialSubject")):
        found[key(one)] = None
        if len(found) == MOST:
            break
    return list(found)


def key(identifier: str) -> str:
    """An identifier as the log writes it."""
    try:
        return normalise(identifier)
    except (IdentifierError, ValueError):
        return identifier


def _ids(value: JSON) -> Iterator[str]:
    if isinstance(value, dict):
        own = value.get("id")
        if isinstance(own, str) and 0 < len(own) <= 500 and "\x00" not in own:
            yield own
        for name, item in value.items():
            if name not in _VALUES:
                yield from _ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)
