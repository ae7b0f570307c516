"""Drawings made on the server: SVG with classes, no style attributes. Each page repeats the facts in a table.

Numbers may be int, float, Decimal or Fraction; what is unknown is hatched.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HATCH = (
    '<defs><pattern id="{0}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="{1}" d="M0 0v5"/></pattern></defs>'
)
_hatches = {"hatch": "hatch-line", "hatch-accent": "hatch-accent", "hatch-bad": "hatch-bad"}


def n(value: Any) -> str:
    """A coordinate with at most one decimal."""
    return f"{float(value):.1f}".removesuffix(".0")


def frame(
    width: int, height: int, title: str, body: str, *, css: str = "chart", uses: Iterable[str] = ()
) -> SafeString:
    """The outer element with its name for screen readers and the hatchings it uses."""
    defs = "".join(HATCH.format(name, _hatches[name]) for name in uses)
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        css, width, height, width, height, title, mark_safe(defs), mark_safe(body),  # noqa: S308
    )  # fmt: skip


def rect(x: Any, y: Any, width: Any, height: Any, css: str = "", fill: str = "") -> str:
    """A rectangle as markup."""
    extra = f' class="{css}"' if css else f' fill="url(#{fill})"'
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(max(float(width), 0))}" height="{n(height)}"{extra}/>'


def text(x: Any, y: Any, words: Any, *, anchor: str = "start", css: str = "") -> str:
    """Text as markup, escaped."""
    return format_html(
        '<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>', n(x), n(y), anchor, css, words
    )


def interval(low: Any, q05: Any, point: Any, q95: Any, high: Any, *, compact: bool = False) -> SafeString:
    """Axis 0 to 100 with bounds (line), likely range (band) and point (dot)."""
    width, left, y = (140, 4, 8) if compact else (250, 8, 12)
    scale = (width - 2 * left) / 100

    def x(value: Any) -> float:
        return left + float(value) * scale

    body = f'<path class="axis" d="M{left} {y}H{width - left}"/>'
    body += f'<path class="stroke" d="M{n(x(low))} {y - 4}v8M{n(x(low))} {y}H{n(x(high))}M{n(x(high))} {y - 4}v8"/>'
    if point is not None:
        body += rect(x(q05), y - 4, (float(q95) - float(q05)) * scale, 8, "band")
        body += f'<circle class="dot" cx="{n(x(point))}" cy="{y}" r="4"/>'
    if not compact:
        body += "".join(text(x(tick), 34, tick, anchor="middle") for tick in (0, 25, 50, 75, 100))
    said = f"point {point}, likely range {q05} to {q95}, " if point is not None else "not rated, "
    return frame(width, 16 if compact else 38, f"{said}bounds {low} to {high} of 100", body)


def coverage(value: Any, floor: Any = None) -> SafeString:
    """Share with evidence, 0 to 1; a gap marks the floor."""
    width, share = 220, float(value)
    body = rect(0, 2, width, 8, fill="hatch") + rect(0, 2, share * width, 8, "solid")
    if floor is not None:
        body += rect(float(floor) * width - 1, 0, 2, 12, "card")
    return frame(width, 12, f"{share:.0%}", body, uses=["hatch"])


def bar(share: Any) -> SafeString:
    """A thin bar for a table cell, 0 to 1."""
    body = f'<path class="grid-line" d="M0 5h120"/>{rect(0, 1, min(float(share), 1) * 120, 8, "f1")}'
    return format_html(
        '<svg class="bar" width="120" height="10" viewBox="0 0 120 10" aria-hidden="true">{}</svg>',
        mark_safe(body),  # noqa: S308
    )


def stacked(parts: Sequence[dict[str, Any]], width: int = 560) -> SafeString:
    """Shares side by side: dictionaries with label, share, and colour (1 to 6) or unknown=True."""
    body, at = "", 0.0
    for part in parts:
        size = float(part["share"]) * width
        if part.get("unknown"):
            body += rect(at, 0, size, 26, fill="hatch") + rect(at + 0.5, 0.5, size - 1, 25, "outline")
        else:
            body += rect(at, 0, max(size - 1, 0.5), 26, f"f{part['colour']}")
        at += size
    said = ", ".join(f"{part['label']} {float(part['share']):.1%}" for part in parts)
    return frame(width, 26, said, body, uses=["hatch"])


def swatch(colour: int | None) -> SafeString:
    """The key's mark of a colour; None is unknown."""
    body = (
        rect(0, 0, 14, 10, f"f{colour}")
        if colour
        else rect(0, 0, 14, 10, fill="hatch") + rect(0.5, 0.5, 13, 9, "outline")
    )
    return format_html(
        '<svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">{}{}</svg>',
        mark_safe("" if colour else HATCH.format("hatch", "hatch-line")),  # noqa: S308
        mark_safe(body),  # noqa: S308
    )


def waterfall(rows: Sequence[dict[str, Any]], *, start: Any, end: Any, floor: int = 0) -> SafeString:
    """From `start` down to `end`. Rows: label and parts (value, cap, age, missing), all in points."""
    width, row_height, left = 620, 34, 150
    scale = (width - left - 20) / (float(start) - floor)
    kinds = (("value", "f5", ""), ("cap", "", "hatch-accent"), ("age", "f2", ""), ("missing", "", "hatch"))

    def x(value: float) -> float:
        return left + (value - floor) * scale

    at, y = float(start), 24
    body = "".join(
        f'<path class="grid-line" d="M{n(x(tick))} 16V{(len(rows) + 1) * row_height + 14}"/>'
        + text(x(tick), 12, tick, anchor="middle")
        for tick in range(floor, int(start) + 1, 10)
    )
    body += f'<circle class="dot" cx="{n(x(at))}" cy="{y}" r="4"/>'
    for row in rows:
        body += text(0, y + 17, row["label"], css="strong")
        drop = sum(float(row.get(kind, 0)) for kind, _, _ in kinds)
        body += text(x(at - drop) - 6, y + 17, f"−{drop:.1f}" if drop else "0", anchor="end")
        edge = at
        for kind, css, fill in kinds:
            size = float(row.get(kind, 0))
            if size:
                body += rect(x(edge - size), y + 6, size * scale, 14, css, fill)
                edge -= size
        at -= drop
        body += f'<path class="axis" d="M{n(x(at))} {y + 20}v{row_height - 14}"/>'
        y += row_height
    body += f'<circle class="dot" cx="{n(x(float(end)))}" cy="{y + 12}" r="5"/>' + text(
        0, y + 17, end, css="big"
    )
    return frame(width, y + 30, f"from {start} down to {end} points", body, uses=["hatch", "hatch-accent"])


def steps(points: Sequence[dict[str, Any]], *, lines: Sequence[tuple[Any, str]] = ()) -> SafeString:
    """A step chart 0 to 100. Points: label, value (None: not rated), low, high; lines: (value, name)."""
    width, height, left, bottom = 620, 240, 32, 210
    step = (width - left - 20) / max(len(points), 1)

    def y(value: Any) -> float:
        return bottom - float(value) * 1.9

    body = "".join(
        f'<path class="grid-line" d="M{left} {n(y(tick))}H{width - 20}"/>'
        + text(left - 6, y(tick) + 4, tick, anchor="end")
        for tick in (0, 20, 40, 60, 80, 100)
    )
    for number, point in enumerate(points):
        x = left + number * step
        if point.get("low") is not None:
            body += rect(x, y(point["high"]), step, y(point["low"]) - y(point["high"]), "soft")
    path, before = "", None
    for number, point in enumerate(points):
        x = left + number * step
        if point["value"] is None:
            before = None
            continue
        path += f"{'M' if before is None else 'L'}{n(x)} {n(y(point['value']))}H{n(x + step)}"
        before = point["value"]
    body += f'<path class="trace-line" d="{path or "M0 0"}"/>'
    for value, name in lines:
        body += f'<path class="axis" stroke-dasharray="2 3" d="M{left} {n(y(value))}H{width - 20}"/>' + text(
            width - 20, y(value) - 4, name, anchor="end"
        )
    for number in sorted({0, len(points) // 2, len(points) - 1} if points else ()):
        body += text(left + number * step, 230, points[number]["label"])
    return frame(width, height, "score over time; the table below holds the same figures", body)


def columns(values: Sequence[dict[str, Any]], *, unit: str = "") -> SafeString:
    """Small columns: dictionaries with label, value and, on top, refused."""
    width, height, bottom = 420, 130, 104
    top = max((float(v["value"]) + float(v.get("refused", 0)) for v in values), default=0) or 1
    step = width / max(len(values), 1)
    body = f'<path class="axis" d="M0 {bottom}H{width}"/>' + text(0, 10, f"{top:,.0f} {unit}".strip())
    for number, value in enumerate(values):
        size, refused = float(value["value"]) / top * 84, float(value.get("refused", 0)) / top * 84
        body += rect(number * step + 2, bottom - size, step - 4, size, "f5")
        body += (
            rect(number * step + 2, bottom - size - refused, step - 4, refused, fill="hatch-bad")
            if refused
            else ""
        )
    if values:
        body += text(0, 122, values[0]["label"]) + text(width, 122, values[-1]["label"], anchor="end")
    return frame(width, height, "the same figures stand in the table", body, uses=["hatch-bad"])


def dose_curve(shares: Sequence[Any], threshold: Any) -> SafeString:
    """Ranked doses on a log scale from 100 % to 0.0001 %, with the threshold as a line."""
    from math import log10

    width, height, left, top, bottom = 620, 250, 52, 12, 212

    def y(share: float) -> float:
        return top + (bottom - top) * min(max(-log10(max(share, 1e-6)), 0), 6) / 6

    count = max(len(shares), 1)
    xs = [left + (width - left - 16) * (number / count) ** 0.5 for number in range(count + 1)]
    body = "".join(
        f'<path class="grid-line" d="M{left} {n(y(10.0**-k))}H{width - 16}"/>'
        + text(
            left - 6,
            y(10.0**-k) + 4,
            ("100 %", "10 %", "1 %", "0.1 %", "0.01 %", "0.001 %", "")[k],
            anchor="end",
        )
        for k in range(7)
    )
    limit = float(threshold)
    for (x1, x2), share in zip(pairwise(xs), shares, strict=False):
        height_at = bottom - y(float(share))
        body += rect(
            x1,
            y(float(share)),
            x2 - x1 + 0.3,
            height_at,
            *(("soft",) if float(share) >= limit else ("", "hatch")),
        )
    if shares:
        line = "".join(f"L{n(x)} {n(y(float(share)))}" for x, share in zip(xs, shares, strict=False))
        body += f'<path class="trace-line" d="M{line[1:]}H{n(xs[-1])}"/>'
    if limit > 0:
        body += f'<path class="gate" d="M{left} {n(y(limit))}H{width - 16}"/>'
        body += text(
            width - 20, y(limit) - 6, f"threshold {limit:.4%}".rstrip("0"), anchor="end", css="strong"
        )
    body += (
        text(left, 232, 1)
        + text(width - 16, 232, f"{len(shares):,}", anchor="end")
        + text(width / 2, 246, "items, ranked by dose", anchor="middle")
    )
    return frame(
        width,
        height,
        "dose of each item, ranked; the table below holds the same figures",
        body,
        uses=["hatch"],
    )


def trace_columns(columns_: Sequence[dict[str, Any]], streams: Sequence[dict[str, Any]]) -> SafeString:
    """Cards in stage columns, joined by streams whose width is a share of the whole.

    columns_: dictionaries with title and cards; a card has id, title, lines (at most 2), share, and optionally asked,
    unknown, mix (list of (colour or None, share)). streams: source, target (card ids), share, and optionally unknown.
    """
    card_width, gap, row, top = 176, 60, 84, 30
    width = max(len(columns_) * (card_width + gap) - gap, card_width) + 2
    tallest = max((len(column["cards"]) for column in columns_), default=1)
    height = top + tallest * row + 10
    place: dict[str, tuple[float, float]] = {}
    heads, cards = "", ""
    for number, column in enumerate(columns_):
        x = number * (card_width + gap) + 1
        heads += text(x, 14, column["title"])
        space = (height - top) / max(len(column["cards"]), 1)
        for index, card in enumerate(column["cards"]):
            y = top + index * space + (space - row) / 2 + 4
            place[card["id"]] = (x, y)
            cards += _card(card, x, y, card_width, row - 12)
    body = ""
    used: dict[tuple[str, str], float] = {}
    thickness = row - 16
    for stream in sorted(streams, key=lambda s: (place[s["target"]][1], place[s["source"]][1])):
        (x1, y1), (x2, y2) = place[stream["source"]], place[stream["target"]]
        size = max(float(stream["share"]) * thickness, 0.8)
        a = y1 + 2 + used.get(("out", stream["source"]), 0.0)
        b = y2 + 2 + used.get(("in", stream["target"]), 0.0)
        used["out", stream["source"]] = used.get(("out", stream["source"]), 0.0) + size
        used["in", stream["target"]] = used.get(("in", stream["target"]), 0.0) + size
        x1 += card_width
        middle = (x1 + x2) / 2
        path = f"M{n(x1)} {n(a)}C{n(middle)} {n(a)} {n(middle)} {n(b)} {n(x2)} {n(b)}v{n(size)}C{n(middle)} {n(b + size)} {n(middle)} {n(a + size)} {n(x1)} {n(a + size)}Z"
        body += f'<path d="{path}" ' + (
            'fill="url(#hatch)"/>' if stream.get("unknown") else 'class="stream"/>'
        )
    return frame(
        int(width),
        int(height),
        "flow of the substance; the table below holds the same facts",
        heads + body + cards,
        uses=["hatch"],
    )


def _card(card: dict[str, Any], x: float, y: float, width: float, height: float) -> str:
    body = rect(x, y, width, height, "card asked" if card.get("asked") else "card")
    at = y + 1
    for colour, share in card.get("mix", ()):
        size = float(share) * (height - 2)
        body += rect(x + 1, at, 6, size, f"f{colour}") if colour else rect(x + 1, at, 6, size, fill="hatch")
        at += size
    body += text(x + 14, y + 18, _short(card["title"], 25), css="strong")
    for number, line in enumerate(card.get("lines", ())[:2]):
        body += text(x + 14, y + 33 + number * 14, _short(line, 28))
    if card.get("share") is not None:
        body += text(x + width - 8, y + height - 8, f"{float(card['share']):.1%}", anchor="end", css="big")
    return body


def _short(words: Any, limit: int) -> str:
    said = str(words)
    return said if len(said) <= limit else said[: limit - 1] + "…"


def legend(entries: Iterable[tuple[int | None, str]]) -> SafeString:
    """The key of colours: (colour or None for unknown, name)."""
    return format_html(
        '<ul class="key">{}</ul>',
        format_html_join("", "<li>{}{}</li>", ((swatch(c), name) for c, name in entries)),
    )
