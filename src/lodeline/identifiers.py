"""Identifiers of things, places and parties: one key for one thing, however it is spelled.

An EPC may arrive as a URN (`urn:epc:id:sgtin:…`), as a GS1 Digital Link on any domain, or with other
escapes. `normalise` gives the canonical key: a GS1 Digital Link at https://id.gs1.org with the finest key
only; identifiers outside the GS1 system stay as they are. Sources: GS1 Tag Data Standard 1.13 section 6,
GS1 Digital Link URI Syntax 1.2, GS1 General Specifications section 7.9 (check digits).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import category, is_normalized
from urllib.parse import quote, unquote, urlsplit

from attrs import frozen

DOMAIN: Final = "https://id.gs1.org"
MAX_LENGTH: Final = 500

_X: Final = r"[!-~]"
# Application identifiers: the form of the value, and where its check digit ends (0: it has none).
_VALUES: Final[dict[str, tuple[re.Pattern[str], int]]] = {
    ai: (re.compile(form), check)
    for ai, form, check in (
        ("00", r"[0-9]{18}", 18),
        ("01", r"[0-9]{14}", 14),
        ("253", r"[0-9]{13}" + _X + "{0,17}", 13),
        ("255", r"[0-9]{13,25}", 13),
        ("401", _X + "{1,30}", 0),
        ("402", r"[0-9]{17}", 17),
        ("414", r"[0-9]{13}", 13),
        ("417", r"[0-9]{13}", 13),
        ("8003", r"0[0-9]{13}" + _X + "{0,16}", 14),
        ("8004", _X + "{1,30}", 0),
        ("8006", r"[0-9]{18}", 14),
        ("8010", _X + "{1,30}", 0),
        ("8013", _X + "{1,25}", 0),
        ("8017", r"[0-9]{18}", 18),
        ("8018", r"[0-9]{18}", 18),
        ("10", _X + "{1,20}", 0),
        ("21", _X + "{1,20}", 0),
        ("22", _X + "{1,20}", 0),
        ("235", _X + "{1,28}", 0),
        ("254", _X + "{1,20}", 0),
        ("8011", r"[1-9][0-9]{0,11}", 0),
        ("8019", r"[0-9]{1,10}", 0),
    )
}
# Primary keys and their qualifiers, in the order of the standard. The first one kept (from the left) wins.
_QUALIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "00": (), "01": ("22", "10", "21", "235"), "253": (), "255": (), "401": (), "402": (), "414": ("254",),
    "417": (), "8003": (), "8004": (), "8006": ("22", "10", "21"), "8010": ("8011",), "8013": (),
    "8017": ("8019",), "8018": ("8019",),
}  # fmt: skip
_FINEST: Final[dict[str, tuple[str, ...]]] = {
    "01": ("21", "10", "235"), "8006": ("21", "10"), "414": ("254",), "8010": ("8011",)
}  # fmt: skip
_PADDED: Final = (8, 12, 13)
"""Lengths of shorter GTINs; in a Digital Link all have 14 digits."""

_PLAIN: Final = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]{1,500}")
_BAD: Final = frozenset('"<>\\^`{|}')
_DOTS: Final = re.compile(r"(?:^|[/:?#])\.{1,2}(?:[/?#]|$)")
_CANONICAL: Final = re.compile(
    r"https://id\.gs1\.org/(?:01/([0-9]{14})(?:/(?:10|21)/[A-Za-z0-9._~-]{1,20})?|(?:414|417)/([0-9]{13})|00/([0-9]{18}))"
)
_URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.IGNORECASE)
_HOST: Final = "id.gs1.org"
_PREFIXED: Final = re.compile(r"[0-9]{6}")
_SCHEMES: Final = frozenset(
    (
        "sgtin",
        "lgtin",
        "upui",
        "itip",
        "cpi",
        "grai",
        "gdti",
        "sgcn",
        "sgln",
        "sscc",
        "pgln",
        "gsin",
        "gsrn",
        "gsrnp",
        "giai",
        "ginc",
    )
)
_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLAIN_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ITEM: Final = re.compile(
    r"https://id\.gs1\.org/(?:01/[0-9]{14}/(?:21|235)/.+|00/.+|8003/[0-9]{14}.+|8004/.+|8006/[0-9]{18}/21/.+|8010/[^/]+/8011/.+)"
    r"|urn:uuid:.+|urn:epc:id:(?:gid|adi|bic|usdod):.+"
)


class IdentifierError(ValueError):
    """Not usable as an identifier."""


@frozen(kw_only=True)
class DigitalLink:
    """A parsed GS1 Digital Link: the AI of the primary key, and AI to value of it and its qualifiers."""

    primary: str
    keys: dict[str, str]

    @property
    def uri(self) -> str:
        """The canonical form at https://id.gs1.org, finest key only."""
        kept = next((ai for ai in _FINEST.get(self.primary, ()) if ai in self.keys), None)
        parts = [self.primary] if kept is None else [self.primary, kept]
        return DOMAIN + "".join(f"/{ai}/{quote(self.keys[ai], safe='')}" for ai in parts)


@lru_cache(maxsize=8192)
def check_digit(body: str) -> str:
    """The GS1 check digit (modulo 10, weights 3 and 1 from the right) for the digits before it."""
    back = body[::-1]
    return str(-(3 * sum(map(int, back[::2])) + sum(map(int, back[1::2]))) % 10)


def gtin_valid(gtin: str) -> bool:
    """8, 12, 13 or 14 digits with a right check digit."""
    return (
        len(gtin) in (*_PADDED, 14)
        and gtin.isascii()
        and gtin.isdigit()
        and check_digit(gtin[:-1]) == gtin[-1]
    )


def parse_digital_link(path: str) -> DigitalLink:
    """Parse the path of a Digital Link (`/01/09521…/21/A1`, still percent-encoded).

    Raises `IdentifierError`: unknown primary key, qualifier out of order, wrong form or check digit.
    """
    steps = path.split("/")[1:]
    if path[:1] != "/" or len(steps) < 2 or len(steps) % 2 or steps[0] not in _QUALIFIERS:
        raise IdentifierError(
            "not a GS1 Digital Link: /AI/value pairs are needed, beginning with a primary key"
        )
    primary, keys = steps[0], {}
    order = (primary, *_QUALIFIERS[primary])
    at = -1
    for ai, escaped in zip(steps[::2], steps[1::2], strict=True):
        value = _unescape(escaped)
        if ai not in order or order.index(ai) <= at:
            raise IdentifierError(f"({ai}) does not belong behind ({primary}) here")
        at = order.index(ai)
        if ai == "01" and len(value) in _PADDED:
            value = value.rjust(14, "0")
        form, check = _VALUES[ai]
        if not form.fullmatch(value):
            raise IdentifierError(f"the value of ({ai}) has the wrong form")
        if check and check_digit(value[: check - 1]) != value[check - 1]:
            raise IdentifierError(f"the check digit of ({ai}) {value[:check]} is wrong")
        keys[ai] = value
    return DigitalLink(primary=primary, keys=keys)


def refuse_hostile(uri: str) -> None:
    """Raise `IdentifierError` for what must never be an identifier, escaped or not.

    Control characters, spaces, quotes, angle brackets, backslashes, dot segments, text that is not in
    Unicode form NFC, more than 500 characters.
    """
    if not uri:
        raise IdentifierError("an identifier is empty")
    if len(uri) > MAX_LENGTH:
        raise IdentifierError(f"an identifier has {len(uri)} characters; at most {MAX_LENGTH}")
    if not _PLAIN.fullmatch(uri):
        _refuse_characters(uri, escaped=False)
    plain = uri
    if "%" in uri:
        plain = _unescape(uri)
        _refuse_characters(plain, escaped=True)
    if "." in plain and _DOTS.search(plain):
        raise IdentifierError("an identifier holds a dot segment ('.' or '..')")


def _refuse_characters(text: str, *, escaped: bool) -> None:
    for character in text:
        kind = category(character)
        if kind[0] in "CZ" or (character in _BAD and not escaped):
            raise IdentifierError(f"an identifier holds {character!a}, which may not stand in one")
    if not is_normalized("NFC", text):
        raise IdentifierError("an identifier is not in Unicode form NFC; it would have a twin")


def _unescape(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise IdentifierError("an identifier's percent escapes are not UTF-8") from None


def normalise(uri: str) -> str:
    """The one canonical key of an EPC, class, place, party or other identifier.

    GS1 keys become a Digital Link at https://id.gs1.org; UUID URNs become lower case; anything else, GS1
    keys of wrong form or check digit included, stays as it is. Raises `IdentifierError` for what
    `refuse_hostile` refuses.
    """
    return uri if _CANONICAL.fullmatch(uri) or _PLAIN_UUID.fullmatch(uri) else _normalised(uri)


@lru_cache(maxsize=32_768)
def _normalised(uri: str) -> str:
    """The long way, for what is not plainly canonical."""
    refuse_hostile(uri)
    if uri[:4].lower() == "urn:":
        return _from_urn(uri)
    if uri[:8].lower().startswith(("http://", "https://")):
        return _from_link(uri)
    return uri


def _from_link(uri: str) -> str:
    try:
        split = urlsplit(uri)
    except ValueError:  # brackets that hold no address
        return uri
    steps = split.path.split("/")
    for at in range(len(steps) - 2, 0, -2):
        if steps[at] in _QUALIFIERS:
            try:
                link = parse_digital_link("/" + "/".join(steps[at:]))
            except IdentifierError:
                continue
            # Without a check digit any address could look like a key: then a company prefix must be there.
            if (
                _VALUES[link.primary][1]
                or split.hostname == _HOST
                or _PREFIXED.match(link.keys[link.primary])
            ):
                return link.uri
    return uri


def _from_urn(uri: str) -> str:
    if _UUID.fullmatch(uri):
        return uri.lower()
    found = _URN.fullmatch(uri)
    if found is None:
        return uri
    try:
        keys = _urn_keys(
            found[1].lower(), found[2].lower(), [_unescape(part) for part in found[3].split(".")]
        )
    except (ValueError, IndexError):
        return uri
    if keys is None:
        return uri
    path = "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in keys.items() if value)
    try:
        return parse_digital_link(path).uri
    except IdentifierError:
        return uri


def _urn_keys(kind: str, scheme: str, parts: list[str]) -> dict[str, str] | None:
    """AI to value of an EPC URN, by the tables of the Tag Data Standard section 6.3. None: not a GS1 key."""
    prefix, reference, *rest = parts
    if not (prefix.isascii() and prefix.isdigit() and 6 <= len(prefix) <= 12):
        return None
    if kind == "idpat":
        if not rest or rest[-1] != "*":
            return None
        rest[-1] = ""
    serial = ".".join(rest)  # a dot may stand in a serial
    if scheme in {"sgtin", "lgtin", "upui"} and (kind == "class") == (scheme == "lgtin"):
        return {"01": _gtin(prefix, reference), {"sgtin": "21", "lgtin": "10", "upui": "235"}[scheme]: serial}
    if kind == "class":
        return None
    if scheme == "itip":
        piece, total, *tail = rest
        return {"8006": _gtin(prefix, reference) + piece + total, "21": ".".join(tail)}
    if scheme == "cpi":
        return {"8010": prefix + reference, "8011": serial}
    if scheme == "grai":
        return {"8003": "0" + _checked(prefix + reference, 12) + serial}
    if scheme in {"gdti", "sgcn"}:
        return {"253" if scheme == "gdti" else "255": _checked(prefix + reference, 12) + serial}
    if scheme == "sgln":
        return {"414": _checked(prefix + reference, 12), "254": "" if serial == "0" else serial}
    if kind == "idpat":
        return None
    if scheme == "sscc":
        return {"00": _checked(reference[:1] + prefix + reference[1:], 17)}
    whole = {"pgln": ("417", 12), "gsin": ("402", 16), "gsrn": ("8018", 17), "gsrnp": ("8017", 17)}
    if scheme in whole and not rest:
        ai, length = whole[scheme]
        return {ai: _checked(prefix + reference, length)}
    if scheme in {"giai", "ginc"}:
        return {"8004" if scheme == "giai" else "401": prefix + ".".join([reference, *rest])}
    return None


def _gtin(prefix: str, reference: str) -> str:
    return _checked(reference[:1] + prefix + reference[1:], 13)


def _checked(body: str, length: int) -> str:
    if len(body) != length:
        raise ValueError("wrong number of digits")
    return body + check_digit(body)


def is_item(key: str) -> bool:
    """Whether a canonical key names one single thing (serial, SSCC, asset), not a class or a lot."""
    return _ITEM.fullmatch(key) is not None


@lru_cache(maxsize=4_096)
def _right(digits: str) -> bool:
    """Whether the last digit checks the others; lots of one product ask it again and again."""
    return check_digit(digits[:-1]) == digits[-1]


def doubt(key: str) -> str:
    """Why a normalised key that looks like a GS1 identifier is none; empty when there is nothing to say."""
    if plain := _CANONICAL.fullmatch(key):
        digits = plain[plain.lastindex or 0]
        return "" if _right(digits) else f"the check digit of {digits} is wrong"
    return _doubt(key)


@lru_cache(maxsize=32_768)
def _doubt(key: str) -> str:
    """The same for keys that are not plainly canonical."""
    if key.startswith(DOMAIN + "/"):
        try:
            parse_digital_link(key[len(DOMAIN) :].partition("?")[0])
        except IdentifierError as error:
            return str(error)
    elif (found := _URN.fullmatch(key)) and found[2].lower() in _SCHEMES:
        return "its parts have the wrong form or length"
    return ""
