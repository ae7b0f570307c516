"""What several lots would reach together, and what each adds. Nothing is put on record.

On the kernel in double precision, with snapshot and log position; what is decided is a recall, computed in whole
numbers (`deciding`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.identifiers import is_item
from lodeline.lots.values import SUBSTANCES
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries, standing
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.lots.models import Lot

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from fractions import Fraction

    from lodeline.lots.kernel.names import Names

BY_MASS = "mass"
METHOD = "what-if-1"
MOST_SUSPECTS, LISTED = 20, 1_000
BULK = 500  # values in one query
DIGITS = Decimal("0.000000001")


def what_if(workspace: int, keys: Sequence[str], *, threshold: Fraction, substance: str) -> dict[str, Any]:
    """Several lots recalled together: items by dose, where they are, and what each lot adds."""
    from lodeline.recalls.reach import what_if as ask

    picture, now = queries.names(workspace), standing.now(workspace)
    groups = [now.names.versions(key) for key in keys]
    among = _Items(names=now.names, without=frozenset(number for group in groups for number in group))
    found = ask(now.state, groups, substance, threshold=float(threshold), among=among)
    together = found.together
    hits = [
        (now.names.name(number)[0], dose, held)
        for number, dose, held in zip(
            together.lots.tolist(), together.doses.tolist(), together.held.tolist(), strict=True
        )
        if number in among
    ]
    placed = rows_of(workspace, {key for key, _, _ in hits[:LISTED]})
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
                "key": key,
                "label": label(key),
                "dose": exact(dose),
                "massKg": kilograms(round(held)),
                **where(placed.get(key), picture),
            }
            for key, dose, held in hits[:LISTED]
        ],
    }  # fmt: skip


@frozen(kw_only=True)
class _Items:
    """The numbers of items, `without` some, known one by one: a question reaches few of all lots."""

    names: Names
    without: frozenset[int]

    def __contains__(self, number: int) -> bool:
        return number not in self.without and is_item(self.names.name(number)[0])


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
