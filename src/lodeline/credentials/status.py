"""Bitstring Status List v1.0 (W3C): entries in credentials, list credentials, and what they say together.

A list that cannot be reached leaves the status unknown; what is malformed is refused with the code of the
specification, and neither ever counts as good.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

from lodeline.credentials import bitstrings, dates
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.strictjson import JSON

MINIMUM: Final = 131_072
"""Entries of the shortest list: one among so many is not found by watching the list."""
MAX_SIZE: Final = 8
"""Bits of one entry that are supported."""
ENTRY, LIST, CREDENTIAL = "BitstringStatusListEntry", "BitstringStatusList", "BitstringStatusListCredential"
REVOCATION, SUSPENSION, MESSAGE, REFRESH = "revocation", "suspension", "message", "refresh"
_LEVEL: Final = 6  # gives the bytes that the specification prints
_INDEX: Final = re.compile(r"[0-9]+", re.ASCII)
_WHOLE_INDEX: Final = 18  # digits; more lie outside any list


class Code(StrEnum):
    """Error codes of the specification."""

    RETRIEVAL = "STATUS_RETRIEVAL_ERROR"
    VERIFICATION = "STATUS_VERIFICATION_ERROR"
    LENGTH = "STATUS_LIST_LENGTH_ERROR"
    RANGE = "RANGE_ERROR"
    MALFORMED = "MALFORMED_VALUE_ERROR"

    @property
    def url(self) -> str:
        """The `type` of a problem (RFC 9457)."""
        general = self in {Code.RANGE, Code.MALFORMED}
        base = (
            "https://www.w3.org/TR/vc-data-model#"
            if general
            else "https://www.w3.org/ns/credentials/status-list#"
        )
        return base + self.value


class StatusRefused(CredentialRefused):
    """The status cannot be established; `code` says why in the specification's words."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__("status", message)
        self.code = code


@frozen(kw_only=True)
class Entry:
    """One item of `credentialStatus`. `messages` maps values to texts, where there are any."""

    purpose: str
    index: int
    url: str
    size: int = 1
    messages: Mapping[int, str] | None = None


@frozen(kw_only=True)
class StatusList:
    """The content of a list credential whose proof the caller has verified."""

    issuer: str
    purposes: frozenset[str]
    bits: bytes
    size: int | None = None
    ttl: int | None = None
    """Milliseconds for which it may be kept."""


def encode(bits: bytes) -> str:
    """`u`, then base64url of the gzip of the bitstring."""
    return "u" + b64url(bitstrings.deflate(bits, bitstrings.GZIP, _LEVEL))


def decode(text: JSON, limit: int = bitstrings.LIMIT) -> bytes:
    """The inverse of `encode`; at most `limit` bytes."""
    if not isinstance(text, str) or text[:1] != "u":
        raise _malformed("encodedList is not multibase base64url: it starts with u")
    try:
        return bitstrings.inflate(unb64url(text[1:]), bitstrings.GZIP, limit)
    except ValueError as error:
        raise _malformed(f"encodedList: {error}") from None


def new_entry(url: str, purpose: str, index: int) -> dict[str, JSON]:
    """An item for `credentialStatus`."""
    made = {
        "id": f"{url}#{index}",
        "type": ENTRY,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": url,
    }
    read_entry(made)
    return made


def new_list(
    *,
    url: str,
    issuer: str,
    purpose: str,
    bits: bytes,
    since: str,
    until: str | None = None,
    ttl: int | None = None,
) -> dict[str, JSON]:
    """An unsigned list credential; `since` and `until` with their zone, `ttl` in milliseconds."""
    subject = {"id": f"{url}#list", "type": LIST, "statusPurpose": purpose, "encodedList": encode(bits)}
    made: dict[str, JSON] = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": url,
        "type": ["VerifiableCredential", CREDENTIAL],
        "issuer": issuer,
        "validFrom": since,
        **({"validUntil": until} if until is not None else {}),
        "credentialSubject": subject | ({"ttl": ttl} if ttl is not None else {}),
    }
    if len(bits) * 8 < MINIMUM:
        raise StatusRefused(Code.LENGTH, f"a list has at least {MINIMUM} entries, this one {len(bits) * 8}")
    return made


def read_entry(value: JSON) -> Entry:
    """One item of `credentialStatus`, or `StatusRefused` with MALFORMED_VALUE_ERROR."""
    if not isinstance(value, dict):
        raise _malformed("a status entry is an object")
    kinds = value.get("type")
    if ENTRY not in (kinds if isinstance(kinds, list) else [kinds]):
        raise _malformed(f"a status entry of type {kinds!r:.60} is not known here")
    purpose, index, url = (
        value.get(name) for name in ("statusPurpose", "statusListIndex", "statusListCredential")
    )
    if not isinstance(purpose, str) or not purpose:
        raise _malformed("statusPurpose is missing, or no text")
    if not isinstance(index, str) or _INDEX.fullmatch(index) is None:
        raise _malformed("statusListIndex is a whole number from 0, written as a text")
    if not _is_url(url, schemes={"https"}):
        raise _malformed("statusListCredential is an https address")
    name = value.get("id", ...)
    if name is not ... and (not _is_url(name) or name == url):
        raise _malformed("the id of a status entry is an address of its own, not that of the list")
    size, messages = _messages(value, purpose)
    digits = index.lstrip("0") or "0"
    if len(digits) > _WHOLE_INDEX:
        raise StatusRefused(Code.RANGE, "statusListIndex lies outside any list")
    return Entry(purpose=purpose, index=int(digits), url=str(url), size=size, messages=messages)


def _messages(value: Mapping[str, JSON], purpose: str) -> tuple[int, dict[int, str] | None]:
    size, given = value.get("statusSize", 1), value.get("statusMessage")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_SIZE:
        raise _malformed(f"statusSize is a number of bits from 1 to {MAX_SIZE}")
    if given is None:
        if size > 1 or purpose == MESSAGE:
            raise _malformed("statusMessage is missing; it says what the values mean")
        return size, None
    if not isinstance(given, list) or len(given) != 1 << size:
        raise _malformed(f"statusMessage has one item for each of the {1 << size} values")
    found = {}
    for item in given:
        status, text = (item.get("status"), item.get("message")) if isinstance(item, dict) else (None, None)
        if (
            not isinstance(status, str)
            or not re.fullmatch(r"0x[0-9a-fA-F]{1,2}", status)
            or not isinstance(text, str)
        ):
            raise _malformed("an item of statusMessage has a status like 0x1 and a message")
        found[int(status, 16)] = text
    if set(found) != set(range(1 << size)):
        raise _malformed("statusMessage does not have each value once")
    return size, found


def read_list(credential: JSON, *, now: datetime, limit: int = bitstrings.LIMIT) -> StatusList:
    """The list in a list credential whose proof the caller has verified, if it is in force at `now`."""
    if not isinstance(credential, dict):
        raise StatusRefused(Code.VERIFICATION, "the status list is no credential")
    kinds = credential.get("type")
    if CREDENTIAL not in (kinds if isinstance(kinds, list) else [kinds]):
        raise StatusRefused(Code.VERIFICATION, f"the status list is not a {CREDENTIAL}")
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict) or subject.get("type") not in (LIST, [LIST]):
        raise _malformed(f"the subject of a status list is one {LIST}")
    for name in ("validFrom", "validUntil"):
        if name in credential:
            moment = _moment(credential[name], name)
            if (moment > now) if name == "validFrom" else (moment < now):
                raise StatusRefused(
                    Code.VERIFICATION, f"the status list is not in force: {name} {credential[name]}"
                )
    purposes = subject.get("statusPurpose")
    purposes = purposes if isinstance(purposes, list) else [purposes]
    if not purposes or not all(isinstance(purpose, str) and purpose for purpose in purposes):
        raise _malformed("statusPurpose of the list is one text, or several")
    ttl, size = subject.get("ttl"), subject.get("statusSize")
    for name, number in (("ttl", ttl), ("statusSize", size)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            raise _malformed(f"{name} of the list is no whole number from 0")
    named = credential.get("issuer")
    issuer = named.get("id") if isinstance(named, dict) else named
    if not isinstance(issuer, str):
        raise _malformed("the status list names no issuer")
    bits = decode(subject.get("encodedList"), limit)
    return StatusList(issuer=issuer, purposes=frozenset(purposes), bits=bits, size=size, ttl=ttl)


def _is_url(text: JSON, schemes: set[str] | None = None) -> bool:
    if not isinstance(text, str) or re.search(r"[\s<>\"\\]", text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if schemes is not None:
        return parts.scheme in schemes and bool(parts.hostname)
    return bool(parts.scheme and (parts.netloc or parts.path))


def _moment(text: JSON, name: str) -> datetime:
    try:
        return dates.read(text, name)
    except CredentialRefused as error:
        raise _malformed(f"the status list: {error}") from None


def _malformed(message: str) -> StatusRefused:
    return StatusRefused(Code.MALFORMED, message)
