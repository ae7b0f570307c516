"""Shares side by side: where a substance comes from. Unknown keeps its own hatched part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HUES = 6
ROOM = 0.07  # the smallest part that holds its own figure


def stacked(parts: Sequence[Mapping[str, Any]], *, height: int = 26, labels: bool = True) -> SafeString:
    """One bar of shares that add up to one, as wide as its container.

    parts: mappings with `label`, `share` (0 to 1) and `colour` (1 to 6), or `unknown=True`.

    >>> stacked([{"label": "Australia", "share": Decimal("0.46"), "colour": 1},
    ...          {"label": "unknown", "share": Decimal("0.54"), "unknown": True}])  # doctest: +SKIP
    """
    body, at = "", 0.0
    for part in parts:
        size = float(part["share"]) * 100
        unknown = bool(part.get("unknown"))
        if unknown:
            body += svg.rect(at, 0, size, height, fill=svg.HATCH, fluid=True)
            body += svg.rect(at, 0.5, size, height - 1, "outline", fill="none", fluid=True)
        else:
            body += svg.rect(at, 0, max(size - 0.25, 0.15), height, f"f{part['colour']}", fluid=True)
        if labels and float(part["share"]) >= ROOM:
            words = percent(part["share"])
            if unknown:
                body += svg.plot_plate(at + 0.5, (height - 16) / 2, len(words))
            css = "lab strong" if unknown else f"lab on{part['colour']}"
            body += svg.text(at, height / 2 + 4, words, css=css, fluid=True, dx=9)
        at += size
    said = ", ".join(f"{part['label']} {percent(part['share'])}" for part in parts)
    return svg.fluid(height, said or "–", body, css="chart stack")


def colours(names: Iterable[str]) -> dict[str, int]:
    """A hue per name in the order given, one to five; the sixth is for all others.

    Give the names by falling share of the whole page, so that a country keeps its hue on it.
    """
    return {name: min(number, HUES) for number, name in enumerate(dict.fromkeys(names), 1)}


def swatch(colour: int | None) -> SafeString:
    """The key's mark of a colour; None is unknown."""
    body = (
        svg.rect(0, 0, 14, 10, f"f{colour}")
        if colour
        else svg.rect(0, 0, 14, 10, fill=svg.HATCH) + svg.rect(0.5, 0.5, 13, 9, "outline", fill="none")
    )
    return mark_safe(f'<svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">{body}</svg>')  # noqa: S308


def pattern(fill: str) -> SafeString:
    """The key's mark of a hatching: "hatch", "hatch-accent" or "hatch-bad"."""
    fills = {"hatch": svg.HATCH, "hatch-accent": svg.HATCH_ACCENT, "hatch-bad": svg.HATCH_BAD}
    edges = {"hatch": "outline", "hatch-accent": "outline-accent", "hatch-bad": "outline-bad"}
    body = svg.rect(0, 0, 14, 10, fill=fills[fill]) + svg.rect(0.5, 0.5, 13, 9, edges[fill], fill="none")
    return mark_safe(f'<svg width="14" height="10" viewBox="0 0 14 10" aria-hidden="true">{body}</svg>')  # noqa: S308


def legend(entries: Iterable[tuple[int | str | None, Any]]) -> SafeString:
    """The key: (colour 1 to 6, or the name of a hatching, or None for unknown; words)."""
    return format_html(
        '<ul class="key">{}</ul>',
        format_html_join(
            "",
            "<li>{}{}</li>",
            ((pattern(mark) if isinstance(mark, str) else swatch(mark), words) for mark, words in entries),
        ),
    )
