"""The seal: a guilloche rosette drawn from a hash.

It helps the eye to tell records apart; it proves nothing. Only passports, receipts and certificates bear one.
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

LIMIT: Final = 8_000  # bytes of the path
SMALLEST: Final = 8  # bytes of the hash that are used
PER_WAVE: Final = 4  # corners of a smooth curve per wave
# Rings from the rim inwards: radius of the middle line, height of the waves, fewest waves, how often it goes round.
RINGS: Final = ((40.0, 14.0, 31, 5), (24.0, 10.5, 19, 4), (10.0, 5.5, 11, 3))


def _coprime(waves: int, rounds: int) -> int:
    """The next number of waves that closes only after all rounds, so that the line crosses itself."""
    while any(waves % factor == 0 and rounds % factor == 0 for factor in range(2, rounds + 1)):
        waves += 1
    return waves


def _number(value: float) -> str:
    said = f"{value:.1f}".removesuffix(".0")
    return "0" if said == "-0" else said.replace("0.", ".", 1) if abs(value) < 1 else said


def _pair(dx: float, dy: float) -> str:
    x, y = _number(dx), _number(dy)
    return x + (y if y.startswith("-") else f" {y}")


def _ring(middle: float, height: float, waves: int, rounds: int, turn: float, lean: float) -> str:
    """One closed line, as smooth cubic curves with coordinates relative to the last corner."""
    corners = waves * PER_WAVE
    step = 2 * pi * rounds / corners

    def point(number: int) -> tuple[float, float]:
        angle = number * step
        wave = waves / rounds * angle
        radius = middle + height * (cos(wave) + lean * sin(2 * wave)) / (1 + lean)
        return radius * cos(angle + turn), radius * sin(angle + turn)

    spots = [point(number) for number in range(corners)]
    x, y = (round(value, 1) for value in spots[0])
    parts = [f"M{_pair(x, y)}"]
    for number in range(1, corners + 1):
        previous, (x1, y1) = spots[number - 1], spots[number % corners]
        x2, y2 = spots[(number + 1) % corners]
        # A third of half the way between the neighbours: the tangent of a Catmull-Rom curve.
        handle = (x1 - (x2 - previous[0]) / 6, y1 - (y2 - previous[1]) / 6)
        end = (round(x1, 1), round(y1, 1))
        parts.append(
            f"s{_pair(handle[0] - x, handle[1] - y)} {_pair(end[0] - x, end[1] - y)}".replace(" -", "-")
        )
        x, y = end
    return "".join(parts) + "z"


def rosette(digest: bytes) -> str:
    """The `d` of one SVG path, for a viewBox of -60 -60 120 120: under 8 kB, always the same for one hash.

    `digest` has at least 8 bytes; more are not looked at. Raises ValueError for a shorter one.
    """
    if len(digest) < SMALLEST:
        raise ValueError(f"a seal needs {SMALLEST} bytes, this has {len(digest)}")
    drawn = ""
    for number, (middle, height, fewest, rounds) in enumerate(RINGS):
        waves = _coprime(fewest + digest[number] % 9, rounds)
        deep = height * (0.8 + digest[number + 3] / 255 * 0.2)
        turn = digest[6] / 255 * 2 * pi * (number + 1)
        lean = digest[7] / 255 * 0.35 * (1 if number % 2 else 0.5)
        drawn += _ring(middle, deep, waves, rounds, turn, lean)
    return drawn
