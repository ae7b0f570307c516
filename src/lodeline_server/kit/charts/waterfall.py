"""From the possible points down to the score, one row per indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.numbers import points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.safestring import SafeString

# What takes points away: key in a row, class, hatching, words.
KINDS = (
    ("value", "f5", "", gettext_lazy("value gap")),
    ("cap", "outline-accent", svg.HATCH_ACCENT, gettext_lazy("evidence cap")),
    ("age", "f2", "", gettext_lazy("age")),
    ("missing", "outline", svg.HATCH, gettext_lazy("missing")),
)
LEFT, WIDTH = 9.0, 88.0  # percent of the drawing before the axis begins, and of the axis


class _Scale:
    def __init__(self, start: Any, floor: Any) -> None:
        self.start, self.floor = float(start), float(floor)

    def __call__(self, value: Any) -> float:
        return LEFT + (float(value) - self.floor) / (self.start - self.floor) * WIDTH


def lowest(end: Any, start: Any = 100) -> int:
    """Where the axis begins: the tens below the score, at most half of the way up."""
    return max(0, min(int(float(end)) // 10 * 10 - 10, int(float(start)) // 2))


def _grid(scale: _Scale) -> str:
    ticks = range(int(scale.floor), int(scale.start) + 1, 10)
    return "".join(svg.line(scale(tick), 0, scale(tick), "100%", "grid-line") for tick in ticks)


def _bars(row: Mapping[str, Any], at: float, scale: _Scale) -> tuple[str, float, str]:
    body, edge, said = "", at, []
    for kind, css, fill, words in KINDS:
        size = float(row.get(kind) or 0)
        if size > 0:
            x, wide = scale(edge - size), scale(edge) - scale(edge - size)
            body += svg.rect(x, -7, wide, 14, "" if fill else css, fill=fill, fluid=True)
            body += svg.rect(x, -6.5, wide, 13, css, fill="none", fluid=True) if fill else ""
            edge -= size
            said.append(f"{words} {points(size)}")
    drop = at - edge
    label = f"−{points(drop)}" if drop > 0 else "0"
    body += svg.text(scale(edge), 4, label, anchor="end", fluid=True, dx=-6)
    return body, edge, ", ".join(said) or _("nothing lost")


def _cell(title: str, body: str) -> SafeString:
    drawing = svg.fluid(100, title, body, css="fall")
    return mark_safe(drawing.replace('height="100"', 'height="100%"', 1))  # noqa: S308


def waterfall_cells(
    rows: Sequence[Mapping[str, Any]],
    *,
    start: Any,
    end: Any,
    floor: int | None = None,
    interval: tuple[Any, Any] | None = None,
) -> dict[str, Any]:
    """The drawing cut into table cells, so that it stays beside its rows at any height of text.

    rows: mappings with `label` and, in points, `value`, `cap`, `age`, `missing`: what is lost and why. They
    add up to start minus end. Answers a dictionary: `axis` (for the head), `start` (row "possible"), `rows`
    (one per row), `end` (row "score"), `floor`. Each goes into a `<td class="fall">`; the axis into `<th>`.
    """
    begin = lowest(end, start) if floor is None else floor
    scale = _Scale(start, begin)
    ticks = range(begin, int(float(start)) + 1, 10)
    axis = "".join(svg.text(scale(tick), 12, tick, anchor="middle", fluid=True) for tick in ticks)
    grid, at, cells = _grid(scale), float(start), []
    first = (
        grid
        + svg.line(scale(at), "50%", scale(at), "100%", "join")
        + _middle(svg.dot(scale(at), 0, 4, "solid"))
    )
    for row in rows:
        bars, after, said = _bars(row, at, scale)
        body = grid + svg.line(scale(at), 0, scale(at), "50%", "join")
        body += svg.line(scale(after), "50%", scale(after), "100%", "join") + _middle(bars)
        cells.append(_cell(f"{row['label']}: {said}", body))
        at = after
    last = grid + svg.line(scale(at), 0, scale(at), "50%", "join")
    mark = ""
    said = points(end)
    if interval is not None:
        low, high = (max(float(edge), begin) for edge in interval)
        mark = svg.rect(scale(low), -4, scale(high) - scale(low), 8, "band", fluid=True)
        said += " · " + _("5 to 95 %%: %(low)s to %(high)s") % {
            "low": points(interval[0]),
            "high": points(interval[1]),
        }
    beside = max(scale(end), scale(max(float(interval[1]), begin)) if interval is not None else 0.0)
    mark += svg.dot(scale(max(float(end), begin)), 0, 5)
    mark += svg.text(beside, 4, said, css="strong", fluid=True, dx=10) if beside < 66 else ""
    return {
        "axis": svg.fluid(16, _("points from %(low)s to %(high)s") % {"low": begin, "high": start}, axis),
        "start": _cell(_("possible: %(points)s") % {"points": points(start)}, first),
        "rows": cells,
        "end": _cell(_("score: %(said)s") % {"said": said}, last + _middle(mark)),
        "floor": begin,
    }


def _middle(body: str) -> str:
    return f'<svg y="50%" width="100%" overflow="visible">{body}</svg>'


def waterfall(rows: Sequence[Mapping[str, Any]], *, start: Any, end: Any, floor: int = 0) -> SafeString:
    """The same as one drawing with its own labels, for places without a table beside it."""
    scale, row_height = _Scale(start, floor), 36
    height = (len(rows) + 2) * row_height + 24
    ticks = range(floor, int(float(start)) + 1, 10)
    body = "".join(
        svg.line(scale(tick), 20, scale(tick), height, "grid-line")
        + svg.text(scale(tick), 12, tick, anchor="middle", fluid=True)
        for tick in ticks
    )
    at, y = float(start), 20 + row_height / 2
    body += svg.dot(scale(at), y, 4, "solid")
    said = []
    for row in rows:
        bars, after, why = _bars(row, at, scale)
        body += svg.line(scale(at), y, scale(at), y + row_height, "join")
        y += row_height
        body += f'<svg y="{svg.n(y)}" width="100%" overflow="visible">{bars}</svg>'
        body += svg.text(0, y + 4, row["label"], css="strong", fluid=True)
        said.append(f"{row['label']}: {why}")
        at = after
    body += svg.line(scale(at), y, scale(at), y + row_height, "join") + svg.dot(scale(end), y + row_height, 5)
    body += svg.text(scale(end), y + row_height + 4, points(end), css="strong", fluid=True, dx=10)
    title = _("from %(start)s down to %(end)s points") % {"start": points(start), "end": points(end)}
    return svg.fluid(int(height), title, body, desc=svg.joined(said))
