"""The rolling average percentage of a mass balance (ISO 22095-2): what share outputs may claim.

The share at a moment is the certified mass among all inputs of a material group at a site over the window that ends
there. What goes out may claim at most that share. Masses are whole milligrams, shares exact fractions.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

from attrs import field, frozen

from lodeline.lots.schemes import CreditRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta


@frozen(kw_only=True)
class Input:
    """What came in: all of it, and how much of it is certified. Both below zero: what came in before goes out again."""

    at: datetime
    mass: int
    certified: int
    evidence: str

    def __attrs_post_init__(self) -> None:
        if not (0 <= self.certified <= self.mass or self.mass <= self.certified <= 0) or self.mass == 0:
            raise CreditRefused("MB-10", "the certified mass is between nothing and the whole input")
        if not self.evidence:
            raise CreditRefused("MB-11", "an input cites its evidence")


@frozen
class Window:
    """Inputs of one site and material group, and the length of the window that the scheme sets."""

    length: timedelta
    _times: tuple[datetime, ...] = field(alias="times")
    _masses: tuple[int, ...] = field(alias="masses")
    _certified: tuple[int, ...] = field(alias="certified")

    @classmethod
    def over(cls, inputs: Iterable[Input], length: timedelta) -> Window:
        """In any order. Running sums, so that a share costs two look-ups."""
        ordered = sorted(inputs, key=lambda one: one.at)
        return cls(
            length,
            times=tuple(one.at for one in ordered),
            masses=(0, *accumulate(one.mass for one in ordered)),
            certified=(0, *accumulate(one.certified for one in ordered)),
        )

    def share(self, at: datetime) -> Fraction | None:
        """Of the inputs after `at - length`, up to and with `at`; None when there were none."""
        first, end = bisect_right(self._times, at - self.length), bisect_right(self._times, at)
        mass = self._masses[end] - self._masses[first]
        return Fraction(self._certified[end] - self._certified[first], mass) if mass > 0 else None

    def claim(self, at: datetime, share: Fraction) -> None:
        """Raise `CreditRefused` unless an output of that moment may claim this share."""
        if not 0 < share <= 1:
            raise CreditRefused("MB-04", "a share is above nothing and at most the whole")
        allowed = self.share(at)
        if allowed is None:
            raise CreditRefused("MB-04", f"nothing came in during the window that ends {at:%Y-%m-%d}")
        if share > allowed:
            raise CreditRefused(
                "MB-04", f"a share of {share} is claimed, the inputs of the window bear {allowed}"
            )
