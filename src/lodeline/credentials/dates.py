"""Moments as credentials write them: XSD dateTimeStamp, a zone is required.

Source: XML Schema 1.1 part 2, sections 3.3.7 and 3.4.28. Years beyond 9999 and before 1 are refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from lodeline.strictjson import JSON

_STAMP: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,30})?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
LEEWAY: Final = timedelta(minutes=5)
"""How far the clocks of two honest machines may be apart."""


def read(text: JSON, name: str) -> datetime:
    """The moment in UTC, to the microsecond. `CredentialRefused("dates", ...)` names the member."""
    match = _STAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise _refused(name, text)
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, over, under = match.groups()[6:]
    shift = timedelta(hours=int(over or 0), minutes=int(under or 0))
    midnight = (hour, minute, second) == (24, 0, 0) and not (fraction or "").strip(".0")
    if shift > timedelta(hours=14) or int(under or 0) > 59:
        raise _refused(name, text)
    micro = int((fraction or ".0")[1:7].ljust(6, "0"))
    try:
        zone = timezone(-shift if sign == "-" else shift)
        moment = datetime(year, month, day, 0 if midnight else hour, minute, second, micro, zone)
        return (moment + timedelta(days=midnight)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused(name, text) from None


def write(moment: datetime) -> str:
    """Whole seconds, UTC, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _refused(name: str, text: JSON) -> CredentialRefused:
    shown = str(text)[:40]
    return CredentialRefused(
        "dates", f"{name} is {shown!r}: write a date, a time and a zone, as in 2026-11-22T10:00:00Z"
    )
