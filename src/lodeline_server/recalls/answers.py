"""Recalls as plain values for the command line and the API. Shares and masses are decimal strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.lots.answers import kilograms
from lodeline_server.recalls import queries
from lodeline_server.recalls.lists import plain

if TYPE_CHECKING:
    from lodeline_server.recalls.models import Hit, Recall


def head(recall: Recall) -> dict[str, Any]:
    """A recall without its lists."""
    closed = getattr(recall, "closure", None)
    return {
        "id": recall.pk,
        "number": recall.number,
        "lot": recall.lot,
        "label": recall.label,
        "product": recall.product,
        "substance": recall.substance or None,
        "threshold": plain(recall.threshold),
        "reason": recall.reason,
        "computed": recall.computed_at,
        "milliseconds": float(recall.milliseconds),
        "method": recall.method,
        "position": recall.position,
        "evidencePosition": recall.evidence_position,
        "affected": recall.affected,
        "below": recall.below,
        "lots": recall.lots,
        "untouched": recall.untouched,
        "lotMassKg": kilograms(recall.mass),
        "error": plain(recall.error),
        "closed": closed.closed_at if closed else None,
    }


def as_dict(recall: Recall) -> dict[str, Any]:
    """A whole recall: affected items and those below by dose, lots on the way, masses."""
    said, masses = head(recall), queries.masses(recall)
    hits = list(recall.hits.order_by("rank"))
    items = [hit for hit in hits if hit.item]
    return {
        **said,
        "computed": recall.computed_at.isoformat(),
        "closed": said["closed"].isoformat() if said["closed"] else None,
        "massKg": {
            "affected": kilograms(masses.affected),
            "below": kilograms(masses.below),
            "lotsOnTheWay": kilograms(masses.waiting),
            "lot": kilograms(masses.held),
        },
        "items": [_hit(hit) for hit in items if hit.share >= recall.threshold],
        "itemsBelow": [_hit(hit) for hit in items if hit.share < recall.threshold],
        "lotsOnTheWay": [_hit(hit) for hit in hits if not hit.item],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "key": hit.key,
        "label": hit.label,
        "product": hit.product,
        "dose": plain(hit.share),
        "massKg": kilograms(hit.held),
        "via": hit.via,
        "holder": hit.holder,
        "holderName": hit.holder_name,
        "site": hit.site,
        "siteName": hit.site_name,
        "inside": hit.inside,
        "status": hit.status,
    }
