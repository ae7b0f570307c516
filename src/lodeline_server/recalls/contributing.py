"""Which lots feed some batteries, by share: the way back, on the kernel. Nothing is put on record."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.lots.build import MIXTURE
from lodeline_server.lots import queries, standing
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.recalls.exploring import exact, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from lodeline_server.lots.models import Lot

METHOD = "contribution-1"
MOST_ITEMS, LISTED = 500, 1_000


def contribution(
    workspace: int, keys: Sequence[str], *, threshold: Fraction, substance: str
) -> dict[str, Any]:
    """The lots behind these, the largest share first. Shares are of all of the substance in them.

    A lot that feeds another counts in both; only the lots that begin (and what is unknown) add up to the whole.
    """
    from lodeline.recalls.reach import contributed

    picture, now = queries.names(workspace), standing.now(workspace)
    targets = [numbers[-1] for key in keys if (numbers := now.names.versions(key))]
    found = contributed(now.state, targets, substance)
    own = set(targets)
    chosen: list[tuple[str, float, float, bool]] = []
    below = begin_below = begin_listed = 0.0
    lots_below = 0
    for number, amount, begins in zip(
        found.lots.tolist(), found.amounts.tolist(), found.begins.tolist(), strict=True
    ):
        key, _ = now.names.name(number)
        if number in own or key.startswith(MIXTURE):
            continue
        share = amount / found.wanted if found.wanted else 0.0
        if share < threshold:
            lots_below += 1
            below = max(below, amount)
            begin_below += amount if begins else 0.0
            continue
        begin_listed += amount if begins else 0.0
        chosen.append((key, share, amount, bool(begins)))
    placed = rows_of(workspace, {key for key, *_ in chosen[:LISTED]})
    return {
        "method": METHOD,
        "snapshot": found.snapshot,
        "position": found.position,
        "substance": substance,
        "threshold": str(Decimal(threshold.numerator) / Decimal(threshold.denominator)),
        "items": len(targets),
        "wantedKg": kilograms(round(found.wanted)),
        "lots": len(chosen),
        "lotsBelow": lots_below,
        "largestBelowKg": kilograms(round(below)),
        "sourcesKg": {
            "listed": kilograms(round(begin_listed)),
            "below": kilograms(round(begin_below)),
            "unknown": kilograms(max(round(found.unknown), 0)),
        },
        "listed": [
            {
                "key": key,
                "label": label(key),
                **_made(placed.get(key), picture),
                "share": exact(share),
                "massKg": kilograms(round(amount)),
                "begins": begins,
            }
            for key, share, amount, begins in chosen[:LISTED]
        ],
    }


def _made(row: Lot | None, picture: queries.Picture) -> dict[str, str]:
    """What it is, and where, by whom and when it was made."""
    if row is None:
        return {"product": "", "site": "", "siteName": "", "party": "", "made": ""}
    return {
        "product": row.product, "site": row.site, "siteName": picture.site(row.site),
        "party": picture.party(row.party), "made": row.made_at.isoformat(),
    }  # fmt: skip
