"""From the lot graph to the body of a `recall.computed` statement. Reads; writes nothing."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.lots.build import MIXTURE
from lodeline.lots.values import SUBSTANCES
from lodeline.recalls.dose import reach
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries
from lodeline_server.lots.folding import label
from lodeline_server.lots.models import Lot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lodeline.lots.graph import Edge, Node
    from lodeline.recalls.dose import Dose

METHOD = "dose-1"
BY_MASS = "mass"
PLACES = Decimal("0.000000000001")
BULK = 500


@frozen(kw_only=True)
class Order:
    """What is asked: `substance` is a symbol, `mass` for the dose by mass, or nothing for the only one stated."""

    lot: str
    threshold: Fraction
    substance: str = ""
    reason: str = ""


def rounded_up(share: Fraction) -> Decimal:
    """A share with twelve places, never below its value."""
    value = Decimal(share.numerator) / Decimal(share.denominator)
    return min(value.quantize(PLACES, rounding=ROUND_CEILING), Decimal(1))


def decide(workspace: int, order: Order) -> dict[str, Any]:
    """The recall's result: items and lots ranked by dose, where they are, what was not touched.

    Raises `Problem`: 404 for a lot that is not on record, 422 for an order that cannot be answered.
    """
    if not 0 <= order.threshold <= 1:
        raise Problem(422, "The threshold is a share", detail="Give a number from 0 to 1: 0.001 is 0.1 %.")
    lot = queries.lot(workspace, order.lot)
    picture = queries.around(workspace, [order.lot], onward=True)
    if lot is None or picture.graph.last(order.lot) is None:
        raise Problem(404, "This lot is not on record", detail=order.lot)
    substance = _substance(order.substance, lot)
    items = queries.item_keys(workspace)
    found = reach(
        picture.graph, lot.key, threshold=order.threshold, substance=substance, items=items - {lot.key}
    )
    doses = [dose for dose in (*found.affected, *found.below, *found.lots) if not _between(dose.node)]
    known = _known(workspace, {dose.node.key for dose in doses})
    reached = {dose.node.key for dose in doses if dose.node.key in items}
    shares = {dose.node.rank: dose.share for dose in (*found.affected, *found.below, *found.lots)}
    shares |= {node.rank: Fraction(1) for node in picture.graph.versions(lot.key)}
    return {
        "kind": "recall",
        "method": METHOD,
        "subject": lot.key,
        "label": lot.label,
        "product": lot.product,
        "substance": substance or "",
        "threshold": str(rounded_up(order.threshold)),
        "reason": order.reason,
        "position": picture.position,
        "affected": len(found.affected),
        "below": len(found.below),
        "lots": sum(1 for dose in found.lots if not _between(dose.node)),
        "untouched": len(items - reached - {lot.key}),
        "massMg": _text(found.lot_mass),
        "heldMg": _text(found.lot_held),
        "error": str(rounded_up(found.error)),
        "reached": [
            _hit(dose, known.get(dose.node.key), _via(dose.node, shares, substance), picture, items)
            for dose in doses
        ],
    }


def _substance(wanted: str, lot: Lot) -> str | None:
    if wanted == BY_MASS:
        return None
    if not wanted:
        stated = list(lot.composition)
        return stated[0] if len(stated) == 1 else None
    if wanted not in SUBSTANCES:
        raise Problem(
            422,
            "This substance is not tracked",
            detail=f"Give one of {', '.join(SUBSTANCES)}, or {BY_MASS}.",
        )
    if wanted not in lot.composition:
        raise Problem(
            422, "The lot states none of this substance", detail=f"{lot.label}: {', '.join(lot.composition)}"
        )
    return wanted


def _between(node: Node) -> bool:
    """True for the nodes that only stand between many inputs and many outputs."""
    return node.key.startswith(MIXTURE)


def _known(workspace: int, keys: Iterable[str]) -> dict[str, Lot]:
    wanted = sorted(keys)
    return {
        row.key: row
        for start in range(0, len(wanted), BULK)
        for row in Lot.objects.filter(workspace_id=workspace, key__in=wanted[start : start + BULK])
    }


def _hit(
    dose: Dose, lot: Lot | None, via: str, picture: queries.Picture, items: frozenset[str]
) -> dict[str, Any]:
    node = dose.node
    row: dict[str, Any] = {
        "key": node.key,
        "item": node.key in items,
        "share": str(rounded_up(dose.share)),
        "madeMg": _text(dose.made),
        "heldMg": _text(dose.held),
        "product": node.first.description.product,
        "via": via,
    }
    if lot is not None:
        row |= {
            "site": lot.current_site,
            "siteName": picture.site(lot.current_site),
            "holder": lot.holder,
            "holderName": picture.party(lot.holder),
            "inside": lot.inside,
            "status": lot.status,
        }
    return row


def _via(node: Node, shares: Mapping[int, Fraction], substance: str | None) -> str:
    """The direct input that brought most of it: what to look for on the line."""

    def brought(edge: Edge) -> Fraction:
        mass = edge.mass or 0 if substance is None else edge.masses.get(substance, 0)
        return shares.get(edge.source.rank, Fraction(0)) * mass

    known = [edge for edge in node.incoming if edge.source.rank in shares and not _between(edge.source)]
    return label(max(known, key=lambda edge: (brought(edge), edge.source.key)).source.key) if known else ""


def _text(mg: int | None) -> str | None:
    """Milligrams as text: JSON numbers end at 2^53."""
    return None if mg is None else str(mg)
