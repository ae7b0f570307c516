"""Fewer cards for large graphs: by site first, then the smallest of a column into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST: Final = 60
Card = dict[str, Any]


def fold(
    columns: Sequence[Mapping[str, Any]], streams: Sequence[Mapping[str, Any]], most: int = MOST
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Columns and streams with at most `most` cards (but at least one per column that has any).

    Cards of one column with the same `site` become one that says how many lots are inside; if that is not
    enough, the smallest of each column are put together. The asked card stays. Shares are added, never lost.
    """
    plain = [dict(column) for column in columns]
    if sum(len(column["cards"]) for column in plain) <= most:
        return plain, [dict(stream) for stream in streams]
    plain, links = _merge(plain, streams, lambda card, _rank: card.get("site"))
    if sum(len(column["cards"]) for column in plain) > most:
        room = max(most // max(len(plain), 1), 1)
        plain, links = _merge(
            plain, links, lambda card, rank: None if rank < room - 1 or card.get("asked") else "rest"
        )
    return plain, links


def _merge(
    columns: Sequence[Mapping[str, Any]],
    streams: Sequence[Mapping[str, Any]],
    group: Callable[[Card, int], str | None],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    became: dict[str, str] = {}
    folded = []
    for number, column in enumerate(columns):
        order = sorted(column["cards"], key=lambda card: -float(card.get("share") or 0))
        rank = {card["id"]: place for place, card in enumerate(order)}
        groups: dict[str, list[Card]] = {}
        for card in column["cards"]:
            name = None if card.get("asked") else group(card, rank[card["id"]])
            key = card["id"] if name is None else f"{number}:{name}:{bool(card.get('unknown'))}"
            groups.setdefault(key, []).append(card)
            became[card["id"]] = key
        folded.append({**column, "cards": [_together(key, cards) for key, cards in groups.items()]})
    links: dict[tuple[str, str, bool], Any] = {}
    for stream in streams:
        source, target = became[stream["source"]], became[stream["target"]]
        if source != target:
            way = (source, target, bool(stream.get("unknown")))
            links[way] = links.get(way, 0) + stream["share"]
    return folded, [
        {"source": source, "target": target, "share": share, "unknown": unknown}
        for (source, target, unknown), share in links.items()
    ]


def _together(key: str, cards: list[Card]) -> Card:
    if len(cards) == 1:
        return {**cards[0], "id": key}
    lots = sum(int(card.get("lots", 1)) for card in cards)
    names = {card.get("site_name") for card in cards}
    name = names.pop() if len(names) == 1 else None
    total = sum(float(card.get("share") or 0) for card in cards)
    mix: dict[Any, float] = {}
    for card in cards:
        weight = float(card.get("share") or 0) / total if total else 1 / len(cards)
        for colour, share in card.get("mix", ()):
            mix[colour] = mix.get(colour, 0.0) + weight * float(share)
    return {
        "id": key,
        "title": name or _("%(count)s smaller ones") % {"count": len(cards)},
        "lines": [_("%(count)s lots") % {"count": f"{lots:,}"}],
        "share": sum((card["share"] for card in cards if card.get("share") is not None), start=0),
        "unknown": all(card.get("unknown") for card in cards),
        "mix": sorted(mix.items(), key=lambda part: part[0] or 99),
        "lots": lots,
        "site_name": name,
    }
