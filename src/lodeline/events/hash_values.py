"""Single values in the form the event hash takes: numbers, identifiers, words, names of own fields."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from lodeline.events.hash_words import MASTER_DATA, URNS
from lodeline.identifiers import IdentifierError, normalise

_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?"
)
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]*")


class Spaces(dict[str, str]):
    """What prefixes stand for in one document, and what was made of its names and texts so far."""

    def __init__(self, known: dict[str, str]) -> None:
        super().__init__(known)
        self.names: dict[str, str] = {}
        self.texts: dict[str, str] = {}


def uri(text: Any, spaces: Spaces) -> str:
    """An identifier or term: prefix expanded, standard words as web URIs, GS1 keys as canonical Digital Links."""
    if not isinstance(text, str):
        return plain(text, spaces)
    if text.startswith("https://id.gs1.org/"):
        return _linked(text)
    if text.startswith(("http", "urn:")):
        return _link(text)
    prefix, colon, rest = text.strip().partition(":")
    if colon and prefix in spaces:
        return _link(spaces[prefix] + rest)
    return _link(text)


def _linked(text: str) -> str:
    try:
        return normalise(text)
    except IdentifierError:
        return _link(text)


@lru_cache(maxsize=65_536)
def _link(text: str) -> str:
    text = text.strip()
    if text.startswith("urn:epcglobal:cbv:"):
        for start, full in URNS.items():
            if text.startswith(start):
                return full + text[len(start) :]
        return text
    try:
        return normalise(text)
    except IdentifierError:
        return text


def plain(value: Any, spaces: Spaces) -> str:
    """The value of a field of the sender's own. Text that is a number is one: XML does not tell them apart."""
    if isinstance(value, str):
        found = spaces.texts.get(value)
        if found is None:
            text = value.strip()
            found = spaces.texts[value] = _digits(text) if _NUMBER.fullmatch(text) else uri(text, spaces)
        return found
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value)


def number(value: Any) -> str:
    """A number without exponent, sign of plus, leading or trailing zeros; exact."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text[:-2] if text.endswith(".0") and text != "-0.0" else _short(text)
    text = str(value).strip()
    return _digits(text) if _NUMBER.fullmatch(text) else text


def _short(text: str) -> str:
    return _digits(text) if "e" in text or text == "-0.0" else text


def _digits(text: str) -> str:
    if _WHOLE.fullmatch(text):
        return text
    found = format(Decimal(text), "f")
    if "." in found:
        found = found.rstrip("0").rstrip(".")
    sign, digits = ("-", found[1:]) if found.startswith("-") else ("", found)
    digits = digits.lstrip("0") or "0"
    digits = f"0{digits}" if digits.startswith(".") else digits
    return digits if digits == "0" else sign + digits


def full_name(key: str, spaces: Spaces) -> str:
    """`{namespace}name` of a field of the sender's own; a prefix nobody defined stays."""
    found = spaces.names.get(key)
    if found is None:
        found = spaces.names[key] = _full_name(key, spaces)
    return found


def _full_name(key: str, spaces: dict[str, str]) -> str:
    prefix, colon, local = key.partition(":")
    if not colon:
        return key
    space = spaces.get(prefix)
    if space is None:
        if not local.startswith("//"):
            return _own_urn(key)
        at = max(key.rfind("/"), key.rfind("#")) + 1
        return f"{{{key[:at]}}}{key[at:]}" if at < len(key) else key
    return f"{{{MASTER_DATA if space == MASTER_DATA + ':' else space}}}{local}"


def _own_urn(key: str) -> str:
    """A field named by a whole URN: what stands before its last colon is the namespace."""
    if not key.startswith("urn:"):
        return key
    at = key.rfind(":") + 1
    return f"{{{key[:at]}}}{key[at:]}"
