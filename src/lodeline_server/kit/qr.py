"""QR codes (ISO/IEC 18004) as one SVG path: dark on white in every colour scheme, or scanners cannot read them."""

from __future__ import annotations

from typing import Final

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

QUIET: Final = 4
"""Modules of white around the code; the standard asks for four."""


def path(text: str, *, error: str = "m") -> tuple[int, str]:
    """Size in modules, quiet zone included, and the `d` of a path whose strokes, one wide, are the dark modules."""
    rows = tuple(segno.make_qr(text, error=error).matrix)
    steps = []
    for y, row in enumerate(rows):
        x, pen = 0, -1
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                begin = f"M{start + QUIET} {y + QUIET}.5" if pen < 0 else f"m{start - pen} 0"
                steps.append(f"{begin}h{x - start}")
                pen = x
            x += 1
    return len(rows) + 2 * QUIET, "".join(steps)


def svg(text: str, name: str, *, css: str = "qr") -> SafeString:
    """The code as an image with a name for screen readers."""
    size, drawn = path(text)
    return format_html(
        '<svg class="{}" width="144" height="144" viewBox="0 0 {} {}" role="img" aria-label="{}" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{}v{}H0z"/>{}</svg>',
        css, size, size, name, size, size, mark_safe(f'<path stroke="#000" fill="none" d="{drawn}"/>'),  # noqa: S308 - digits
    )  # fmt: skip
