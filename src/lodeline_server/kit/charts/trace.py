"""Where it came from, in stages: cards in columns, joined by streams as wide as their share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.folding import fold
from lodeline_server.kit.charts.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.utils.safestring import SafeString

CARD, GAP, BETWEEN, TOP = 200, 46, 14, 30
BOXES = 5


def trace_columns(columns_: Sequence[Mapping[str, Any]], streams: Sequence[Mapping[str, Any]]) -> SafeString:
    """Stage columns from left (sources) to right (the asked item), inside a part that scrolls sideways.

    columns_: mappings with `title` and `cards`. A card has `id`, `title`, `lines` (at most 2 are shown), `share`
    of the whole (0 to 1 or None), and as needed `asked`, `unknown`, `level` ("E4", "S"), `mix` (pairs of a
    colour 1 to 6 or None for unknown, and a share of the card), `site` and `site_name` (what it is put
    together by when there are more than 60 cards).
    streams: mappings with `source`, `target` (card ids), `share` of the whole, and `unknown`.

    >>> trace_columns(
    ...     [{"title": "Mine", "cards": [{"id": "a", "title": "Redgum Ridge", "share": 1, "mix": [(1, 1)]}]},
    ...      {"title": "Pack", "cards": [{"id": "b", "title": "HV77", "share": 1, "asked": True}]}],
    ...     [{"source": "a", "target": "b", "share": 1}])  # doctest: +SKIP
    """
    columns, links = fold(columns_, streams)
    tall = 92 if any(len(card.get("lines", ())) > 1 for column in columns for card in column["cards"]) else 78
    places = _place(columns, links, tall)
    most = max((len(column["cards"]) for column in columns), default=1)
    height = TOP + most * (tall + BETWEEN)
    width = max(len(columns) * (CARD + GAP) - GAP, CARD) + 4
    heads = "".join(svg.text(i * (CARD + GAP) + 1, 13, column["title"]) for i, column in enumerate(columns))
    cards = "".join(_card(card, *places[card["id"]], tall) for column in columns for card in column["cards"])
    known = [
        (s, places[s["source"]], places[s["target"]])
        for s in links
        if s["source"] in places and s["target"] in places
    ]
    count = sum(len(column["cards"]) for column in columns)
    title = _("The way of the substance: %(cards)s cards in %(stages)s stages. The table below says the same") % {
        "cards": count, "stages": len(columns),
    }  # fmt: skip
    drawing = svg.fixed(width, int(height), title, heads + _streams(known, tall) + cards)
    return format_html(
        '<p class="phone-only"><a href="#graph">{}</a></p>'
        '<div class="scroll always graph" id="graph" role="region" tabindex="0" aria-label="{}">{}</div>',
        _("Show the graph"), _("Graph, scrolls sideways"), drawing,
    )  # fmt: skip


def _place(
    columns: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], tall: int
) -> dict[str, tuple[float, float]]:
    """The upper left corner of each card: the fullest column first, the others beside what they are joined to."""
    if not columns:
        return {}
    pitch = tall + BETWEEN
    most = max(len(column["cards"]) for column in columns)
    anchor = max(range(len(columns)), key=lambda i: (len(columns[i]["cards"]), -i))
    places: dict[str, tuple[float, float]] = {}
    order = [anchor, *range(anchor + 1, len(columns)), *range(anchor - 1, -1, -1)]
    near: dict[str, list[tuple[str, float]]] = {}
    for link in links:
        near.setdefault(link["source"], []).append((link["target"], float(link["share"])))
        near.setdefault(link["target"], []).append((link["source"], float(link["share"])))
    for i in order:
        cards = columns[i]["cards"]
        spread = most / max(len(cards), 1) * pitch
        wanted = {}
        for number, card in enumerate(cards):
            joined = [
                (places[other][1], share) for other, share in near.get(card["id"], ()) if other in places
            ]
            weight = sum(share for _y, share in joined)
            even = TOP + number * spread + (spread - pitch) / 2
            wanted[card["id"]] = sum(y * share for y, share in joined) / weight if weight else even
        ranked = cards if i == anchor else sorted(cards, key=lambda card: wanted[card["id"]])
        for card, y in zip(ranked, _apart([wanted[card["id"]] for card in ranked], pitch, most), strict=True):
            places[card["id"]] = (i * (CARD + GAP) + 1, y)
    return places


def _apart(wanted: list[float], pitch: float, most: int) -> list[float]:
    """The places nearest to the wanted ones that are a pitch apart and inside the drawing.

    Without its pitch, a place may not lie before the one above it: neighbours that would are put at their mean.
    """
    blocks: list[tuple[float, int]] = []  # mean, number of cards
    for number, y in enumerate(wanted):
        mean, count = y - number * pitch, 1
        while blocks and blocks[-1][0] > mean:
            above, cards = blocks.pop()
            mean, count = (above * cards + mean * count) / (cards + count), cards + count
        blocks.append((mean, count))
    slack = (most - len(wanted)) * pitch
    free = [min(max(mean, TOP), TOP + slack) for mean, count in blocks for _card in range(count)]
    return [y + number * pitch for number, y in enumerate(free)]


def _streams(
    links: list[tuple[Mapping[str, Any], tuple[float, float], tuple[float, float]]], tall: int
) -> str:
    room = tall - 10
    leaving: dict[str, float] = {}
    arriving: dict[str, float] = {}
    for link, _a, _b in links:
        leaving[link["source"]] = leaving.get(link["source"], 0.0) + float(link["share"])
        arriving[link["target"]] = arriving.get(link["target"], 0.0) + float(link["share"])
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for by, other, totals, found in ((1, 2, leaving, starts), (2, 1, arriving, ends)):
        key = "source" if by == 1 else "target"
        at: dict[str, float] = {}
        for number in sorted(range(len(links)), key=lambda i: (links[i][by][1], links[i][other][1])):
            link = links[number]
            card = link[0][key]
            y = at.get(card, link[by][1] + tall / 2 - min(totals[card], 1.0) * room / 2)
            found[number] = y
            at[card] = y + min(float(link[0]["share"]), 1.0) * room
    body = ""
    for number, (link, source, target) in enumerate(links):
        size = max(min(float(link["share"]), 1.0) * room, 0.8)
        x1, x2, a, b = source[0] + CARD, target[0], starts[number], ends[number]
        bend = (x1 + x2) / 2
        upper, lower = (
            ((x1, a), (bend, a), (bend, b), (x2, b)),
            ((bend, b + size), (bend, a + size), (x1, a + size)),
        )
        go, back = ([f"{svg.n(x)} {svg.n(y)}" for x, y in way] for way in (upper, lower))
        d = f"M{go[0]}C{' '.join(go[1:])}v{svg.n(size)}C{' '.join(back)}Z"
        if link.get("unknown"):
            body += svg.path(d, fill=svg.HATCH) + svg.path(d, "outline")
        else:
            body += svg.path(d, "stream")
    return body


def _card(card: Mapping[str, Any], x: float, y: float, tall: int) -> str:
    body = svg.rect(x, y, CARD, tall, "card asked" if card.get("asked") else "card", rx=4)
    at = y + 1
    mix = card.get("mix") or ([(None, 1)] if card.get("unknown") else ())
    for colour, share in mix:
        size = float(share) * (tall - 2)
        body += (
            svg.rect(x + 1, at, 7, size, f"f{colour}")
            if colour
            else svg.rect(x + 1, at, 7, size, fill=svg.HATCH)
        )
        at += size
    body += svg.text(x + 17, y + 21, svg.short(card["title"], 22), css="strong")
    for number, words in enumerate(card.get("lines", ())[:2]):
        body += svg.text(x + 17, y + 37 + number * 14, svg.short(words, 26))
    if card.get("share") is not None:
        body += svg.text(x + 17, y + tall - 14, percent(card["share"]), css="big")
    if card.get("level"):
        body += _level(str(card["level"]), x + CARD - 10, y + tall - 14)
    return body


def _level(level: str, right: float, base: float) -> str:
    """The evidence level at the lower right corner, as on a chip."""
    left = right - 28
    words = svg.text(left - 6, base, level, anchor="end", css="strong")
    if level == "S":
        return words + svg.path(f"M{svg.n(left)} {svg.n(base)}h6v-4h6v-5h6v5h4v-5h5v9", "mark-line")
    filled = int(level[1:]) if level[1:].isdigit() else 0
    boxes = "".join(
        svg.rect(left + number * 5.6, base - 9, 4.2, 9, "ink")
        if number < filled
        else svg.rect(left + number * 5.6 + 0.5, base - 8.5, 3.2, 8, "axis")
        for number in range(BOXES)
    )
    return words + boxes
