"""Bytes to value, or a refusal."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import orjson

from lodeline.strictjson.limits import (
    EXPONENTS,
    JSON,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_NUMBER,
    MAX_VALUES,
    Path,
    StrictJSONError,
    pointer,
)
from lodeline.strictjson.places import OPEN, explain, refuse_ambiguous, walk

if TYPE_CHECKING:
    from collections.abc import Collection

_CHUNK: Final = 256 * 1024
_SHORT: Final = 64 * 1024 if orjson.dumps([1e16, 9007199254740993.0]) == b"[1e+16,9007199254740992.0]" else 0
"""Up to here one may look at the value first: what it can cost is small. `_unmistakable` rests on that spelling."""
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_STEPS: Final = bytes.maketrans(b"[]", b"\x01\xff")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_SIXTEEN: Final = b"0" * 16
# Integers of 16 digits and more, and runs longer than a number may be.
_SUSPECT: Final = re.compile(rb"(?<![0-9.eE+])[0-9]{16,}(?![0-9.eE])|[0-9.eE+-]{101}")


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
    if len(data) <= min(_SHORT, max_values - 1) and (value := _unmistakable(data, max_depth)) is not None:
        return value
    _encoding(data)
    outside = _outside_strings(data, max_values)
    _limits(data, outside, max_depth, max_values)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise explain(data, error) from None
    if _ambiguous(value, outside):
        refuse_ambiguous(data, tolerated)
    return value


def _unmistakable(data: bytes, max_depth: int) -> JSON:
    """The object or array that `data` is the compact spelling of, as most of what is signed is; None for all else.

    What comes back byte for byte has no member twice, no escapes with two spellings, no integer beyond 2^53-1
    (`OPT_STRICT_INTEGER`) and no odd digits. Doubles of 2^53 and more are left to the long way: those end with `.0` or
    have an exponent.
    """
    try:
        value = orjson.loads(data)
        text = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if text != data or type(value) not in (dict, list):
        return None
    if (b"+" in data and b"e+" in data) or _SIXTEEN + b".0" in data.translate(_DIGITS):
        return None
    if len(data) > max_depth:
        # Line breaks within strings are escaped: so many blanks stand before what is that deep, and nowhere else.
        lines = orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER | orjson.OPT_INDENT_2)
        if b"\n" + b"  " * max_depth in lines:
            return None
    return value


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
            found = (step for step in walk(data) if len(step[1]) >= max_depth and step[2] in OPEN)
            at, path, _, _ = next(found, (0, (), b"", False))
            raise StrictJSONError(
                "json.too-deep", f"Nested deeper than {max_depth} levels. Flatten it.", at, pointer(path)
            )
        depth = levels[-1]
    if outside.count(b",") + brackets.count(b"[") >= max_values:
        raise _too_many(max_values)


def _too_many(max_values: int) -> StrictJSONError:
    return StrictJSONError("json.too-many-values", f"More than {max_values} values. Split the document.")


def _ambiguous(value: JSON, outside: bytes) -> bool:
    """Whether a member may stand twice or a number may be too large or too long; the long way finds which."""
    digits = outside.translate(_DIGITS)
    long = _SIXTEEN in digits
    compact = orjson.dumps(value)
    if b"\\" in compact or long or b"0e" in digits or b"0E" in digits:
        members, long_whole = _members(value)
    else:
        members, long_whole = compact.count(b'":'), False  # no escapes: each ends a key
    if outside.count(b":") != members or long_whole:
        return True
    return long and any(len(run) > MAX_NUMBER or int(run) > MAX_INTEGER for run in _SUSPECT.findall(outside))


def _members(value: JSON) -> tuple[int, bool]:
    """How many object members `value` holds, at all levels, and whether a double is a long whole number.

    From 2^53 to 10^21 doubles are whole and canonical JSON writes them as integers, which cannot be read back.
    """
    total = 0
    long_whole = False
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
        elif kind is float and MAX_INTEGER < abs(item) < EXPONENTS:
            long_whole = True
    return total, long_whole
