"""Reading jobs, records and keys."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from lodeline.keys import VerifyKey
from lodeline_server.events.models import CaptureJob, EventRecord, SigningKey, Thing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor

IN_ONE = 400
"""Keys asked for in one statement; databases limit the number of parameters."""


def jobs(actor: Actor) -> QuerySet[CaptureJob]:
    """Jobs the actor may see, newest first: the workspace's; a supplier's own. Without the raw bytes."""
    rows = CaptureJob.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(organisation_id=actor.organisation)
    return rows.select_related("organisation").defer("raw").order_by("-id")


def open_jobs(*, before: datetime | None = None) -> QuerySet[CaptureJob]:
    """Jobs nobody has finished, oldest first; `before`: only those that came earlier."""
    rows = CaptureJob.objects.filter(state__in=CaptureJob.OPEN)
    if before is not None:
        rows = rows.filter(created_at__lte=before)
    return rows.order_by("id")


def records(actor: Actor) -> QuerySet[EventRecord]:
    """Events and statements on record that the actor may see."""
    rows = EventRecord.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(job__organisation_id=actor.organisation)
    return rows.order_by("position")


def under_ids(workspace: int, ids: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """(event_id, hash, kind, type, organisation, position) of all records under these ids."""
    fields = ("event_id", "hash", "kind", "type", "job__organisation_id", "position")
    for part in _parts(dict.fromkeys(ids)):
        rows = EventRecord.objects.filter(workspace_id=workspace, event_id__in=part)
        yield from rows.order_by("position").values_list(*fields)


def things(workspace: int, keys: Iterable[str]) -> dict[str, Thing]:
    """What is known of these lots and items."""
    return {
        row.key: row
        for part in _parts(dict.fromkeys(keys))
        for row in Thing.objects.filter(workspace_id=workspace, key__in=part)
    }


def contents(workspace: int, keys: Iterable[str]) -> list[Thing]:
    """Things whose container is one of `keys`."""
    return [
        row
        for part in _parts(dict.fromkeys(keys))
        for row in Thing.objects.filter(workspace_id=workspace, parent__in=part)
    ]


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while part := list(islice(rest, IN_ONE)):
        yield part


def verify_keys(organisation: int, now: datetime) -> dict[str, VerifyKey]:
    """The organisation's public keys that are valid at `now`, by key id."""
    rows = SigningKey.objects.filter(organisation_id=organisation, valid_from__lte=now)
    rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    return {row.kid: VerifyKey(bytes(row.public_key)) for row in rows}


def job_counts(actor: Actor) -> dict[str, int]:
    """How many jobs are in which state."""
    rows = jobs(actor).order_by().values_list("state").annotate(Count("id"))
    return dict.fromkeys(CaptureJob.State.values, 0) | dict(rows)
