"""Reading drills, and the lots that one may be drawn from. Nothing crosses a workspace's border."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.build import MIXTURE
from lodeline_server.lots import standing
from lodeline_server.recalls.drilling.models import Drill

if TYPE_CHECKING:
    from decimal import Decimal

    from django.db.models import QuerySet

    from lodeline.access import Actor


def visible(actor: Actor) -> QuerySet[Drill]:
    """The drills an actor may open; none for a supplier: the lists name what others hold."""
    rows = Drill.objects.filter(workspace_id=actor.workspace)
    return rows.none() if actor.only_own else rows


def open_(workspace: int) -> Drill | None:
    """The drill whose clock runs."""
    return Drill.objects.filter(workspace_id=workspace, state=Drill.State.OPEN).order_by("position").first()


def first(workspace: int, ticket: str) -> Drill | None:
    """The first drill with a ticket."""
    return Drill.objects.filter(workspace_id=workspace, ticket=ticket).order_by("position").first()


def same_ticket(drill: Drill) -> QuerySet[Drill]:
    """The other drills with its ticket, the oldest first."""
    rows = Drill.objects.filter(workspace_id=drill.workspace_id, ticket=drill.ticket)
    return rows.exclude(pk=drill.pk).order_by("position")


def population(workspace: int) -> tuple[list[str], int]:
    """The lots that went into something, sorted, and the log position they are known at."""
    now = standing.now(workspace)
    whole = now if now.clean else now.settled()
    base = whole.state.base
    numbers = base.nodes[base.out_indptr[1:] > base.out_indptr[:-1]].tolist()
    keys = {whole.names.name(number)[0] for number in numbers}
    return sorted(key for key in keys if not key.startswith(MIXTURE)), now.state.position


@frozen(kw_only=True)
class Figures:
    """What drills say together. Medians over the answered ones; None without one."""

    drawn: int
    answered: int
    abandoned: int
    passed: int
    seconds: Decimal | None
    completeness: Decimal | None
    reconciled: Decimal | None


def figures(rows: QuerySet[Drill]) -> Figures:
    found = list(rows.values_list("state", "passed", "seconds", "completeness", "reconciled"))
    answered = [row for row in found if row[0] == Drill.State.ANSWERED]

    def middle(at: int) -> Decimal | None:
        known = [row[at] for row in answered if row[at] is not None]
        return median(known) if known else None

    return Figures(
        drawn=len(found),
        answered=len(answered),
        abandoned=sum(row[0] == Drill.State.ABANDONED for row in found),
        passed=sum(bool(row[1]) for row in answered),
        seconds=middle(2),
        completeness=middle(3),
        reconciled=middle(4),
    )
