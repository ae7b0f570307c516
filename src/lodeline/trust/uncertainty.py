"""How far the score could move: a Monte Carlo over the method's own choices and over what is missing.

Drawn per round: each weight, each pair of goalposts, each cap, the form (min or product), each missing cell.
Reproducible to the byte: the stream is Python's Mersenne Twister from an integer seed, whose `random()` is
guaranteed not to change between releases, and only + - x / min and comparisons are applied to it.
"""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect_left
from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.evidence import EvidenceLevel
    from lodeline.trust.aggregate import Cell
    from lodeline.trust.method import Method


@frozen(kw_only=True)
class Spread:
    """5 and 95 % quantiles of the draws, their number, seed, and the standard error of their mean."""

    low: Fraction
    high: Fraction
    draws: int
    seed: str
    standard_error: Fraction
    chances: Mapping[str, Fraction]  # band -> share of draws that reach it


def seed_of(*hashes: str) -> str:
    """Hexadecimal seed from the hashes of the snapshot and the method."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def spread(cells: Sequence[Cell], method: Method, *, seed: str, cap: Fraction | None) -> Spread:
    """The likely range of the score. `cap`: the lowest cap of the closed gates, applied to every draw."""
    count = int(method.rule("draws"))
    draws = sorted(_draws(cells, method, random.Random(int(seed, 16)), count))  # noqa: S311 (not a secret)
    if cap is not None:
        limit = float(cap)
        draws = [min(draw, limit) for draw in draws]
    mean = math.fsum(draws) / count
    variance = math.fsum((draw - mean) ** 2 for draw in draws) / (count - 1)
    return Spread(
        low=_quantile(draws, 0.05),
        high=_quantile(draws, 0.95),
        draws=count,
        seed=seed,
        standard_error=Fraction(math.sqrt(variance / count)),
        chances={
            name: Fraction(count - bisect_left(draws, float(least)), count)
            for name, least in method.bands
            if least
        },
    )


def _draws(cells: Sequence[Cell], method: Method, rng: random.Random, count: int) -> list[float]:
    draw = rng.random
    weight_spread = float(method.rule("weight_spread"))
    goal_spread = float(method.rule("goalpost_spread"))
    cap_spread = float(method.rule("cap_spread"))
    known = [
        (
            float(cell.weight),
            float(cell.raw_goal),
            float(cell.cap),
            float(cell.measured.age),
            float(cell.sub.ceiling),
            0.0 if _checked(cell.measured.level) else 2 * cap_spread,
        )
        for cell in cells
        if cell.raw_goal is not None
    ]
    blank = [
        (float(cell.weight), float(cell.sub.ceiling), [float(peer) for peer in cell.peers])
        for cell in cells
        if cell.raw_goal is None
    ]
    found = []
    for _ in range(count):
        product = draw() < 0.5
        whole = got = 0.0
        for weight, goal, cap, age, ceiling, width in known:
            weighed = weight * (1 + weight_spread * (2 * draw() - 1))
            moved = 0.5 + (goal - 0.5) / (1 + goal_spread * (2 * draw() - 1))
            moved = min(max(moved, 0.0), 1.0)
            limit = min(max(cap + width * (draw() - 0.5), 0.0), ceiling)
            whole += weighed
            got += weighed * age * (moved * limit if product else min(moved, limit))
        for weight, ceiling, peers in blank:
            weighed = weight * (1 + weight_spread * (2 * draw() - 1))
            chosen = draw()
            share = min(peers[int(chosen * len(peers))], ceiling) if peers else chosen * ceiling
            whole += weighed
            got += weighed * share
        found.append(100 * got / whole)
    return found


def _checked(level: EvidenceLevel) -> bool:
    """A pure check of the log has no doubtful assessor behind it."""
    return level.value == "S"


def _quantile(ordered: Sequence[float], share: float) -> Fraction:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return Fraction(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
