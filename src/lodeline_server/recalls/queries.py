"""Reading recalls. Nothing crosses a workspace's border."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, frozen

from lodeline_server.recalls.models import Hit, Recall

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lodeline.access import Actor

LINES = tuple(Decimal(text) for text in ("0", "0.0001", "0.001", "0.01", "0.1"))


def visible(actor: Actor) -> QuerySet[Recall]:
    """The recalls an actor may open; none for a supplier: the list names what others hold."""
    rows = Recall.objects.filter(workspace_id=actor.workspace)
    return rows.none() if actor.only_own else rows


def hits(recall: Recall, threshold: Decimal | None = None) -> QuerySet[Hit]:
    """Items at or above a threshold (the recall's own when left out), the largest dose first."""
    line = recall.threshold if threshold is None else threshold
    return recall.hits.filter(item=True, share__gte=line).order_by("rank")


def waiting(recall: Recall) -> QuerySet[Hit]:
    """Lots on the way that still hold some of the suspect lot, the largest mass first."""
    return recall.hits.filter(item=False, held__gt=0).order_by("-held", "rank")


@frozen(kw_only=True)
class Masses:
    """Where the suspect lot is, mg; `shares` of it all, 0 to 1, None when its mass is unknown."""

    affected: int
    below: int
    waiting: int
    held: int
    whole: int | None

    def share(self, mass: int) -> Decimal | None:
        return Decimal(mass) / Decimal(self.whole) if self.whole else None

    @property
    def reconciled(self) -> Decimal | None:
        return self.share(self.affected + self.below + self.waiting + self.held)


def masses(recall: Recall, threshold: Decimal | None = None) -> Masses:
    """The mass of the suspect lot by place, as far as masses are known."""
    line = recall.threshold if threshold is None else threshold
    affected = below = waiting = 0
    for item, share, held in recall.hits.values_list("item", "share", "held").iterator():
        if not item:
            waiting += held or 0
        elif share >= line:
            affected += held or 0
        else:
            below += held or 0
    return Masses(affected=affected, below=below, waiting=waiting, held=recall.held or 0, whole=recall.mass)


@define
class Holder:
    """Affected items of one holder at one place in one state."""

    name: str
    place: str
    status: str
    items: int = 0
    mass: int = 0


def holders(rows: QuerySet[Hit]) -> list[Holder]:
    """Where the items are, most items first."""
    found: dict[tuple[str, str, str], Holder] = {}
    fields = ("holder", "holder_name", "site", "site_name", "status", "held")
    for holder, name, site, site_name, status, held in rows.values_list(*fields):
        one = found.setdefault((holder, site, status), Holder(name or holder, site_name or site, status))
        one.items += 1
        one.mass += held or 0
    return sorted(found.values(), key=lambda one: (-one.items, one.name, one.place))


def lines(recall: Recall) -> list[tuple[Decimal, int]]:
    """How many items there would be at other thresholds."""
    counts: dict[Decimal, int] = defaultdict(int)
    shares = list(recall.hits.filter(item=True).values_list("share", flat=True))
    for line in sorted({*LINES, recall.threshold}):
        counts[line] = sum(share >= line for share in shares)
    return sorted(counts.items())
