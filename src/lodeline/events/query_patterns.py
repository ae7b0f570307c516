"""EPC patterns (`urn:epc:idpat:sgtin:0614141.*.*`): which canonical keys they match.

Source: GS1 Tag Data Standard 1.13 section 8; wildcards stand at the end. A pattern that leaves only the serial
open means all serials of one class.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from attrs import frozen

from lodeline.identifiers import DOMAIN

_PATTERN: Final = re.compile(r"urn:epc:idpat:([a-z]+):([0-9]{6,12})\.(\*|[0-9]{1,12})\.\*", re.IGNORECASE)
_ALL: Final = re.compile(r"urn:epc:idpat:([a-z]+):\*\.\*\.\*", re.IGNORECASE)
_ONE_PART: Final = re.compile(r"urn:epc:idpat:([a-z]+):([0-9]{6,12})\.\*", re.IGNORECASE)
_AFTER_INDICATOR: Final = {"sgtin": "01", "upui": "01", "sscc": "00"}
_AHEAD: Final = {
    "sgln": "414/", "grai": "8003/0", "giai": "8004/", "gsrn": "8018/", "gsrnp": "8017/", "gdti": "253/",
    "sgcn": "255/", "cpi": "8010/", "ginc": "401/", "gsin": "402/", "pgln": "417/",
}  # fmt: skip
_SERIAL: Final = {"sgtin": "/21/", "upui": "/235/"}


@frozen
class Pattern:
    """The keys of a pattern: all begin with one of `starts`, and the whole key fits `regex`."""

    starts: tuple[str, ...]
    regex: re.Pattern[str]


@lru_cache(maxsize=1024)
def pattern(text: str) -> Pattern | None:
    """The pattern that a value of a MATCH parameter is; None when it is a plain identifier.

    A pattern with everything but the serial given means the class itself, too.
    """
    if found := _ALL.fullmatch(text):
        return _scheme(found[1].lower(), "", "")
    if found := _ONE_PART.fullmatch(text):
        return _scheme(found[1].lower(), found[2], "")
    found = _PATTERN.fullmatch(text)
    if found is None:
        return None
    return _scheme(found[1].lower(), found[2], "" if found[3] == "*" else found[3])


def _scheme(scheme: str, prefix: str, reference: str) -> Pattern | None:
    if scheme in _AFTER_INDICATOR:
        start = f"{DOMAIN}/{_AFTER_INDICATOR[scheme]}/"
        digits = reference[:1] or "[0-9]"
        body = re.escape(prefix) + (re.escape(reference[1:]) if reference else "[0-9]*")
        tail = f"[0-9]*(?:{_SERIAL[scheme]}.+)?" if scheme in _SERIAL else "[0-9]*"
        starts = (
            [start + one + prefix + reference[1:] for one in (reference[:1] or "0123456789")]
            if prefix
            else [start]
        )
        return Pattern(tuple(starts), re.compile(re.escape(start) + digits + body + tail))
    if scheme in _AHEAD:
        start = f"{DOMAIN}/{_AHEAD[scheme]}{prefix}{reference}"
        return Pattern((start,), re.compile(re.escape(start) + ".*"))
    return None
