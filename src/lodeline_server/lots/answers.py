"""Traces as plain values for the command line, the API and the pages."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.lots.values import SUBSTANCES
from lodeline.quantities import NARROW, format_mass

if TYPE_CHECKING:
    from fractions import Fraction

    from lodeline.lots.graph import Node
    from lodeline.lots.origin import Origin
    from lodeline.lots.trace import Trace
    from lodeline_server.lots.queries import Picture

DIGITS = Decimal("0.000001")
SHOWN = Decimal("0.1")


def exact(share: Fraction) -> str:
    """A share as a decimal with six places; 1 and 0 only when it is exactly that."""
    return str((Decimal(share.numerator) / Decimal(share.denominator)).quantize(DIGITS))


def percent(share: Fraction) -> str:
    """A share for people: one decimal; less than that is said in words."""
    value = (Decimal(share.numerator) * 100 / Decimal(share.denominator)).quantize(SHOWN)
    if share and not value:
        return f"<0.1{NARROW}%"
    return f"{value}{NARROW}%"


def amount_text(node: Node) -> str:
    """What was made of a lot, with unit."""
    made = node.first
    if node.mass is not None and made.uom:
        return format_mass(node.mass) if made.uom != "C62" else f"{made.amount:,f}{NARROW}pieces"
    if made.amount is None:
        return "amount unknown"
    return f"{made.amount:,f}{NARROW}{made.uom or 'pieces'}"


def _kilograms(mg: int | None) -> str | None:
    return None if mg is None else f"{Decimal(mg) / 10**6:f}"


def _node(node: Node, seen: Picture) -> dict[str, Any]:
    made = node.first
    place = seen.places.get(made.site)
    return {
        "key": node.key,
        "version": node.version,
        "product": made.description.product,
        "quantity": None if made.amount is None else f"{made.amount:f}",
        "uom": made.uom or "C62",
        "massKg": _kilograms(node.mass),
        "made": made.time.isoformat(),
        "site": made.site,
        "siteName": seen.site(made.site),
        "country": place.country if place else None,
        "party": made.party,
        "partyName": seen.party(made.party),
        "statement": made.position,
    }


def origin_dict(one: Origin) -> dict[str, Any]:
    """The origin of one substance; shares are decimals of one."""
    return {
        "name": SUBSTANCES[one.substance],
        "massKg": _kilograms(one.mass),
        "sources": [
            {
                "site": source.site,
                "name": source.place.name,
                "country": source.place.country,
                "recycled": source.recycled,
                "share": exact(source.share),
                "lots": list(source.lots),
                "statement": source.position,
            }
            for source in one.sources
        ],
        "countries": {country: exact(share) for country, share in one.countries().items()},
        "unknown": exact(one.unknown),
        "gaps": [{"lot": gap.key, "share": exact(gap.share), "statement": gap.position} for gap in one.gaps],
    }


def as_dict(found: Trace, seen: Picture, substance: str | None = None) -> dict[str, Any]:
    """A whole trace."""

    def kept(shares: Any) -> dict[str, str]:
        return {name: exact(share) for name, share in shares.items() if substance in {None, name}}

    return {
        "direction": found.direction,
        "position": seen.position,
        "target": _node(found.target, seen),
        "lots": [
            {**_node(step.node, seen), "depth": step.depth, "shares": kept(step.shares)}
            for step in found.steps
        ],
        "edges": [
            {
                "from": edge.source.key,
                "fromVersion": edge.source.version,
                "to": edge.target.key,
                "toVersion": edge.target.version,
                "massKg": _kilograms(edge.mass),
                "substancesKg": {name: _kilograms(mass) for name, mass in edge.masses.items()},
                "statement": edge.position,
            }
            for edge in found.edges
        ],
        "origins": {
            name: origin_dict(one) for name, one in found.origins.items() if substance in {None, name}
        },
    }
