"""Reading previews, and what is on record under the ids that rows would get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.events import queries
from lodeline_server.events.models import EventRecord
from lodeline_server.events.sheets.models import SheetPreview
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor


MACHINES = "keys"


def owner(actor: Actor) -> str:
    """To whom a preview belongs: the person, or the keys of the organisation, which come and go."""
    return MACHINES if actor.kind == "key" else actor.id


def previews(actor: Actor, now: datetime) -> QuerySet[SheetPreview]:
    """The actor's own previews that have not ended, newest first. Without the document."""
    rows = SheetPreview.objects.filter(
        workspace_id=actor.workspace,
        organisation_id=actor.organisation,
        actor=owner(actor),
        expires_at__gt=now,
    )
    return rows.defer("document").order_by("-id")


def rows_of(job: int) -> list[dict[str, Any]]:
    """For each event of a job that came from a sheet: its rows. Empty for other documents."""
    found = SheetPreview.objects.filter(job_id=job).values_list("made", flat=True).first()
    return list(found or ())


def ended(workspace: int, ids: Iterable[str]) -> set[str]:
    """Those of these event ids that are on record and were declared wrong."""
    return {
        key
        for part in _parts(list(ids))
        for key in EventRecord.objects.filter(
            workspace_id=workspace, event_id__in=part, kind=EventRecord.Kind.EVENT, ended=True
        ).values_list("event_id", flat=True)
    }


def on_record(workspace: int, organisation: int, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The events of the organisation under these ids, as they are in the log."""
    found = {}
    for part in _parts(list(ids)):
        rows = EventRecord.objects.filter(
            workspace_id=workspace,
            event_id__in=part,
            kind=EventRecord.Kind.EVENT,
            ended=False,
            job__organisation_id=organisation,
        )
        for key, position in rows.values_list("event_id", "position"):
            statement = log.get(position, workspace)
            if statement is not None and statement.payload:
                found[key] = statement.payload["body"]["event"]
    return found


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + queries.IN_ONE] for start in range(0, len(ids), queries.IN_ONE)]
