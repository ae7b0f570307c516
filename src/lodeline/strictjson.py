"""The one parser for anything that is hashed, signed or logged, and canonical bytes (RFC 8785, JCS).

RFC 8259 leaves open what a parser does with duplicate keys, byte order marks, huge integers or lone
surrogates; two readers may then see two documents in the same bytes. This parser refuses all of them and
never repairs. Limits on size, nesting and number of values are checked on the bytes, before any object is
built, so time and memory are bounded by the input's size.

`orjson` does the parsing. It keeps the last of two equal keys and turns integers beyond 64 bits into
doubles; both are found by comparing the parsed value with a count over the bytes outside strings.
"""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import rfc8785

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

JSON: TypeAlias = Any
"""What a JSON text can hold: dict, list, str, int, float, bool, None."""
Path: TypeAlias = "tuple[str | int, ...]"

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 1_500_000
MAX_NUMBER: Final = 100
"""Most characters of one number."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8259 section 6, RFC 8785 section 3.1)."""

_CHUNK: Final = 256 * 1024
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_STEPS: Final = bytes.maketrans(b"[]", b"\x01\xff")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_SIXTEEN: Final = b"0" * 16
# Integers of 16 digits and more, and runs longer than a number may be.
_SUSPECT: Final = re.compile(rb"(?<![0-9.eE+])[0-9]{16,}(?![0-9.eE])|[0-9.eE+-]{101}")
# A token and the comma or colon behind it. Possessive, and an open string runs to the end: no backtracking.
_TOKEN: Final = re.compile(
    rb"""("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]]|[^\s{}\[\],:"]++)\s*+([,:]?)""", re.DOTALL
)
_INTEGER: Final = re.compile(rb"-?[0-9]{16,100}")
_OPEN: Final = (b"{", b"[")
_CLOSE: Final = (b"}", b"]")


class StrictJSONError(ValueError):
    """The bytes are not acceptable JSON.

    `rule` is a stable code, `position` the byte offset, `pointer` the JSON pointer of the value at fault
    ("" when it is the whole text or not known).
    """

    def __init__(self, rule: str, message: str, position: int = 0, pointer: str = "") -> None:
        super().__init__(message)
        self.rule, self.position, self.pointer = rule, position, pointer


def loads(
    data: bytes,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_values: int = MAX_VALUES,
    tolerated: Collection[Path] = (),
) -> JSON:
    """Parse UTF-8 `data` holding exactly one JSON value.

    Raises `StrictJSONError` for anything two readers could read differently (byte order mark, duplicate
    keys, NaN, integers outside ±(2^53−1), numbers beyond a double, lone surrogates) and beyond the limits.
    `tolerated` names members that may stand twice; the last one counts. Only for a caller with a named rule.
    """
    if len(data) > max_bytes:
        raise StrictJSONError(
            "json.too-large", f"{len(data)} bytes; the limit is {max_bytes}. Split the document.", max_bytes
        )
    _encoding(data)
    outside = _outside_strings(data, max_values)
    _limits(data, outside, max_depth, max_values)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _explain(data, error) from None
    if outside.count(b":") != _members(value) or _suspect(outside):
        _refuse_ambiguous(data, tolerated)
    return value


def pointer(path: Sequence[str | int]) -> str:
    """JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _encoding(data: bytes) -> None:
    if data[:3] == b"\xef\xbb\xbf":
        raise StrictJSONError(
            "json.byte-order-mark", "Starts with a byte order mark. Save as UTF-8 without it."
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:4]:
        raise StrictJSONError("json.encoding", "This is UTF-16 or UTF-32. Send UTF-8.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJSONError(
            "json.encoding", f"Byte {data[error.start]:#04x} is not UTF-8. Send UTF-8.", error.start
        ) from None
    if not data.strip():
        raise StrictJSONError("json.empty", "There is nothing in it. Send one JSON document.")


def _outside_strings(data: bytes, max_values: int) -> bytes:
    """The bytes outside string literals, made chunk by chunk to keep memory low."""
    if data.count(b'"') > 4 * max_values + 2:
        raise _too_many(max_values)
    if b"\\" in data:
        # Escapes come in pairs from the left, so removing them in this order leaves only real quotes.
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    kept: list[bytes] = []
    inside = 0
    for start in range(0, len(data), _CHUNK):
        parts = data[start : start + _CHUNK].split(b'"')
        kept.append(b"".join(parts[inside::2]))
        inside = (inside + len(parts) - 1) % 2
    return b"".join(kept)


def _limits(data: bytes, outside: bytes, max_depth: int, max_values: int) -> None:
    brackets = outside.translate(_BRACKETS, _NOT_BRACKETS)
    depth = 0
    for start in range(0, len(brackets), _CHUNK):
        steps = array("b", brackets[start : start + _CHUNK].translate(_STEPS))
        levels = list(accumulate(steps, initial=depth))
        if max(levels) > max_depth:
            found = (step for step in _walk(data) if len(step[1]) >= max_depth and step[2] in _OPEN)
            at, path, _, _ = next(found, (0, (), b"", False))
            raise StrictJSONError(
                "json.too-deep", f"Nested deeper than {max_depth} levels. Flatten it.", at, pointer(path)
            )
        depth = levels[-1]
    if outside.count(b",") + brackets.count(b"[") >= max_values:
        raise _too_many(max_values)


def _too_many(max_values: int) -> StrictJSONError:
    return StrictJSONError("json.too-many-values", f"More than {max_values} values. Split the document.")


def _suspect(outside: bytes) -> bool:
    """Whether a number may be too large or too long; the long way finds which."""
    if _SIXTEEN not in outside.translate(_DIGITS):
        return False
    return any(len(run) > MAX_NUMBER or int(run) > MAX_INTEGER for run in _SUSPECT.findall(outside))


def _members(value: JSON) -> int:
    """How many object members `value` holds, at all levels."""
    total = 0
    rest = [value]
    take, put = rest.pop, rest.extend
    while rest:
        item = take()
        kind = type(item)
        if kind is dict:
            total += len(item)
            put(item.values())
        elif kind is list:
            put(item)
    return total


def _explain(data: bytes, error: orjson.JSONDecodeError) -> StrictJSONError:
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
    for start, found, _token, _key in _walk(data):
        if start > at:
            break
        path = found
    return StrictJSONError(rule, message, at, pointer(path))


def repeats(data: bytes) -> dict[Path, list[bytes]]:
    """Members that stand more than once in their object: path to the raw values, in order. Slow."""
    found: dict[Path, list[bytes]] = {}
    open_objects: list[dict[str | int, bytes]] = []
    waiting: Path | None = None
    for _at, path, token, key in _walk(data):
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
        if token in _OPEN:
            del open_objects[len(path) :]
            open_objects.append({})
    return found


def _refuse_ambiguous(data: bytes, tolerated: Collection[Path]) -> None:
    """Raise for the first duplicate key, too large integer or too long number."""
    open_objects: list[set[str | int]] = []
    for at, path, token, key in _walk(data):
        if key:
            keys = open_objects[len(path) - 1]
            if path[-1] in keys and path not in tolerated:
                message = f"The key {str(path[-1])[:60]!r} stands twice in one object. Keep one."
                raise StrictJSONError("json.duplicate-key", message, at, pointer(path))
            keys.add(path[-1])
        elif token in _OPEN:
            del open_objects[len(path) :]
            open_objects.append(set())
        elif len(token) > MAX_NUMBER and token[:1] != b'"':
            message = f"A number of {len(token)} characters. At most {MAX_NUMBER}."
            raise StrictJSONError("json.number-length", message, at, pointer(path))
        elif _INTEGER.fullmatch(token) and abs(int(token)) > MAX_INTEGER:
            message = "An integer beyond ±(2^53−1), which readers round. Send it as a string."
            raise StrictJSONError("json.integer-range", message, at, pointer(path))


def _walk(data: bytes) -> Iterator[tuple[int, Path, bytes, bool]]:
    """(position, path, token, is a key) of every key, scalar and opening bracket. Slow: for errors only.

    The path of a key is that of its member. Wrong grammar ends the walk or gives odd paths, never an error.
    """
    path: list[str | int] = []
    for match in _TOKEN.finditer(data):
        token, follow = match.groups()
        if token in _OPEN:
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


def canonical(value: JSON) -> bytes:
    """The one byte form of `value`: RFC 8785 (JCS).

    Raises `ValueError` for what has none: NaN, infinities, integers beyond ±(2^53−1), lone surrogates, keys
    that are not strings, other types. (Doubles from 2^53 to 10^21 come out as long integers, as JCS asks;
    `loads` refuses such literals as input.)
    """
    plain = _plainness(value)
    if plain != _SLOW:
        try:
            return orjson.dumps(value if plain == _FAST else _without_whole_floats(value), option=_OPTIONS)
        except orjson.JSONEncodeError:
            pass  # the slow way says why
    try:
        return rfc8785.dumps(value)
    except RecursionError:
        raise ValueError("nested too deep for canonical JSON") from None


_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_FAST, _WHOLE, _SLOW = 0, 1, 2


def _plainness(value: JSON) -> int:
    """Whether orjson writes `value` as JCS asks: ASCII keys, plain types, no float it spells otherwise.

    ASCII keys sort alike by code point and by UTF-16 unit. Both write the shortest digits of a double and
    differ in layout only: for whole numbers (`1.0` against `1`) and for exponents.
    """
    found = _FAST
    rest = [value]
    take, put = rest.pop, rest.extend
    while rest:
        item = take()
        kind = type(item)
        if kind is str:
            continue
        if kind is dict:
            for key in item:
                if type(key) is not str or not key.isascii():
                    return _SLOW
            put(item.values())
        elif kind is list:
            put(item)
        elif kind is float:
            if not 1e-4 <= abs(item) < 1e15 and item != 0:
                return _SLOW
            if item.is_integer():
                found = _WHOLE
        elif kind is not int and kind is not bool and item is not None:
            return _SLOW
    return found


def _without_whole_floats(value: JSON) -> JSON:
    kind = type(value)
    if kind is dict:
        return {key: _without_whole_floats(item) for key, item in value.items()}
    if kind is list:
        return [_without_whole_floats(item) for item in value]
    return int(value) if kind is float and value.is_integer() else value
