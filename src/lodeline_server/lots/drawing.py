"""A trace back as stage columns: one card per site, sources left, the asked lot right."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import Factory, define
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lodeline.lots.origin import begins_anew
from lodeline_server.lots.origins import Palette, origin_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lodeline.lots.graph import Node
    from lodeline.lots.trace import Trace
    from lodeline_server.lots.answers import Sight

STAGES = {
    "mine": 0, "recycler": 0, "refinery": 1, "active_material_plant": 2, "cell_plant": 3, "pack_plant": 4,
}  # fmt: skip
TITLES = {
    "refinery": gettext_lazy("Refining"),
    "active_material_plant": gettext_lazy("Active material"),
    "cell_plant": gettext_lazy("Cell"),
    "pack_plant": gettext_lazy("Pack"),
    "warehouse": gettext_lazy("Trade"),
}
UNKNOWN = "unknown"
ASKED = "asked"
Mix = dict[str | None, float]


@define
class Card:
    """The lots of one site in one column. `share` of the asked lot's substance went through it.

    What goes from one of its lots into another (carry-over) counts once.
    """

    column: int
    nodes: list[Node] = Factory(list)
    share: Fraction = Fraction(0)
    mix: Mix = Factory(dict)


class Drawing:
    """Columns and streams of one substance, for `kit.charts.trace_columns`."""

    def __init__(
        self, found: Trace, substance: str, sight: Sight, palette: Palette, levels: Mapping[str, str]
    ) -> None:
        self.found, self.sight, self.palette, self.levels = found, sight, palette, levels
        self.places = sight.picture.places
        self.origin = found.origins[substance]
        self.substance = substance
        self.shares = {rank: share for rank, share in self.origin.shares.items() if share}
        self.nodes = [step.node for step in found.steps if step.node.rank in self.shares]
        self.column = self._columns()
        self.card_of = {node.rank: self._card_id(node) for node in self.nodes}
        self.cards = self._cards()

    def _stops(self, node: Node) -> bool:
        return begins_anew(node, self.found.target, self.places)

    def _kind(self, node: Node) -> str:
        place = self.places.get(node.first.site)
        return place.kind if place else ""

    def _columns(self) -> dict[int, int]:
        """By stage, and always right of what flows in from elsewhere; the asked lot stands alone at the end.

        Where the trail ends is the first column, whatever the kind of the site.
        """
        found: dict[int, int] = {}
        for node in self.nodes:
            least = 0 if node.source else STAGES.get(self._kind(node), 1)
            for edge in () if self._stops(node) else node.incoming:
                before = found.get(edge.source.rank)
                if before is not None and edge.masses.get(self.substance):
                    apart = edge.source.first.site != node.first.site or not node.first.site
                    least = max(least, before + apart)
            found[node.rank] = least
        target = self.found.target.rank
        found[target] = max((at for rank, at in found.items() if rank != target), default=-1) + 1
        return found

    def _card_id(self, node: Node) -> str:
        if node is self.found.target:
            return ASKED
        return f"{self.column[node.rank]}:{node.first.site or node.key}"

    def _cards(self) -> dict[str, Card]:
        mixes = self._mixes()
        found: dict[str, Card] = {}
        for node in self.nodes:
            name = self.card_of[node.rank]
            card = found.setdefault(name, Card(self.column[node.rank]))
            share = self.shares[node.rank] - sum(
                (part for source, part in self._inflows(node) if source == name), Fraction(0)
            )
            card.nodes.append(node)
            card.share += share
            for origin, part in mixes[node.rank].items():
                card.mix[origin] = card.mix.get(origin, 0.0) + part * float(self.shares[node.rank])
        for card in found.values():
            whole = sum(card.mix.values())
            card.mix = {origin: part / whole for origin, part in card.mix.items()}
        return found

    def _inflows(self, node: Node) -> Iterator[tuple[str, Fraction]]:
        """(card, share of the whole) of what flows into a lot."""
        total = node.inflow(self.substance)
        if self._stops(node) or not total:
            return
        for edge in node.incoming:
            source, mass = self.card_of.get(edge.source.rank), edge.masses.get(self.substance, 0)
            if source and mass:
                yield source, self.shares[node.rank] * Fraction(mass, total)

    def _mixes(self) -> dict[int, Mix]:
        """The origin mix inside each lot, for the strip on its card."""
        found: dict[int, Mix] = {}
        for node in self.nodes:
            total = node.inflow(self.substance)
            mix: Mix = {}
            if self._stops(node):
                mix[origin_name(self.places.get(node.first.site))] = 1.0
            elif not total:
                mix[None] = 1.0
            else:
                for edge in node.incoming:
                    part = edge.masses.get(self.substance, 0) / total
                    for name, share in found.get(edge.source.rank, {}).items():
                        mix[name] = mix.get(name, 0.0) + share * part
                if left := node.unknown.get(self.substance, 0):
                    mix[None] = mix.get(None, 0.0) + left / total
            found[node.rank] = mix
        return found

    def streams(self) -> list[dict[str, Any]]:
        """What flows between cards; unknown starts at a card of its own."""
        flows: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for node in self.nodes:
            card = self.card_of[node.rank]
            for source, share in self._inflows(node):
                if source != card:
                    flows[source, card] += share
        hatched = {card: set(self.cards[card].mix) == {None} for card in self.cards}
        found = [
            {"source": source, "target": target, "share": share, "unknown": hatched[source]}
            for (source, target), share in flows.items()
        ]
        return found + [
            {"source": UNKNOWN, "target": card, "share": share, "unknown": True}
            for card, share in self._unexplained().items()
        ]

    def _unexplained(self) -> dict[str, Fraction]:
        """What lots hold beyond their inputs, by card. Sources without origin stand for themselves."""
        found: dict[str, Fraction] = defaultdict(Fraction)
        by_rank = {node.rank: node for node in self.nodes}
        for rank, amount in self._gaps().items():
            if not by_rank[rank].source or rank == self.found.target.rank:
                found[self.card_of[rank]] += amount
        return found

    def _gaps(self) -> dict[int, Fraction]:
        by_key: dict[str, Fraction] = defaultdict(Fraction)
        for gap in self.origin.gaps:
            by_key[gap.key] += gap.share
        found: dict[int, Fraction] = {}
        for node in reversed(self.nodes):  # the newest version stands for its key
            if node.key in by_key:
                found[node.rank] = by_key.pop(node.key)
        return found

    def columns(self) -> list[dict[str, Any]]:
        """Columns from left to right, the largest card first, unknown last."""
        found: dict[int, list[dict[str, Any]]] = defaultdict(list)
        kinds: dict[int, list[str]] = defaultdict(list)
        ranked = sorted(self.cards.items(), key=lambda item: (None in item[1].mix, -item[1].share, item[0]))
        for name, card in ranked:
            found[card.column].append(self._shown(name, card))
            kinds[card.column] += [self._kind(node) for node in card.nodes]
        if unexplained := sum(self._unexplained().values(), Fraction(0)):
            found[0].append(self._unknown(unexplained))
        return [
            {"title": self._title(column, kinds[column]), "cards": found[column]} for column in sorted(found)
        ]

    def _title(self, column: int, kinds: list[str]) -> str:
        if not column:
            return _("Source")
        names = dict.fromkeys(str(TITLES[kind]) for kind in kinds if kind in TITLES)
        return " · ".join(list(names)[:2]) or _("Later")

    def _shown(self, name: str, card: Card) -> dict[str, Any]:
        node = max(card.nodes, key=lambda one: (self.shares[one.rank], one.key))
        more = len(card.nodes) - 1
        label = self.sight.label(node)
        lots = label if not more else ngettext("%(lot)s and %(n)s more lot", "%(lot)s and %(n)s more lots", more) % {
            "lot": label, "n": more,
        }  # fmt: skip
        site = self.sight.site(node)
        shown: dict[str, Any] = {
            "id": name, "title": site or _("another party"), "lines": [lots], "share": card.share,
            "mix": [(self.palette.colour(part), size) for part, size in self._ranked(card)],
            "level": self.levels.get(node.first.site, "S" if node.incoming else "E1"),
            "site": node.first.site, "site_name": site,
        }  # fmt: skip
        if name == ASKED:
            shown |= {
                "title": label,
                "lines": [node.first.description.product, site],
                "asked": True,
                "level": "S",
            }
        elif not self._stops(node):
            shown["level"] = "S"
        elif origin_name(self.places.get(node.first.site)) is None:
            shown |= {"lines": [lots, _("no inputs linked")], "unknown": True, "level": "E0"}
        return shown

    def _ranked(self, card: Card) -> list[tuple[str | None, float]]:
        """Named origins in the order of the key, unknown last."""
        return sorted(card.mix.items(), key=lambda item: (item[0] is None, self.palette.order(item[0])))

    def _unknown(self, share: Fraction) -> dict[str, Any]:
        return {
            "id": UNKNOWN, "title": _("Unknown source"), "lines": [_("more than the inputs hold")],
            "share": share, "unknown": True, "level": "E0",
        }  # fmt: skip
