"""Where things began: circles on a map of the world, and what lies between two bounds."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.safestring import mark_safe

from lodeline_server.kit.charts import outline, svg
from lodeline_server.kit.charts.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.safestring import SafeString

    Box = tuple[float, float, float, float]

WHOLE = 46.0
"""Radius of the circle that is everything."""
SMALLEST = 3.5
LETTER, LINE = 6.6, 16.0


def radius(share: Any) -> float:
    """Area says the share."""
    return max(WHOLE * sqrt(float(share)), SMALLEST)


def world_map(
    points: Sequence[Mapping[str, Any]], *, unknown: Any, unknown_name: str, title: str
) -> SafeString:
    """Sites as circles, the largest below; what is unknown is one hatched circle without a place, to the same scale.

    points: mappings with `latitude`, `longitude`, `share`, `colour` (1 to 6), `label`, and `ring` for a hollow one.
    """
    ranked = sorted(points, key=lambda one: (-one["share"], str(one["label"])))
    marks, labels = "", ""
    taken: list[Box] = []
    spots = [(one, *outline.place(one["latitude"], one["longitude"]), radius(one["share"])) for one in ranked]
    taken += [(x - r, y - r, x + r, y + r) for _, x, y, r in spots]
    if unknown:
        size = radius(unknown)
        x, y = 16 + max(size, 12), outline.TALL - 16 - max(size, 12)
        marks += f'<circle cx="{svg.n(x)}" cy="{svg.n(y)}" r="{svg.n(size)}" fill="{svg.HATCH}"/>'
        marks += f'<circle cx="{svg.n(x)}" cy="{svg.n(y)}" r="{svg.n(size)}" class="outline"/>'
        words = f"{unknown_name} {percent(unknown)}"
        labels += _label(x + size + 7, y + 4, words, "start")
        taken.append((x - size, y - size, x + size + 7 + len(words) * LETTER, y + size))
    for number, (one, x, y, size) in enumerate(spots):
        css = f"pin{' hollow' if one.get('ring') else ''} p{one['colour']}"
        marks += f'<circle cx="{svg.n(x)}" cy="{svg.n(y)}" r="{svg.n(size)}" class="{css}"/>'
        words = f"{svg.short(one['label'], 28)} {percent(one['share'])}"
        others = [box for at, box in enumerate(taken) if at != number]
        labels += _beside(x, y, size, words, others, taken)
    return format_html(
        '<svg class="chart world" viewBox="0 0 {} {}" role="img"><title>{}</title><desc>{}</desc>{}</svg>',
        outline.WIDE, outline.TALL, title,
        svg.joined(f"{one['label']} {percent(one['share'])}" for one in ranked),
        mark_safe(_ground() + marks + labels),  # noqa: S308 - every word in it went through `text`
    )  # fmt: skip


def _ground() -> str:
    """Graticule every 30 degrees, and the land where it is at hand; cut at the frame."""
    lines = ""
    for longitude in range(-180, 181, 30):
        x = svg.n(outline.place(0, longitude)[0])
        lines += f"M{x} 0V{outline.TALL}"
    for latitude in range(-30, 61, 30):
        lines += f"M0 {svg.n(outline.place(latitude, 0)[1])}H{outline.WIDE}"
    return (
        f'<svg width="{outline.WIDE}" height="{outline.TALL}">{svg.path(lines, "grid-line")}'
        f"{svg.path(outline.land(), 'land')}</svg>"
    )


def _beside(x: float, y: float, size: float, words: str, others: list[Box], taken: list[Box]) -> str:
    """A label where it hides nothing: right, left, below, above; left to the table when there is no room."""
    long = len(words) * LETTER
    tries = [
        (x + size + 5, y + 4, "start", x + size + 5),
        (x - size - 5, y + 4, "end", x - size - 5 - long),
        (x, y + size + 14, "middle", x - long / 2),
        (x, y - size - 6, "middle", x - long / 2),
    ]
    for at, base, anchor, left in tries:
        box = (left, base - LINE + 4, left + long, base + 4)
        inside = box[0] >= 2 and box[2] <= outline.WIDE - 2 and box[1] >= 0 and box[3] <= outline.TALL
        if inside and not any(_meet(box, other) for other in others):
            taken.append(box)
            return _label(at, base, words, anchor)
    return ""


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _label(x: float, y: float, words: str, anchor: str) -> str:
    return svg.text(x, y, words, anchor=anchor, css="lab strong halo")


def between(low: Any, high: Any, colour: int) -> SafeString:
    """What is sure, solid, and on top of it what is possible, hatched; the track is everything."""
    sure, most = float(low) * 100, float(high) * 100
    body = svg.rect(0, 0, 100, 12, "track", fluid=True)
    if sure:
        body += svg.rect(0, 0, max(sure, 0.6), 12, f"f{colour}", fluid=True)
    if most > sure:
        body += svg.rect(sure, 0, most - sure, 12, fill=svg.HATCH, fluid=True)
        body += svg.rect(sure, 0.5, most - sure, 11, "outline", fill="none", fluid=True)
    return svg.fluid(12, span(low, high), body, css="chart between")


def span(low: Any, high: Any) -> str:
    """12.4 %, or 12.4 to 31.0 %."""
    least, most = percent(low), percent(high)
    return most if least == most else f"{least.removesuffix('%').rstrip()} to {most}"
