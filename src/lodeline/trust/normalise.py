"""From a value to a share of the points: absolute goalposts, exact."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO, ONE = Fraction(0), Fraction(1)
CENT = Decimal("0.01")


def goalpost(value: Fraction, low: Fraction, high: Fraction) -> Fraction:
    """0 at `low`, 1 at `high`, linear between, clipped outside. `low > high` means less is better."""
    return clip((value - low) / (high - low))


def clip(share: Fraction) -> Fraction:
    return min(max(share, ZERO), ONE)


def rounded(value: Fraction, step: Decimal = CENT) -> Decimal:
    """Half-even, once, at the end."""
    units = Decimal(round(value / Fraction(step)))  # Fraction.__round__ is half-even and exact
    return (units * step).quantize(step, rounding=ROUND_HALF_EVEN)


def apportion(parts: Sequence[Fraction], total: Decimal, step: Decimal = CENT) -> list[Decimal]:
    """Round non-negative `parts` to `step` so that they add up to `total` exactly.

    Largest remainders first, in rounds; a part that is 0 stays 0 while another part is left to carry the rest;
    nothing falls below 0. `total` is the rounded sum of the parts, give or take a few steps. Order breaks ties.
    """
    units = [part / Fraction(step) for part in parts]
    shown = [unit.numerator // unit.denominator for unit in units]
    short = int(total / step) - sum(shown)
    order = sorted(range(len(units)), key=lambda at: (shown[at] - units[at], at))
    carriers = [at for at in order if units[at]] or order
    for turn in range(max(short, 0)):
        shown[carriers[turn % len(carriers)]] += 1
    for _ in range(max(-short, 0)):
        shown[max(range(len(shown)), key=lambda at: (shown[at], -at))] -= 1
    return [(Decimal(unit) * step).quantize(step) for unit in shown]


def quantile(ordered: Sequence[Fraction], share: Fraction) -> Fraction:
    """Linear between the order statistics (Hyndman and Fan type 7). `ordered` ascending, not empty."""
    place = share * (len(ordered) - 1)
    below = place.numerator // place.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
