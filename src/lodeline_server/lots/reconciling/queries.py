"""Reading cases. Nothing crosses a workspace's border; a supplier sees those that concern it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q

from lodeline_server.lots.reconciling.models import Case
from lodeline_server.parties.models import Membership

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor


def visible(actor: Actor) -> QuerySet[Case]:
    rows = Case.objects.filter(workspace_id=actor.workspace)
    if not actor.only_own:
        return rows
    return rows.filter(parties__contains=f"|{actor.party}|") if actor.party else rows.none()


def totals(actor: Actor, now: datetime) -> dict[str, int]:
    """How many wait, are overdue, belong to nobody; and how many there are."""
    waiting = Q(state__in=Case.WAITING)
    return (
        visible(actor)
        .order_by()
        .aggregate(
            all=Count("pk"),
            waiting=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(due__lt=now.date())),
            nobody=Count("pk", filter=waiting & Q(owner="")),
            cured=Count("pk", filter=Q(state=Case.State.CURED)),
        )
    )


def by_rule(actor: Actor) -> list[tuple[str, int]]:
    """Waiting cases of each rule, the most first."""
    rows = (
        visible(actor).filter(state__in=Case.WAITING).order_by().values_list("rule").annotate(n=Count("pk"))
    )
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def people(workspace: int) -> dict[str, str]:
    """Who may own a case, by opaque id."""
    rows = Membership.objects.filter(organisation__workspace_id=workspace).select_related("user")
    return {f"user:{row.user_id}": str(row.user) for row in rows.order_by("user__name", "user__email")}
