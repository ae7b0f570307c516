"""Typed values of data points. Numbers keep their digits as decimal text; nothing is repaired in silence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category, is_normalized

from attrs import frozen

from lodeline.identifiers import IdentifierError, refuse_hostile
from lodeline.passports.datapoints import CATEGORIES, STATUSES

if TYPE_CHECKING:
    from lodeline.passports.datapoints import Point

Content = str | int | tuple[str, ...]

_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,29})(\.[0-9]{1,30})?")
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ADDRESS: Final = re.compile(r"https?://[^/\s]+(/.*)?|urn:[a-z0-9][a-z0-9-]{1,31}:.+", re.IGNORECASE)
LONGEST: Final = 4_000
MANY: Final = 500
MAX_INTEGER: Final = 2**53 - 1
SYMBOLS: Final = 41
METALS: Final = frozenset({"cadmium", "lead"})
MEMBERS: Final = frozenset({"value", "unit", "measuredAt", "applies", "reason"})
HUNDRED: Final = Decimal(100)
_ALLOWED_CONTROLS: Final = frozenset("\n\t")


class ValueRefused(ValueError):  # noqa: N818 - a finding, not a fault of the program
    """What was stated cannot be a value of the point; the words say why and what is needed."""


@frozen(kw_only=True)
class Typed:
    """A value that fits its point. `content`: text, decimal text, a whole number, or several texts."""

    content: Content
    unit: str = ""
    measured_at: str = ""

    @property
    def decimal(self) -> Decimal:
        """The value as a number. Raises `ValueError` for text."""
        if isinstance(self.content, tuple):
            raise ValueError("several values are no number")  # noqa: TRY004
        return Decimal(self.content)


def read(point: Point, stated: Any) -> Typed:
    """The typed value of what somebody stated: text, a list of texts, or `{value, unit, measuredAt}`.

    Raises `ValueRefused`.
    """
    unit, measured = "", ""
    if isinstance(stated, dict):
        if "value" not in stated:
            raise ValueRefused("an object needs the member 'value'")
        if strange := sorted(stated.keys() - MEMBERS - (METALS if point.number == SYMBOLS else set())):
            raise ValueRefused(f"the member {strange[0][:40]!r} is not known here")
        unit, measured = _text(stated.get("unit", "")), instant(stated.get("measuredAt", ""))
        stated = stated["value"]
    return Typed(content=_content(point, stated), unit=_unit(point, unit), measured_at=measured)


def instant(stated: Any) -> str:
    """A date, or a time in UTC to the second (`2026-05-03T08:00:00Z`); "" stays. Raises `ValueRefused`."""
    text = _text(stated)
    try:
        if len(text) <= len("2026-05-03"):
            return date.fromisoformat(text).isoformat() if text else ""
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueRefused(f"the time {text[:40]!r} has no offset from UTC")
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except (ValueError, OverflowError) as error:
        if isinstance(error, ValueRefused):
            raise
        raise ValueRefused(f"{text[:40]!r} is neither a date nor a time") from None


def _content(point: Point, stated: Any) -> Content:
    if isinstance(stated, list):
        if not point.many:
            raise ValueRefused("one value is needed, not a list")
        if not 1 <= len(stated) <= MANY:
            raise ValueRefused(f"a list holds 1 to {MANY} values")
        return tuple(str(_one(point, entry)) for entry in stated)
    one = _one(point, stated)
    return (str(one),) if point.many else one


def _one(point: Point, stated: Any) -> str | int:
    if not isinstance(stated, str):
        raise ValueRefused("text is needed; numbers travel as decimal text")
    if point.type in {"decimal", "integer"}:
        return _number(point, stated)
    text = _text(stated)
    if not text.strip():
        raise ValueRefused("the value is empty")
    words = {"category": CATEGORIES, "status": STATUSES}.get(point.type)
    if words is not None and text not in words:
        raise ValueRefused(f"{text[:40]!r} is none of {', '.join(words)}")
    if point.type == "month" and not _MONTH.fullmatch(text):
        raise ValueRefused(f"{text[:40]!r} is not a month, like 2027-05")
    if point.type == "uri":
        return _address(text)
    return text


def _number(point: Point, text: str) -> str | int:
    if not _DECIMAL.fullmatch(text):
        raise ValueRefused(f"{text[:40]!r} is not a decimal number, like 12.50")
    number = Decimal(text)
    if point.range == "share" and not 0 <= number <= HUNDRED:
        raise ValueRefused(f"{text} is not between 0 and 100 %")
    if point.range == "positive" and number <= 0:
        raise ValueRefused(f"{text} is not above zero")
    if point.range in {"growth", "count"} and number < 0:
        raise ValueRefused(f"{text} is below zero")
    if point.type == "decimal":
        return text
    if "." in text:
        raise ValueRefused(f"{text} is not written as a whole number")
    if abs(int(text)) > MAX_INTEGER:
        raise ValueRefused(f"{text} is too large")
    return int(text)


def _address(text: str) -> str:
    try:
        refuse_hostile(text)
    except IdentifierError as error:
        raise ValueRefused(str(error)) from None
    if not _ADDRESS.fullmatch(text):
        raise ValueRefused(f"{text[:80]!r} is not an https address or a URN")
    return text


def _unit(point: Point, unit: str) -> str:
    if not point.units:
        if unit:
            raise ValueRefused(f"this point has no unit, {unit[:20]!r} was stated")
        return ""
    if unit and unit not in point.units:
        raise ValueRefused(f"the unit is {' or '.join(point.units)}, not {unit[:20]!r}")
    return unit or point.units[0]


def _text(stated: Any) -> str:
    if not isinstance(stated, str):
        raise ValueRefused("text is needed")
    if len(stated) > LONGEST:
        raise ValueRefused(f"the text has {len(stated)} characters; at most {LONGEST}")
    if any(category(char) in {"Cc", "Cs"} and char not in _ALLOWED_CONTROLS for char in stated):
        raise ValueRefused("the text holds control characters")
    if not is_normalized("NFC", stated):
        raise ValueRefused("the text is not in Unicode form NFC")
    return stated
