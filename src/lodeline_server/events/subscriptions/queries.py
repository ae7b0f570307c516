"""Reading named queries and subscriptions. Both belong to the organisation that made them; nobody else sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, F, Q

from lodeline_server.events.subscriptions.models import NamedQuery, Subscription
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from lodeline.access import Actor

ACTIVE = Subscription.State.ACTIVE


def named(actor: Actor) -> QuerySet[NamedQuery]:
    """The queries of the actor's organisation, in the order of their making."""
    rows = NamedQuery.objects.filter(
        organisation_id=actor.organisation, organisation__workspace_id=actor.workspace
    )
    return rows.order_by("pk")


def one(actor: Actor, name: str) -> NamedQuery:
    """Raises `Problem` 404 when the organisation has none of this name."""
    row = None if "\x00" in name else named(actor).filter(name=name).first()
    if row is None:
        raise Problem(
            404, "There is no such query", detail=name[:100], kind="epcisException:NoSuchNameException"
        )
    return row


def subscriptions(actor: Actor, name: str) -> QuerySet[Subscription]:
    """Those of one named query, in the order of their making; raises `Problem` 404."""
    return one(actor, name).subscriptions.select_related("query").order_by("pk")


def subscription(actor: Actor, name: str, uuid: UUID) -> Subscription:
    """Raises `Problem` 404."""
    row = subscriptions(actor, name).filter(uuid=uuid).first()
    if row is None:
        raise Problem(404, "There is no such subscription", kind="epcisException:NoSuchResourceException")
    return row


def of_organisation(actor: Actor) -> QuerySet[Subscription]:
    """All subscriptions of the actor's organisation."""
    rows = Subscription.objects.filter(
        query__organisation_id=actor.organisation, query__organisation__workspace_id=actor.workspace
    )
    return rows.select_related("query").order_by("pk")


def listed(actor: Actor) -> list[tuple[NamedQuery, list[Subscription]]]:
    """All of it for a page, in two statements."""
    found = list(named(actor).prefetch_related("subscriptions"))
    return [(row, sorted(row.subscriptions.all(), key=lambda each: each.pk)) for row in found]


def counts(actor: Actor) -> dict[str, int]:
    """Subscriptions by state, and those of them that are failing."""
    return of_organisation(actor).aggregate(
        active=Count("pk", filter=Q(state=ACTIVE)),
        failing=Count("pk", filter=Q(state=ACTIVE, failures__gt=0)),
        ended=Count("pk", filter=Q(state=Subscription.State.ENDED)),
    )


def due(now: datetime, size: int, most: int) -> list[int]:
    """Subscriptions with something to do: their instant has come, or the log has grown since they looked.

    The ones that waited longest first; none that another process is at.
    """
    rows = Subscription.objects.filter(state=ACTIVE)
    rows = rows.filter(Q(claimed_until=None) | Q(claimed_until__lt=now))
    rows = rows.filter(Q(next_at__lte=now) | Q(next_at=None, position__lt=size))
    rows = rows.order_by(F("last_tried_at").asc(nulls_first=True), "pk")
    return list(rows.values_list("pk", flat=True)[:most])
