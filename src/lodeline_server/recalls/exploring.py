"""What several lots would reach together, and what each adds. Nothing is put on record.

On the kernel in double precision, with snapshot and log position; what is decided is a recall, computed in whole
numbers (`deciding`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.lots.values import SUBSTANCES
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.lots.models import Lot

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from fractions import Fraction

BY_MASS = "mass"
METHOD = "what-if-1"
MOST_SUSPECTS, LISTED = 20, 1_000
BULK = 500  # values in one query
DIGITS = Decimal("0.000000001")


def what_if(workspace: int, keys: Sequence[str], *, threshold: Fraction, substance: str) -> dict[str, Any]:
    """Several lots recalled together: items by dose, where they are, and what each lot adds."""
    from lodeline.recalls.reach import what_if as ask

    picture = queries.picture(workspace)
    state, order = queries.kernel(picture), picture.graph.order
    groups = [[node.rank for node in picture.graph.versions(key)] for key in keys]
    own = {rank for group in groups for rank in group}
    items = queries.item_keys(workspace)
    among = {node.rank for node in order if node.key in items and node.rank not in own}
    found = ask(state, groups, substance, threshold=float(threshold), among=among)
    together = found.together
    hits = [
        (rank, dose, held)
        for rank, dose, held in zip(
            together.lots.tolist(), together.doses.tolist(), together.held.tolist(), strict=True
        )
        if rank in among
    ]
    placed = rows_of(workspace, {order[rank].key for rank, _, _ in hits[:LISTED]})
    return {
        "method": METHOD,
        "snapshot": together.snapshot,
        "position": together.position,
        "substance": substance,
        "threshold": str(Decimal(threshold.numerator) / Decimal(threshold.denominator)),
        "items": len(hits),
        "suspectMassKg": kilograms(round(together.suspect)),
        "massKg": {
            "kept": kilograms(round(together.kept)),
            "listed": kilograms(round(together.listed)),
            "below": kilograms(round(together.below)),
            "lost": kilograms(max(round(together.lost), 0)),
        },
        "alone": [
            {"key": key, "label": label(key), "reached": one.reached, "affected": one.affected, "only": one.only}
            for key, one in zip(keys, found.alone, strict=True)
        ],
        "listed": [
            {
                "key": order[rank].key,
                "label": label(order[rank].key),
                "dose": exact(dose),
                "massKg": kilograms(round(held)),
                **where(placed.get(order[rank].key), picture),
            }
            for rank, dose, held in hits[:LISTED]
        ],
    }  # fmt: skip


def rows_of(workspace: int, keys: Collection[str]) -> dict[str, Lot]:
    """Lots by key, a few questions for many."""
    wanted = sorted(keys)
    return {
        row.key: row
        for start in range(0, len(wanted), BULK)
        for row in Lot.objects.filter(workspace_id=workspace, key__in=wanted[start : start + BULK])
    }


def where(row: Lot | None, picture: queries.Picture) -> dict[str, str]:
    """Who has it and where it is, as far as known."""
    if row is None:
        return {"product": "", "holder": "", "holderName": "", "site": "", "siteName": "", "status": ""}
    return {
        "product": row.product,
        "holder": row.holder,
        "holderName": picture.party(row.holder),
        "site": row.current_site,
        "siteName": picture.site(row.current_site),
        "status": row.status,
    }


def exact(dose: float) -> str:
    """A double as a decimal of nine places."""
    return f"{Decimal(dose).quantize(DIGITS).normalize():f}" if dose else "0"


def column(substance: str, keys: Sequence[str], workspace: int) -> str:
    """The column of the kernel: the one asked for, the only substance all lots state, or mass."""
    if substance:
        return substance
    rows = rows_of(workspace, set(keys))
    stated = [set(rows[key].composition) for key in keys if key in rows]
    shared = set.intersection(*stated) if stated else set()
    return next(iter(shared)) if len(shared) == 1 and next(iter(shared)) in SUBSTANCES else BY_MASS


def only_items(keys: Sequence[str], items: Collection[str], words: str) -> None:
    """Raises `Problem` (422) for what is a lot."""
    for key in keys:
        if key not in items:
            raise Problem(422, words, detail=f"{label(key)} is a lot.")
