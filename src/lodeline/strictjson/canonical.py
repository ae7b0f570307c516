"""Value to its one byte form (RFC 8785)."""

from __future__ import annotations

import marshal
import re
from typing import TYPE_CHECKING, Any, Final

import orjson
import rfc8785

if TYPE_CHECKING:
    from lodeline.strictjson.limits import JSON


def canonical(value: JSON) -> bytes:
    """The one byte form of `value`: RFC 8785 (JCS).

    Raises `ValueError` for what has none: NaN, infinities, integers beyond ±(2^53−1), lone surrogates, keys
    that are not strings, other types.
    """
    return canonical_and_same(value)[0]


def canonical_and_same(value: JSON, *, parsed: bool = False) -> tuple[bytes, bool]:
    """`canonical`, and whether it is known that reading these bytes gives `value` again, type by type.

    `parsed`: it is what `loads` gave, so its types need no look.
    """
    if type(value) is dict or type(value) is list:
        try:
            text = orjson.dumps(value, option=_OPTIONS)
        except orjson.JSONEncodeError:
            text = b""  # the slow way says why
        if text and not _odd_floats(text) and _in_order(text) and (parsed or _is_plain(value, text)):
            return text, True
    return _slowly(value), False


def canonical_with(value: dict[str, Any], path: tuple[str, ...], part: bytes) -> bytes:
    """The canonical form of `value` with, at the end of a path of member names, what has the canonical form `part`.

    `value` is our own: plain texts, integers, lists and objects with ASCII keys. It is not looked through.
    """
    return orjson.dumps(_with(value, path, orjson.Fragment(part)), option=_OPTIONS)


def _with(value: dict[str, Any], path: tuple[str, ...], part: orjson.Fragment) -> dict[str, Any]:
    name, rest = path[0], path[1:]
    return {**value, name: _with(value[name], rest, part) if rest else part}


def _slowly(value: JSON) -> bytes:
    plain = _plainness(value)
    if plain != _SLOW:
        try:
            return orjson.dumps(value if plain == _FAST else _without_whole_floats(value), option=_OPTIONS)
        except orjson.JSONEncodeError:
            pass
    _require_depth(value)
    return rfc8785.dumps(value)


_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SIGNS: Final = bytes.maketrans(b"23456789}]+", b"11111111,,-")
_OTHER_SIGNS: Final = bytes(set(range(256)) - set(b"0123456789.e+-,}]"))
_ODD_FLOAT: Final = re.compile(rb'(?:":|[\[,])-?[0-9]+(?:\.[0-9]+)?(?:e|(?<=\.0)[,\]}])')
_FOREIGN_KEY: Final = re.compile(rb'[\x80-\xff][^"]*":')
"""A byte outside ASCII and then the end of a key; a value that says the same takes the long way for nothing."""
_FAST, _WHOLE, _SLOW = 0, 1, 2
DEEPEST: Final = 250
"""Levels of nesting of a value that has a canonical form; the fast way ends there, too."""


def _in_order(text: bytes) -> bool:
    """Whether all keys are ASCII: those sort alike by code point and by UTF-16 unit."""
    return text.isascii() or _FOREIGN_KEY.search(text) is None


def _is_plain(value: JSON, text: bytes) -> bool:
    """Whether `text` says all of `value`: no NaN, which orjson writes as null, no enumeration, UUID or raw fragment."""
    if b"null" in text:
        return bool(orjson.loads(text) == value)
    try:
        marshal.dumps(value)  # knows the plain types and no other; only that it can counts
    except ValueError:
        return False
    return True


def _require_depth(value: JSON) -> None:
    """Refuse here, and not where the interpreter's own limit happens to stand: the library goes down by calls."""
    level = [value]
    for _ in range(DEEPEST):
        below: list[JSON] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list | tuple):
                below += item
        if not below:
            return
        level = below
    raise ValueError("nested too deep for canonical JSON")


def _odd_floats(text: bytes) -> bool:
    """Whether compact JSON may hold a whole double (`1.0`) or one with an exponent."""
    for left_out in (_OTHER_SIGNS, b""):  # from the quickest look to the surest
        signs = text.translate(_SIGNS, left_out)
        if b".0," not in signs and b"0e-" not in signs and b"1e-" not in signs:
            return False
    return _ODD_FLOAT.search(text) is not None


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
