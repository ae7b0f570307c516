"""Intervals, coverage, bars and ranks: how sure a figure is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.numbers import exact, percent, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

TICKS = (0, 25, 50, 75, 100)


def interval(
    low: Any,
    q05: Any,
    point: Any,
    q95: Any,
    high: Any,
    *,
    compact: bool = False,
    cap: Any = None,
    axis: tuple[int, int] = (0, 100),
) -> SafeString:
    """Bounds as a thin line with end strokes, 5 to 95 % as a band, the point as a dot.

    `point`, `q05`, `q95` may be None for a party that is not rated: only the bounds are drawn. `cap` is what
    a gate leaves: red hatching to its right. `axis` is the scale, one for a whole column when `compact`.

    >>> interval(51, 56.4, 62.1, 66.9, 74)              # doctest: +SKIP
    >>> interval(31, None, None, None, 78, compact=True)  # doctest: +SKIP
    """
    y = 8 if compact else 12
    margin = 3.0
    span = (100 - 2 * margin) / (axis[1] - axis[0])

    def x(value: Any) -> float:
        return margin + (min(max(float(value), axis[0]), axis[1]) - axis[0]) * span

    body = svg.line(margin, y, 100 - margin, y, "axis")
    if not compact:
        body += "".join(svg.line(x(tick), y - 3, x(tick), y + 3, "axis") for tick in TICKS)
        body += "".join(svg.text(x(tick), 36, tick, anchor="middle", fluid=True) for tick in TICKS)
    if low is not None and high is not None:
        body += svg.line(x(low), y, x(high), y, "stroke")
        body += "".join(svg.line(x(end), y - 4, x(end), y + 4, "stroke") for end in (low, high))
    if cap is not None:
        body += svg.rect(x(cap), y - 5, 100 - margin - x(cap), 10, fill=svg.HATCH_BAD, fluid=True)
        body += svg.line(x(cap), y - 6, x(cap), y + 6, "gate")
    said = _("not rated")
    if point is not None:
        if q05 is not None and q95 is not None:
            body += svg.rect(x(q05), y - 4, x(q95) - x(q05), 8, "band", fluid=True)
            said = _("point %(point)s, likely range %(low)s to %(high)s (5 to 95 %%)") % {
                "point": plain(point), "low": plain(q05), "high": plain(q95),
            }  # fmt: skip
            if not exact(q05) <= exact(point) <= exact(q95):
                said += ", " + _("the point lies outside its range")
        else:
            said = _("point %(point)s") % {"point": plain(point)}
        body += svg.dot(x(point), y, 4.5 if compact else 5)
    if low is not None and high is not None:
        said += ", " + _("bounds %(low)s to %(high)s") % {"low": plain(low), "high": plain(high)}
    if cap is not None:
        said += ", " + _("a gate caps it at %(cap)s") % {"cap": plain(cap)}
    return svg.fluid(16 if compact else 40, said, body, css="chart mini" if compact else "chart interval")


def coverage(value: Any, floor: Any = None) -> SafeString:
    """A share with evidence (0 to 1, solid) and without (hatched); a gap at the floor.

    >>> coverage(Fraction(84, 100), floor=Decimal("0.6"))  # doctest: +SKIP
    """
    share = float(value) * 100
    body = svg.rect(0, 2, 100, 8, fill=svg.HATCH, fluid=True)
    body += (
        svg.rect(share, 2.5, max(100 - share - 0.4, 0), 7, "outline", fill="none", fluid=True)
        if share < 99
        else ""
    )
    body += svg.rect(0, 2, share, 8, "solid", fluid=True)
    said = _("evidence for %(share)s") % {"share": percent(value, 0)}
    if floor is not None:
        body += svg.rect(float(floor) * 100 - 0.7, 0, 1.4, 12, "plate", fluid=True)
        said += ", " + _("floor %(floor)s") % {"floor": percent(floor, 0)}
    return svg.fluid(12, said, body, css="chart coverage")


def bar(share: Any, name: str = "") -> SafeString:
    """A thin bar for a table cell, 0 to 1; its figure stands beside it, so it is decoration for readers."""
    size = min(max(float(share), 0.0), 1.0) * 120
    body = f'<path class="axis" d="M0 5h120"/>{svg.rect(0, 1, size, 8, "f1")}'
    return svg.fixed(120, 10, name or percent(share), body, css="bar")


def legal_minimum(share: Any, minimum: Any = None) -> SafeString:
    """A share (0 to 1) on a pale track with the legal minimum as a tick."""
    body = svg.rect(0, 6, 100, 8, "track", fluid=True) + svg.rect(
        0, 6, float(share) * 100, 8, "f1", fluid=True
    )
    said = percent(share)
    if minimum is not None:
        body += svg.line(float(minimum) * 100, 1, float(minimum) * 100, 19, "mark-line")
        said += ", " + _("legal minimum %(minimum)s") % {"minimum": percent(minimum)}
    return svg.fluid(20, said, body, css="chart minimum")


def rank(low: int, middle: Any, high: int, count: int) -> SafeString:
    """A rank's interval as a lozenge, its middle as a dot, on a scale of 1 to `count`.

    >>> rank(6, 8, 10, 12)  # doctest: +SKIP
    """
    step = 100 / max(count, 1)

    def x(value: Any) -> float:
        return (float(value) - 0.5) * step

    body = "".join(svg.line(x(place), 0, x(place), 24, "grid-line") for place in range(1, count + 1))
    wide = max(x(high) - x(low), 0)
    body += svg.line(x(low), 12, x(low) + max(wide, 0.01), 12, "lozenge") + svg.dot(x(middle), 12, 5.5)
    said = _("rank %(middle)s, likely %(low)s to %(high)s of %(count)s") % {
        "middle": plain(middle), "low": low, "high": high, "count": count,
    }  # fmt: skip
    return svg.fluid(24, said, body, css="chart rank")


def rank_axis(count: int) -> SafeString:
    """The figures above a column of ranks: at most twelve of them."""
    step = 100 / max(count, 1)
    every = -(-count // 12) or 1
    body = "".join(
        svg.text((place - 0.5) * step, 13, place, anchor="middle", fluid=True)
        for place in range(1, count + 1)
        if place == 1 or place % every == 0
    )
    return svg.fluid(16, _("ranks 1 to %(count)s") % {"count": count}, body, css="chart rank")


def ties(lanes: Sequence[str]) -> SafeString:
    """One row's piece of the brackets that join suppliers the evidence cannot tell apart.

    Each lane is "start", "through", "end" or "" from left to right; ties do not chain, so brackets overlap.
    """
    body = ""
    for number, part in enumerate(lanes):
        x = 4 + number * 12
        if part == "start":
            body += svg.path(f"M{x + 6} 22H{x}V44", "tie")
        elif part == "through":
            body += svg.path(f"M{x} 0V44", "tie")
        elif part == "end":
            body += svg.path(f"M{x + 6} 22H{x}V0", "tie")
    width = 4 + max(len(lanes), 1) * 12
    return svg.fixed(
        width, 44, _("tied with its neighbours") if any(lanes) else _("no tie"), body, css="chart ties"
    )
