"""Figures in words, rounded to what a drawing can show."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

NARROW: Final = "\u202f"


def exact(value: Any) -> Fraction:
    """int, float, Decimal, Fraction or decimal text as a fraction."""
    return Fraction(value)


def points(value: Any, digits: int = 1) -> str:
    """62.1; a minus is −."""
    number = exact(value)
    quotient = (Decimal(number.numerator) / Decimal(number.denominator)).quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP
    )
    return f"{quotient:,}".replace("-", "−")


def percent(value: Any, digits: int = 1) -> str:
    """A share of one: 0.81 is 81.0 %. What rounds to nothing without being nothing is '<0.1 %'."""
    number = exact(value)
    said = points(number * 100, digits)
    if number and not said.strip("0.−"):
        return f"<{Decimal(1).scaleb(-digits)}{NARROW}%"
    return f"{said}{NARROW}%"


def plain(value: Any) -> str:
    """A number without needless zeros: 62, 62.1."""
    said = points(value, 1)
    return said.removesuffix(".0")


def dose(value: Any) -> str:
    """A threshold as it was typed: 1 %, 0.1 %, up to four decimals."""
    said = points(exact(value) * 100, 4)
    return f"{said.rstrip('0').rstrip('.')}{NARROW}%"
