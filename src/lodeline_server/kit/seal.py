"""The seal: a rosette drawn from a hash. It helps the eye to tell records apart; it proves nothing."""

from __future__ import annotations

from math import cos, pi, sin

POINTS = 400
RADIUS = 50


def rosette(digest: bytes) -> str:
    """One SVG path (viewBox -60 -60 120 120), under 8 kB, always the same for one hash (at least 8 bytes)."""
    petals, waves = 5 + digest[0] % 9, 11 + digest[1] % 17
    deep, fine = 0.18 + digest[2] / 255 * 0.3, 0.06 + digest[3] / 255 * 0.14
    turn, shift = digest[4] / 255 * 2 * pi, digest[5] / 255 * 2 * pi
    steps = []
    for number in range(POINTS):
        angle = 2 * pi * number / POINTS
        radius = RADIUS * (
            1 - deep * (0.5 + 0.5 * sin(petals * angle + turn)) - fine * sin(waves * angle + shift)
        )
        steps.append(f"{radius * cos(angle):.1f} {radius * sin(angle):.1f}")
    return f"M{'L'.join(steps)}Z"
