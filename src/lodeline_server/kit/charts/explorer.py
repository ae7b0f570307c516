"""Lots and what flows between them, each a link: the drawing of a part of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from lodeline_server.kit.charts import svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.safestring import SafeString

WIDE, TALL, ACROSS, DOWN, MORE, MANY = 176, 54, 84, 12, 34, 1000


def lot_graph(cards: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]) -> SafeString:
    """Cards in columns, joined by streams as wide as their share of what flows into their target.

    cards: mappings with `id`, `column`, `title`, `line`, `share` (words), `href`, and as needed `asked`, `later` (not
    there yet), `unknown` (0 to 1), `more` (a count), `more_href`, `more_name`.
    links: mappings with `source`, `target`, `share` (0 to 1; 0 is drawn dashed: nothing is measured), `later`.
    The layout depends on nothing but these, in any order.
    """
    places = _places(cards, links)
    left = min((x for x, _y in places.values()), default=0.0)
    places = {name: (x - left + MORE + 6, y + 4) for name, (x, y) in places.items()}
    width = max((x for x, _y in places.values()), default=0.0) + WIDE + MORE + 8
    height = max((y for _x, y in places.values()), default=0.0) + TALL + 8
    body = "".join(
        _link(link, places) for link in sorted(links, key=lambda one: (one["source"], one["target"]))
    )
    ranked = sorted(cards, key=lambda card: (places[card["id"]], card["id"]))
    body += "".join(_card(card, *places[card["id"]]) for card in ranked)
    return format_html(
        '<p class="phone-only"><a href="#graph">{}</a></p>'
        '<div class="scroll always graph" id="graph" role="region" tabindex="0" aria-label="{}">'
        '<svg class="chart fixed" width="{}" height="{}" viewBox="0 0 {} {}" role="group" '
        'aria-label="{}">{}</svg></div>',
        _("Show the graph"), _("Graph, scrolls sideways"), int(width), int(height), int(width), int(height),
        _("Lots and what flows between them; the table below says the same"),
        mark_safe(body),  # noqa: S308 - every word in it went through `escape`
    )  # fmt: skip


def _places(
    cards: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[float, float]]:
    """Beside what a card is joined to, from the asked one outwards; columns are centred on one line."""
    columns: dict[int, list[str]] = {}
    for card in sorted(cards, key=lambda one: str(one["id"])):
        columns.setdefault(int(card["column"]), []).append(card["id"])
    column_of = {name: column for column, names in columns.items() for name in names}
    near: dict[str, list[tuple[str, float]]] = {}
    for link in sorted(links, key=lambda one: (one["source"], one["target"])):
        near.setdefault(link["source"], []).append((link["target"], float(link["share"]) + 0.01))
        near.setdefault(link["target"], []).append((link["source"], float(link["share"]) + 0.01))
    middle = max((len(names) for names in columns.values()), default=1) * (TALL + DOWN) / 2
    places: dict[str, tuple[float, float]] = {}
    for column in sorted(columns, key=lambda one: (abs(one), one)):
        wanted = {}
        for number, name in enumerate(columns[column]):
            joined = [
                (places[other][1], size)
                for other, size in near.get(name, ())
                if other in places and abs(column_of[other]) < abs(column)
            ]
            whole = sum(size for _y, size in joined)
            wanted[name] = (sum(y * size for y, size in joined) / whole if whole else middle, number)
        top = middle - len(columns[column]) * (TALL + DOWN) / 2
        for number, name in enumerate(sorted(columns[column], key=wanted.__getitem__)):
            places[name] = (column * (WIDE + ACROSS), top + number * (TALL + DOWN))
    return places


def _link(link: Mapping[str, Any], places: Mapping[str, tuple[float, float]]) -> str:
    (x1, y1), (x2, y2) = places[link["source"]], places[link["target"]]
    x1, share = x1 + WIDE, float(link["share"])
    bend = (x1 + x2) / 2
    size = max(share * (TALL - 16), 1.2)
    a, b = y1 + TALL / 2 - size / 2, y2 + TALL / 2 - size / 2
    if not share or link.get("later"):
        return svg.path(_way(x1, y1 + TALL / 2, x2, y2 + TALL / 2), "later-way")
    back = f"C{_to(bend, b + size)} {_to(bend, a + size)} {_to(x1, a + size)}"
    return svg.path(f"{_way(x1, a, x2, b)}v{svg.n(size)}{back}Z", "stream")


def _way(x1: float, a: float, x2: float, b: float) -> str:
    bend = (x1 + x2) / 2
    return f"M{_to(x1, a)}C{_to(bend, a)} {_to(bend, b)} {_to(x2, b)}"


def _to(x: float, y: float) -> str:
    return f"{svg.n(x)} {svg.n(y)}"


def _card(card: Mapping[str, Any], x: float, y: float) -> str:
    css = "card asked" if card.get("asked") else "card later" if card.get("later") else "card"
    body = svg.rect(x, y, WIDE, TALL, css, rx=4)
    if part := float(card.get("unknown") or 0):
        size = part * (TALL - 2)
        body += svg.rect(x + 1, y + TALL - 1 - size, 7, size, fill=svg.HATCH)
    words = [  # with blanks between them: they are the link's name
        svg.text(x + 15, y + 21, svg.short(card["title"], 15), css="strong"),
        svg.text(x + WIDE - 8, y + 21, card["share"], anchor="end"),
        svg.text(x + 15, y + 40, svg.short(card["line"], 25)),
    ]
    body += " ".join(words)
    if card.get("href"):
        body = f'<a href="{escape(card["href"])}">{body}</a>'
    if card.get("more"):
        at = x + WIDE + 1 if int(card["column"]) > 0 else x - MORE - 1
        shown = f"+{card['more']}" if card["more"] < MANY else "+…"
        sign = svg.rect(at, y + TALL / 2 - 13, MORE, 26, "more", rx=3)
        sign += svg.text(at + MORE / 2, y + TALL / 2 + 4, shown, anchor="middle")
        name = escape(f"{shown}: {card['more_name']}")
        body += f'<a href="{escape(card["more_href"])}" aria-label="{name}">{sign}</a>'
    return body
