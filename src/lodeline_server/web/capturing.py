"""Events per day for the dashboard, and the newest documents."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from lodeline_server.events import queries

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.events.models import CaptureJob

DAYS = 14
NEWEST = 3


def days(actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The 14 days up to the newest capture: label, day, value (taken), refused, documents."""
    jobs = queries.jobs(actor).filter(created_at__lte=now).order_by()
    last = jobs.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is None:
        return []
    first = last.date() - timedelta(days=DAYS - 1)
    rows = (
        jobs.filter(created_at__date__gte=first)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(taken=Sum("accepted"), lost=Sum("rejected"), documents=Count("id"))
    )
    by_day = {row["day"]: row for row in rows}
    found = []
    for number in range(DAYS):
        day = first + timedelta(days=number)
        row = by_day.get(day, {})
        found.append(
            {
                "day": day,
                "label": f"{day:%m-%d}",
                "value": row.get("taken") or 0,
                "refused": row.get("lost") or 0,
                "documents": row.get("documents") or 0,
            }
        )
    return found


def newest(actor: Actor) -> list[CaptureJob]:
    """The last few documents."""
    return list(queries.jobs(actor)[:NEWEST])
