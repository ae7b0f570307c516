"""Figures over time: steps with their likely range, columns, drills on a line."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.safestring import SafeString

LEFT, RIGHT = 7.0, 11.0  # percent beside the plot
APART = 15.0  # percent between two labels of a timeline


def steps(
    points: Sequence[Mapping[str, Any]],
    *,
    lines: Sequence[tuple[Any, str]] = (),
    marks: Sequence[tuple[int, str]] = (),
    axis: tuple[int, int] | None = None,
) -> SafeString:
    """A step line with a band: `points` have `label`, `value` (None: not rated), `low` and `high`.

    `lines` are dotted levels with a name (a band's floor); `marks` are (number of the point, words) for what
    happened then. The axis fits the figures, in tens.

    >>> steps([{"label": "2026-06", "value": 57.8, "low": 50, "high": 63}], lines=[(65, "Band B 65")])  # doctest: +SKIP
    """
    known = [float(p[key]) for p in points for key in ("value", "low", "high") if p.get(key) is not None]
    known += [float(level) for level, _name in lines]
    bottom, top = axis or (
        (max(0, floor(min(known) / 10) * 10), min(100, ceil(max(known) / 10) * 10)) if known else (0, 100)
    )
    top = max(top, bottom + 10)
    high, height = 22, 168
    step = 1000 / max(len(points), 1)

    def y(value: Any) -> float:
        return height - (min(max(float(value), bottom), top) - bottom) / (top - bottom) * height

    body = ""
    every = 10 if top - bottom <= 60 else 20
    for tick in range(bottom, top + 1, every):
        body += svg.line(LEFT, high + y(tick), 100 - RIGHT, high + y(tick), "grid-line")
        body += svg.text(LEFT, high + y(tick) + 4, tick, anchor="end", fluid=True, dx=-8)
    inner, path, before = "", "", False
    for number, point in enumerate(points):
        x = number * step
        if point.get("low") is not None and point.get("high") is not None:
            inner += svg.rect(x, y(point["high"]), step + 0.2, y(point["low"]) - y(point["high"]), "soft")
        if point["value"] is None:
            before = False
            continue
        path += f"{'L' if before else 'M'}{svg.n(x)} {svg.n(y(point['value']))}H{svg.n(x + step)}"
        before = True
    wide = 100 - LEFT - RIGHT
    body += svg.plot(LEFT, high, wide, height, inner + svg.path(path, "trace-line"))
    for level, name in lines:
        body += svg.line(LEFT, high + y(level), 100 - RIGHT, high + y(level), "mark-line dashed-line")
        body += svg.text(100 - RIGHT, high + y(level) + 4, name, fluid=True, dx=6, css="lab")
    for number, words in marks:
        x = LEFT + number * step / 1000 * wide
        body += svg.line(x, 4, x, high + height, "mark-line") + svg.text(
            x, 13, words, fluid=True, dx=5, css="strong"
        )
    for number in sorted({0, len(points) // 2, len(points) - 1} if points else ()):
        x = LEFT + (number + 0.5) * step / 1000 * wide
        body += svg.text(x, high + height + 20, points[number]["label"], anchor="middle", fluid=True)
    rated = [(n, p) for n, p in enumerate(points) if p["value"] is not None]
    if rated and rated[-1][0] == len(points) - 1:
        body += svg.dot(100 - RIGHT, high + y(rated[-1][1]["value"]), 4.5)
    said = _("%(count)s periods, none rated") % {"count": len(points)}
    if rated:
        said = _("%(first)s in %(then)s, %(last)s in %(now)s; the range was %(low)s to %(high)s at the end") % {
            "first": plain(rated[0][1]["value"]), "then": rated[0][1]["label"],
            "last": plain(rated[-1][1]["value"]), "now": rated[-1][1]["label"],
            "low": plain(rated[-1][1].get("low") or rated[-1][1]["value"]),
            "high": plain(rated[-1][1].get("high") or rated[-1][1]["value"]),
        }  # fmt: skip
    return svg.fluid(high + height + 28, said, body)


def _nice(largest: float) -> int:
    """The next of 1, 2, 4, 6, 8 times a power of ten: it has a half and quarters."""
    if largest <= 1:
        return 1
    power = 10 ** floor(log10(largest))
    return next(int(power * factor) for factor in (1, 2, 4, 6, 8, 10) if power * factor >= largest)


def _thousands(value: float) -> str:
    return f"{value / 1000:g}\u202fk" if value >= 10_000 else f"{value:,.0f}"


def columns(values: Sequence[Mapping[str, Any]], *, unit: str = "") -> SafeString:
    """Small columns: mappings with `label`, `value` and, on top in red, `refused`.

    >>> columns([{"label": "06-01", "value": 23_000, "refused": 0}], unit="events")  # doctest: +SKIP
    """
    top = _nice(max((float(v["value"]) + float(v.get("refused", 0)) for v in values), default=0))
    left, high, height = 11.0, 10, 88
    step = (100 - left) / max(len(values), 1)
    body = ""
    for tick in (0, top / 2, top) if top > 1 else (0, top):
        y = high + height - tick / top * height
        body += svg.line(left, y, 100, y, "grid-line") + svg.text(
            left, y + 4, _thousands(tick), anchor="end", fluid=True, dx=-8
        )
    for number, value in enumerate(values):
        size = float(value["value"]) / top * height
        refused = float(value.get("refused", 0)) / top * height
        x, wide = left + number * step + step * 0.17, step * 0.66
        body += svg.rect(x, high + height - size, wide, size, "f5", fluid=True)
        if refused:
            refused = max(refused, 2.0)
            body += svg.rect(x, high + height - size - refused - 1, wide, refused, "bad-fill", fluid=True)
    if values:
        body += svg.text(left, high + height + 18, values[0]["label"], fluid=True)
        body += svg.text(100, high + height + 18, values[-1]["label"], anchor="end", fluid=True)
    total, lost = sum(float(v["value"]) for v in values), sum(float(v.get("refused", 0)) for v in values)
    said = _("%(total)s %(unit)s in %(count)s columns, %(lost)s refused") % {
        "total": f"{total:,.0f}", "unit": unit, "count": len(values), "lost": f"{lost:,.0f}",
    }  # fmt: skip
    return svg.fluid(
        high + height + 24, said, body, desc=", ".join(f"{v['label']}: {v['value']}" for v in values)
    )


def timeline(marks: Sequence[Mapping[str, Any]], *, target: Any = None, unit: str = "h") -> SafeString:
    """Durations on a line: mappings with `label`, `value` (hours), `strong` for the last one."""
    top = _nice(max([float(m["value"]) for m in marks] + [float(target or 0), 2.0]))
    left, wide, y = 3.0, 94.0, 30
    body = ""
    for part in range(5):
        x = left + part / 4 * wide
        body += svg.line(x, 6, x, 50, "grid-line")
        body += svg.text(x, 66, f"{top * part / 4:g} {unit}", anchor="middle", fluid=True)
    if target is not None:
        x = left + float(target) / top * wide
        body += svg.line(x, 2, x, 50, "mark-line dashed-line") + svg.text(
            x, 12, _("Target"), fluid=True, dx=5
        )
    shown: list[float] = []
    for mark in sorted(marks, key=lambda m: not m.get("strong")):
        x = left + min(float(mark["value"]) / top, 1) * wide
        strong = bool(mark.get("strong"))
        body += svg.dot(x, y, 7 if strong else 5, "dot" if strong else "ring")
        if all(abs(x - other) >= APART for other in shown):  # the table below has the labels left out
            body += svg.text(
                x, 48, mark["label"], anchor="middle", css="strong" if strong else "lab", fluid=True
            )
            shown.append(x)
    said = ", ".join(f"{m['label']}: {plain(m['value'])} {unit}" for m in marks) or _("no drill on record")
    return svg.fluid(74, said, body)
