"""Common cause: which lots, machines or days explain that some batteries failed and others did not.

A case-control comparison. For each candidate, batteries are counted in a table of four: failed and touched by it (a),
failed and not touched (b), sound and touched (c), sound and not touched (d). The p-value is that of Fisher's exact
test, one-sided: the chance that a or more of the failed would be touched if failing had nothing to do with it. It is
computed in whole numbers. The odds ratio is (a+1/2)(d+1/2) / ((b+1/2)(c+1/2)) (Haldane and Anscombe), with Woolf's
95 % interval on the logarithm. `adjusted` is the p-value after Holm's step-down correction for the number of candidates
that can be told apart. Candidates that touch the very same batteries cannot be told apart and form one finding. A
finding says what to look at first. It does not prove a cause.

A battery is also a thing that was made somewhere: `own` names the machine, site and day of its own making, which count
like what flowed into it.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from lodeline.lots.kernel.cone import before, cone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Ints
    from lodeline.lots.kernel.delta import State

Factor = tuple[str, str]
"""Kind and name: ("lot", "17"), ("machine", "furnace 3"), ("day", "2026-03-01")."""
WORD, Z95 = 64, 1.959963984540054
METHOD = "cause-1"
LEVEL = 0.05
"""A finding is significant when its adjusted p-value is below this."""


@frozen(kw_only=True)
class Finding:
    """`factors` touch the same batteries: `failed` of the failed and `sound` of the sound ones."""

    factors: tuple[Factor, ...]
    failed: int
    sound: int
    odds: float
    low: float
    high: float
    p: float
    adjusted: float

    @property
    def significant(self) -> bool:
        """Below 5 % after the correction for all that was tested."""
        return self.adjusted < LEVEL


@frozen(kw_only=True)
class Causes:
    """Findings, the best explanation first; `tested`: candidates that could be told apart."""

    snapshot: str
    position: int
    failed: int
    sound: int
    tested: int
    findings: tuple[Finding, ...]


def causes(
    state: State,
    failed: Sequence[int],
    sound: Sequence[int],
    factors: Callable[[int], Iterable[Factor]],
    *,
    own: Callable[[int], Iterable[Factor]] | None = None,
    most: int = 50,
    fast: bool | None = None,
) -> Causes:
    """Rank what lies before the failed batteries. `factors` names the lot, machine, day ... of a lot by its number.

    `own`: the same for a battery itself, without its name (a battery's own name explains nothing).

    `sound`: batteries that did not fail, all that were made in the same time, or a sample of them drawn without regard
    to what went into them. At most `most` findings are given; all are counted in `tested`.
    """
    bad, good = list(dict.fromkeys(failed)), list(dict.fromkeys(sound))
    if not bad or not good:
        raise ValueError("failed and sound batteries are needed")
    if set(bad) & set(good):
        raise ValueError("a battery is failed or sound, not both")
    rows, words = _touched(state, [*bad, *good], fast=fast)
    masks: dict[Factor, int] = {}
    mine = (1 << len(bad)) - 1
    for lot, mask in zip(state.nodes(rows).tolist(), _whole(words), strict=True):
        for factor in factors(lot):
            masks[factor] = masks.get(factor, 0) | mask
    for number, battery in enumerate([*bad, *good] if own else []):
        for factor in own(battery) if own else ():
            masks[factor] = masks.get(factor, 0) | 1 << number
    groups: dict[int, list[Factor]] = {}
    for factor, mask in masks.items():
        if mask & mine:
            groups.setdefault(mask, []).append(factor)
    tested = []
    for mask, found in groups.items():
        a = (mask & mine).bit_count()
        c = mask.bit_count() - a
        tested.append(
            (fisher(a, len(bad) - a, c, len(good) - c), -odds(a, len(bad) - a, c, len(good) - c), a, c, found)
        )
    tested.sort(key=lambda one: (one[0], one[1], -one[2], sorted(one[4])))
    findings, before_it = [], 0.0
    for place, (p, negative, a, c, found) in enumerate(tested[:most]):
        before_it = max(before_it, min(1.0, p * (len(tested) - place)))
        low, high = interval(a, len(bad) - a, c, len(good) - c)
        findings.append(
            Finding(
                factors=tuple(sorted(found)), failed=a, sound=c, odds=-negative, low=low, high=high, p=p,
                adjusted=before_it,
            )
        )  # fmt: skip
    return Causes(
        snapshot=state.id, position=state.position, failed=len(bad), sound=len(good), tested=len(tested),
        findings=tuple(findings),
    )  # fmt: skip


def _touched(state: State, batteries: Sequence[int], *, fast: bool | None) -> tuple[Ints, NDArray[np.uint64]]:
    """Rows before the batteries, themselves left out, and a bit for each battery that a row flowed into."""
    targets = state.rows(batteries)
    rows = before(state, targets, fast=fast)
    small = cone(state, rows, next(iter(state.base.weights)), fast=fast)
    places = np.empty(state.size, np.int32)
    places[rows] = np.arange(len(rows))
    words = np.zeros((len(rows), -(-len(batteries) // WORD)), np.uint64)
    for number, place in enumerate(places[targets].tolist()):
        words[place, number // WORD] |= np.uint64(1) << np.uint64(number % WORD)
    found = small.join_back(words, fast=fast)
    other = ~np.isin(rows, targets)
    return rows[other], found[other]


def _whole(words: NDArray[np.uint64]) -> list[int]:
    """Each row of words as one whole number: bit n is battery n."""
    data = np.ascontiguousarray(words.astype("<u8"))
    return [int.from_bytes(row.tobytes(), "little") for row in data]


@lru_cache(maxsize=4096)
def fisher(a: int, b: int, c: int, d: int) -> float:
    """The upper tail of the hypergeometric distribution: the chance of a or more in the first cell."""
    failed, touched, everything = a + b, a + c, a + b + c + d
    ways = sum(
        comb(touched, k) * comb(everything - touched, failed - k) for k in range(a, min(failed, touched) + 1)
    )
    return ways / comb(everything, failed)


def odds(a: int, b: int, c: int, d: int) -> float:
    """The odds ratio with half a battery added to each cell, so that it is always a number."""
    return (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))


def interval(a: int, b: int, c: int, d: int) -> tuple[float, float]:
    """95 % of such intervals hold the true odds ratio."""
    half = Z95 * sqrt(sum(1 / (cell + 0.5) for cell in (a, b, c, d)))
    middle = log(odds(a, b, c, d))
    return exp(middle - half), exp(middle + half)
