"""Traces as plain values for the command line, the API and the pages.

Who sees only its own lots gets the others without name, place and party: a node of another party stays in the graph
with its shares and masses, and an origin keeps its country, because that is what a supplier must answer for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.utils.translation import gettext as _

from lodeline.lots.build import MIXTURE
from lodeline.lots.values import SUBSTANCES
from lodeline.quantities import NARROW, UNITS, format_mass
from lodeline_server.lots.folding import label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from lodeline.lots.graph import Edge, Node
    from lodeline.lots.origin import Gap, Origin, Source
    from lodeline.lots.trace import Trace
    from lodeline_server.lots.queries import Picture

DIGITS = Decimal("0.000001")
LONG = 15  # digits before or behind the point; longer amounts are written with an exponent


def exact(share: Fraction) -> str:
    """A share as a decimal with six places; 1 and 0 only when it is exactly that."""
    value = (Decimal(share.numerator) / Decimal(share.denominator)).quantize(DIGITS)
    if share and not value:
        return str(DIGITS)
    return str(value if share == 1 or value != 1 else 1 - DIGITS)


def kilograms(mg: int | None) -> str | None:
    """Kilograms as a decimal string."""
    return None if mg is None else f"{Decimal(mg) / 10**6:f}"


def number(amount: Decimal) -> str:
    """An amount for people, without an exponent where that is short."""
    return str(amount) if abs(amount.adjusted()) > LONG else f"{amount:,f}"


def amount_text(amount: Decimal | None, uom: str | None, mass: int | None) -> str:
    """An amount for people: 115.7 kg, 487 pieces, 12 l."""
    if amount is None:
        return _("amount unknown")
    unit = UNITS.get(uom or "C62")
    if unit is not None and unit.kind == "mass" and mass is not None:
        return format_mass(mass)
    if unit is None or unit.kind == "count":
        return _("%(n)s piece") % {"n": 1} if amount == 1 else _("%(n)s pieces") % {"n": number(amount)}
    return f"{number(amount)}{NARROW}{unit.symbol}"


@frozen(kw_only=True)
class Sight:
    """What one reader sees of a picture. `own`: keys that may be named, None for all; `party`: the reader's.

    Receipts lead to statements, and who sees only its own may open only its own.
    """

    picture: Picture
    own: frozenset[str] | None = None
    party_uri: str = ""

    @property
    def closed(self) -> bool:
        """True for a reader who sees only its own."""
        return self.own is not None

    def receipt(self, position: int, captured_by: str) -> int | None:
        """The log position of a statement, for a reader who may open it."""
        return None if self.closed and captured_by != self.party_uri else position

    def open(self, key: str) -> bool:
        """Whether a lot may be named."""
        return self.own is None or key in self.own

    def label(self, node: Node) -> str:
        """What to call a lot."""
        if not self.open(node.key):
            return _("another party")
        return _("mixture") if node.key.startswith(MIXTURE) else label(node.key)

    def site(self, node: Node) -> str:
        """The name of the site where it was made."""
        return self.picture.site(node.first.site) if self.open(node.key) else ""

    def party(self, node: Node) -> str:
        """The name of the party that made it."""
        return self.picture.party(node.first.party) if self.open(node.key) else _("another party")

    def country(self, node: Node) -> str:
        """Code of the country where it was made, or nothing."""
        place = self.picture.places.get(node.first.site)
        return place.country if place and self.open(node.key) else ""

    def source(self, source: Source) -> str:
        """The name of an origin."""
        if any(self.open(key) for key in source.lots):
            return source.place.name
        return _("another party's recycler") if source.recycled else _("another party's mine")

    def amount(self, node: Node) -> str:
        """What was made of a lot, with unit."""
        made = node.first
        return amount_text(made.amount, made.uom, node.mass)

    def as_dict(self, found: Trace, substance: str | None = None) -> dict[str, Any]:
        """A whole trace; shares and masses are decimal strings. `substance`: only this one."""
        ids = {step.node.rank: at for at, step in enumerate(found.steps)}
        return {
            "direction": found.direction,
            "position": self.picture.position,
            "target": ids[found.target.rank],
            "lots": [
                {
                    "id": ids[step.node.rank],
                    **self._node(step.node),
                    "depth": step.depth,
                    "shares": _shares(step.shares, substance),
                }
                for step in found.steps
            ],
            "edges": [self._edge(edge, ids) for edge in found.edges],
            "origins": {
                name: self._origin(one) for name, one in found.origins.items() if substance in {None, name}
            },
        }

    def _node(self, node: Node) -> dict[str, Any]:
        made, open_ = node.first, self.open(node.key)
        return {
            "key": node.key if open_ else None,
            "label": self.label(node),
            "version": node.version,
            "product": made.description.product if open_ else "",
            "quantity": None if made.amount is None else f"{made.amount:f}",
            "uom": made.uom or "C62",
            "massKg": kilograms(node.mass),
            "made": made.time.isoformat(),
            "site": made.site if open_ else "",
            "siteName": self.site(node),
            "country": self.country(node),
            "party": made.party if open_ else "",
            "partyName": self.party(node),
            "statement": self.receipt(made.position, made.party),
        }

    def _edge(self, edge: Edge, ids: Mapping[int, int]) -> dict[str, Any]:
        return {
            "from": ids[edge.source.rank],
            "to": ids[edge.target.rank],
            "massKg": kilograms(edge.mass),
            "substancesKg": {name: kilograms(mass) for name, mass in edge.masses.items()},
            "statement": self.receipt(edge.position, edge.target.first.party),
        }

    def _origin(self, one: Origin) -> dict[str, Any]:
        return {
            "name": SUBSTANCES[one.substance],
            "massKg": kilograms(one.mass),
            "sources": [self._source(source) for source in one.sources],
            "countries": {country: exact(share) for country, share in one.countries().items()},
            "unknown": exact(one.unknown),
            "gaps": [self._gap(gap) for gap in one.gaps],
        }

    def _source(self, source: Source) -> dict[str, Any]:
        lots = [key for key in source.lots if self.open(key)]
        return {
            "site": source.site if lots else "",
            "name": self.source(source),
            "country": source.place.country,
            "recycled": source.recycled,
            "share": exact(source.share),
            "lots": lots,
            "statement": None if self.closed else source.position,
        }

    def _gap(self, gap: Gap) -> dict[str, Any]:
        return {
            "lot": gap.key if self.open(gap.key) else None,
            "share": exact(gap.share),
            "statement": None if self.closed else gap.position,
        }


def _shares(shares: Mapping[str, Fraction], substance: str | None) -> dict[str, str]:
    return {name: exact(share) for name, share in shares.items() if substance in {None, name}}
