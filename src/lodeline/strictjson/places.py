"""Where in the bytes something stands. Slow walks over tokens: only on the way to an error message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson

from lodeline.strictjson.limits import EXPONENTS, MAX_INTEGER, MAX_NUMBER, Path, StrictJSONError, pointer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# A token and the comma or colon behind it. Possessive, and an open string runs to the end: no backtracking.
_TOKEN: Final = re.compile(
    rb"""("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]]|[^\s{}\[\],:"]++)\s*+([,:]?)""", re.DOTALL
)
_INTEGER: Final = re.compile(rb"-?[0-9]{16,100}")
OPEN: Final = (b"{", b"[")
_CLOSE: Final = (b"}", b"]")


def explain(data: bytes, error: orjson.JSONDecodeError) -> StrictJSONError:
    """Name the rule that a syntax error breaks, where it is one of the known traps."""
    text = error.msg
    at = len(error.doc[: error.pos].encode()) if error.doc else error.pos
    if "after document" in text:
        return StrictJSONError("json.trailing", "Something follows the JSON value. Send one value.", at)
    if "end of data" in text or at >= len(data):
        return StrictJSONError("json.truncated", "It ends in the middle of a value. Send all of it.", at)
    if data[at : at + 9].lstrip(b"+-").lower().startswith((b"nan", b"inf")):
        rule, message = "json.not-a-number", "NaN and Infinity are not JSON. Leave the field out."
    elif "infinity" in text:
        rule, message = "json.number-range", "A number too large for a double. Send it as a string."
    elif "surrogate" in text:
        rule, message = (
            "json.surrogate",
            "Half of a surrogate pair in a string; it is no character. Remove it.",
        )
    else:
        rule, message = "json.syntax", f"Not JSON: {text.split(': line')[0]}."
    path: Path = ()
    for start, found, _token, _key in walk(data):
        if start > at:
            break
        path = found
    return StrictJSONError(rule, message, at, pointer(path))


def repeats(data: bytes) -> dict[Path, list[bytes]]:
    """Members that stand more than once in their object: path to the raw values, in order. Slow."""
    found: dict[Path, list[bytes]] = {}
    open_objects: list[dict[str | int, bytes]] = []
    waiting: Path | None = None
    for _at, path, token, key in walk(data):
        if key:
            waiting = path
            continue
        if waiting == path and waiting:
            members = open_objects[len(path) - 1]
            if path[-1] in members:
                found.setdefault(path, [members[path[-1]]]).append(token)
            else:
                members[path[-1]] = token
        waiting = None
        if token in OPEN:
            del open_objects[len(path) :]
            open_objects.append({})
    return found


def refuse_ambiguous(data: bytes, tolerated: Collection[Path]) -> None:
    """Raise for the first duplicate key, too large integer or too long number."""
    open_objects: list[set[str | int]] = []
    for at, path, token, key in walk(data):
        if key:
            keys = open_objects[len(path) - 1]
            if path[-1] in keys and path not in tolerated:
                message = f"The key {str(path[-1])[:60]!r} stands twice in one object. Keep one."
                raise StrictJSONError("json.duplicate-key", message, at, pointer(path))
            keys.add(path[-1])
        elif token in OPEN:
            del open_objects[len(path) :]
            open_objects.append(set())
        elif len(token) > MAX_NUMBER and token[:1] != b'"':
            message = f"A number of {len(token)} characters. At most {MAX_NUMBER}."
            raise StrictJSONError("json.number-length", message, at, pointer(path))
        elif (_INTEGER.fullmatch(token) and abs(int(token)) > MAX_INTEGER) or _long_whole(token):
            message = "A whole number beyond ±(2^53−1), which readers round. Send it as a string."
            raise StrictJSONError("json.integer-range", message, at, pointer(path))


def _long_whole(token: bytes) -> bool:
    return token[:1] in b"-0123456789" and MAX_INTEGER < abs(float(token)) < EXPONENTS


def walk(data: bytes) -> Iterator[tuple[int, Path, bytes, bool]]:
    """(position, path, token, is a key) of every key, scalar and opening bracket. Slow: for errors only.

    The path of a key is that of its member. Wrong grammar ends the walk or gives odd paths, never an error.
    """
    path: list[str | int] = []
    for match in _TOKEN.finditer(data):
        token, follow = match.groups()
        if token in OPEN:
            yield match.start(), tuple(path), token, False
            path.append(0 if token == b"[" else "")
            continue
        if token in _CLOSE:
            if not path:
                return
            path.pop()
        elif follow == b":" and path:
            try:
                path[-1] = orjson.loads(token)
            except orjson.JSONDecodeError:
                return
            yield match.start(), tuple(path), token, True
            continue
        else:
            yield match.start(), tuple(path), token, False
        if follow == b"," and path and isinstance(path[-1], int):
            path[-1] += 1
