"""What all status lists say about a credential together, and what one entry's value means."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.credentials import bitstrings, did_webvh
from lodeline.credentials.status import (
    MESSAGE,
    MINIMUM,
    REFRESH,
    REVOCATION,
    SUSPENSION,
    Code,
    Entry,
    StatusList,
    StatusRefused,
    read_entry,
    read_list,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lodeline.strictjson import JSON


class Standing(StrEnum):
    """What all entries of a credential say together."""

    GOOD = "good"
    UNKNOWN = "unknown"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@frozen(kw_only=True)
class Reading:
    """What one entry says. `value` is None when the list could not be had."""

    entry: Entry
    value: int | None
    message: str | None = None


@frozen(kw_only=True)
class Found:
    standing: Standing
    readings: tuple[Reading, ...]


def value(entry: Entry, found: StatusList, *, minimum: int = MINIMUM) -> int:
    """The value of an entry in its list (validate algorithm, from step 5)."""
    if entry.purpose not in found.purposes:
        raise StatusRefused(Code.VERIFICATION, f"the list is not about {entry.purpose!r:.40}")
    if found.size not in (None, entry.size):
        raise StatusRefused(Code.VERIFICATION, "list and entry differ in their statusSize")
    if len(found.bits) * 8 // entry.size < minimum:
        raise StatusRefused(Code.LENGTH, f"the list has fewer than {minimum} entries")
    try:
        return bitstrings.left(found.bits, entry.index, entry.size)
    except IndexError:
        raise StatusRefused(Code.RANGE, f"the list has no entry {entry.index}") from None


def look_up(
    credential: Mapping[str, JSON],
    fetch: Callable[[str], JSON],
    *,
    now: datetime,
    may_speak: Callable[[str, str], bool] = did_webvh.same,
) -> Found:
    """What the status lists say about a credential at `now`.

    `fetch(url)` gives the list credential, proof verified, as of `now`; it raises `StatusRefused` with
    RETRIEVAL when it cannot be had (then the standing is unknown) and VERIFICATION when it does not hold.
    `may_speak(list issuer, credential issuer)`: who may keep whose list; a did:webvh that moved still is the same. All
    else is raised.
    """
    given = credential.get("credentialStatus", [])
    entries = [read_entry(item) for item in (given if isinstance(given, list) else [given])]
    named = credential.get("issuer")
    issuer = str(named.get("id") if isinstance(named, dict) else named)
    lists: dict[str, StatusList | None] = {}
    readings = []
    for entry in entries:
        if entry.url not in lists:
            lists[entry.url] = _fetched(entry.url, fetch, now)
        found = lists[entry.url]
        if found is None:
            readings.append(Reading(entry=entry, value=None))
            continue
        if not may_speak(found.issuer, issuer):
            raise StatusRefused(
                Code.VERIFICATION, "the list is kept by somebody who may not speak for the issuer"
            )
        number = value(entry, found)
        text = entry.messages[number] if entry.messages is not None else None
        readings.append(Reading(entry=entry, value=number, message=text))
    worst = max((_standing(reading) for reading in readings), key=list(Standing).index, default=Standing.GOOD)
    return Found(standing=worst, readings=tuple(readings))


def _fetched(url: str, fetch: Callable[[str], JSON], now: datetime) -> StatusList | None:
    try:
        credential = fetch(url)
    except StatusRefused as error:
        if error.code is Code.RETRIEVAL:
            return None
        raise
    return read_list(credential, now=now)


def _standing(reading: Reading) -> Standing:
    if reading.value is None:
        return Standing.UNKNOWN
    if reading.value == 0 or reading.entry.purpose in {MESSAGE, REFRESH}:
        return Standing.GOOD
    by_purpose = {REVOCATION: Standing.REVOKED, SUSPENSION: Standing.SUSPENDED}
    return by_purpose.get(reading.entry.purpose, Standing.UNKNOWN)
