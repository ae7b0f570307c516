"""Reading jobs, records and keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import define
from django.db import connection
from django.db.models import Count, Q

from lodeline.keys import VerifyKey
from lodeline_server.events.models import CaptureJob, EventRecord, SigningKey, Thing
from lodeline_server.log import backend
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet

    from lodeline.access import Actor

IN_ONE = 900
"""Keys asked for in one statement; databases limit the number of parameters."""


def jobs(actor: Actor) -> QuerySet[CaptureJob]:
    """Jobs the actor may see, newest first: the workspace's; a supplier's own. Without the raw bytes."""
    rows = CaptureJob.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(organisation_id=actor.organisation)
    return rows.select_related("organisation").defer("raw").order_by("-id")


def parties(actor: Actor) -> QuerySet[Organisation]:
    """The organisations that captured something the actor may see."""
    rows = Organisation.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(pk=actor.organisation)
    return rows.filter(capture_jobs__isnull=False).distinct().order_by("name", "pk")


def namespace(organisation: int | None) -> str:
    """The namespace of an organisation's own fields, where it sends them without a prefix."""
    found = Organisation.objects.filter(pk=organisation).values_list("workspace__slug", "slug").first()
    return f"urn:x-lodeline:own:{found[0]}:{found[1]}:" if found else ""


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
    records, jobs_ = EventRecord._meta.db_table, CaptureJob._meta.db_table  # noqa: SLF001
    for which, part in backend.among(set(ids)):
        sql = (
            'SELECT r."event_id", r."hash", r."kind", r."type", j."organisation_id", r."position" '  # noqa: S608
            f'FROM "{records}" r JOIN "{jobs_}" j ON j."id" = r."job_id" '
            f'WHERE r."workspace_id" = %s AND r."event_id" {which} ORDER BY r."position"'
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [workspace, *part])
            yield from cursor.fetchall()


@define(slots=True)
class KnownThing:
    """A row of `Thing` to work with: plain, because a document touches thousands."""

    key: str
    maker: int | None = None
    made: datetime | None = None
    made_by: str = ""
    used: datetime | None = None
    used_by: str = ""
    parties: str = ""
    parent: str = ""
    made_at_positions: str = ""
    id: int | None = None


THING_FIELDS = (
    "key",
    "maker",
    "made",
    "made_by",
    "used",
    "used_by",
    "parties",
    "parent",
    "made_at_positions",
    "id",
)


def things(workspace: int, keys: Iterable[str]) -> dict[str, KnownThing]:
    """What is known of these lots and items."""
    return {one.key: one for one in _things(workspace, "key", keys)}


def contents(workspace: int, keys: Iterable[str]) -> list[KnownThing]:
    """Things whose container is one of `keys`."""
    return list(_things(workspace, "parent", keys))


def _things(workspace: int, column: str, keys: Iterable[str]) -> Iterator[KnownThing]:
    """In SQL: Django spends more on thousands of parameters than the database does."""
    names = ", ".join(f'"{name}"' for name in THING_FIELDS)
    for which, part in backend.among(set(keys)):
        sql = f'SELECT {names} FROM "{Thing._meta.db_table}" WHERE "workspace_id" = %s AND "{column}" {which}'  # noqa: S608, SLF001
        with connection.cursor() as cursor:
            cursor.execute(sql, [workspace, *part])
            for row in cursor.fetchall():
                yield KnownThing(*row[:2], _utc(row[2]), row[3], _utc(row[4]), *row[5:])


def _utc(value: datetime | None) -> datetime | None:
    """SQLite hands out naive times, which are UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def verify_keys(organisation: int, now: datetime) -> dict[str, VerifyKey]:
    """The organisation's public keys that are valid at `now`, by key id."""
    rows = SigningKey.objects.filter(organisation_id=organisation, valid_from__lte=now)
    rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    return {row.kid: VerifyKey(bytes(row.public_key)) for row in rows}


def signing_keys(actor: Actor) -> QuerySet[SigningKey]:
    """The public keys of the actor's organisation."""
    return SigningKey.objects.filter(
        organisation_id=actor.organisation, organisation__workspace_id=actor.workspace
    ).order_by("-created_at", "-pk")


def own_organisation(actor: Actor) -> Organisation:
    return Organisation.objects.get(pk=actor.organisation, workspace_id=actor.workspace)


def job_counts(actor: Actor) -> dict[str, int]:
    """How many jobs are in which state."""
    rows = jobs(actor).order_by().values_list("state").annotate(Count("id"))
    return dict.fromkeys(CaptureJob.State.values, 0) | dict(rows)
