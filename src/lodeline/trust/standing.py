"""Whether a fact is in force on a day, and how much its age leaves of it."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lodeline.trust.measured import Part
from lodeline.trust.normalise import ONE, ZERO

if TYPE_CHECKING:
    from lodeline.evidence import EvidenceLevel
    from lodeline.trust.method import Method
    from lodeline.trust.snapshot import Fact

_PERIOD = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))")
_LONGEST = 40  # characters of a number; more is not a measurement


def months_later(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4_096)
def period_end(period: str) -> date | None:
    """Last day of `YYYY-MM` or `YYYY-Qn`."""
    found = _PERIOD.fullmatch(period)
    if not found or not 1 <= int(found[1]) < 9999:
        return None
    month = int(found[2]) if found[2] else int(found[3]) * 3
    return date(int(found[1]), month, monthrange(int(found[1]), month)[1])


def day_of(value: Any) -> date | None:
    """A stated ISO date, or None."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def number(value: Any) -> Fraction | None:
    """A stated number, exact: decimal text or an integer; floats as they are written."""
    if isinstance(value, bool) or not isinstance(value, int | str | float) or len(str(value)) > _LONGEST:
        return None
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not exact.is_finite() or abs(exact.adjusted()) > _LONGEST:
        return None
    return Fraction(exact)


def effective(fact: Fact) -> date | None:
    """The day from which a fact counts: the end of its period, else valid from, else issued."""
    return period_end(fact.text("period")) or fact.valid_from or fact.issued


def expiry(fact: Fact, method: Method) -> date | None:
    """The stated end, else the method's full months after the effective day."""
    if fact.valid_until is not None:
        return fact.valid_until
    start = effective(fact)
    return months_later(start, int(method.rule("age_full_months"))) if start else None


def age(fact: Fact, today: date, method: Method, *, fades: bool) -> Fraction | None:
    """1 while in force; fading measurements then fall to 0; None when not yet, no longer, or undated."""
    start, end = effective(fact), expiry(fact, method)
    if start is None or end is None or start > today:
        return None
    if today <= end:
        return ONE
    if not fades:
        return None
    last = months_later(end, int(method.rule("age_fade_months")))
    left = Fraction((last - today).days, (last - end).days)
    return left if left > ZERO else None


def part(
    fact: Fact,
    age_now: Fraction,
    method: Method,
    *,
    weight: Fraction = ONE,
    level: EvidenceLevel | None = None,
) -> Part:
    """The fact as a piece of evidence."""
    return Part(
        level=level if level is not None else fact.level,
        weight=weight,
        age=age_now,
        position=fact.position,
        source=fact.issuer,
        lowered=fact.lowered,
        effective=effective(fact),
        expires=expiry(fact, method),
    )


def within(day: date | None, today: date, days: int) -> bool:
    """True for a day in the last `days` days, today included."""
    return day is not None and today - timedelta(days=days) <= day <= today
