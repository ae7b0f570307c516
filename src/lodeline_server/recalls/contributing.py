"""Which lots feed some batteries, by share: the way back, on the kernel. Nothing is put on record."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.lots.build import MIXTURE
from lodeline_server.lots import queries
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.recalls.exploring import exact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

METHOD = "contribution-1"
MOST_ITEMS, LISTED = 500, 1_000


def contribution(
    workspace: int, keys: Sequence[str], *, threshold: Fraction, substance: str
) -> dict[str, Any]:
    """The lots behind these, the largest share first. Shares are of all of the substance in them.

    A lot that feeds another counts in both; only the lots that begin (and what is unknown) add up to the whole.
    """
    from lodeline.recalls.reach import contributed

    picture = queries.picture(workspace)
    state, order = queries.kernel(picture), picture.graph.order
    targets = [node.rank for key in keys if (node := picture.graph.last(key)) is not None]
    found = contributed(state, targets, substance)
    own = set(targets)
    rows = []
    below = begin_below = begin_listed = 0.0
    lots_below = 0
    for rank, amount, begins in zip(
        found.lots.tolist(), found.amounts.tolist(), found.begins.tolist(), strict=True
    ):
        node = order[rank]
        if rank in own or node.key.startswith(MIXTURE):
            continue
        share = amount / found.wanted if found.wanted else 0.0
        if share < threshold:
            lots_below += 1
            below = max(below, amount)
            begin_below += amount if begins else 0.0
            continue
        begin_listed += amount if begins else 0.0
        made = node.first
        rows.append(
            {
                "key": node.key, "label": label(node.key), "product": made.description.product,
                "site": made.site, "siteName": picture.site(made.site), "party": picture.party(made.party),
                "made": made.time.isoformat(), "share": exact(share), "massKg": kilograms(round(amount)),
                "begins": bool(begins),
            }
        )  # fmt: skip
    return {
        "method": METHOD,
        "snapshot": found.snapshot,
        "position": found.position,
        "substance": substance,
        "threshold": str(Decimal(threshold.numerator) / Decimal(threshold.denominator)),
        "items": len(targets),
        "wantedKg": kilograms(round(found.wanted)),
        "lots": len(rows),
        "lotsBelow": lots_below,
        "largestBelowKg": kilograms(round(below)),
        "sourcesKg": {
            "listed": kilograms(round(begin_listed)),
            "below": kilograms(round(begin_below)),
            "unknown": kilograms(max(round(found.unknown), 0)),
        },
        "listed": rows[:LISTED],
    }
