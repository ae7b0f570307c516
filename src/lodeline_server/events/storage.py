"""Bulk writing beside the log: one statement for all rows of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.events.models import EventRecord, Thing
from lodeline_server.events.queries import THING_FIELDS
from lodeline_server.log import backend

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lodeline_server.events.queries import KnownThing

RECORD_COLUMNS = (
    "workspace_id", "event_id", "hash", "kind", "type", "position", "event_time", "transformation", "ended", "job_id",
    "index",
)  # fmt: skip
_TIME = RECORD_COLUMNS.index("event_time")
_RECORDS = EventRecord._meta.db_table  # noqa: SLF001 - Django's documented access
_THINGS = Thing._meta.db_table  # noqa: SLF001
_TYPES = ("int8", "timestamptz", "text", "timestamptz", "text", "text", "text", "text")


def insert_records(rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert event records, given in the order of `RECORD_COLUMNS`."""
    instant = backend.instants()
    done = [(*row[:_TIME], instant(row[_TIME]), *row[_TIME + 1 :]) for row in rows]
    backend.add_rows(_RECORDS, RECORD_COLUMNS, done)


def store_things(workspace: int, things: Iterable[KnownThing]) -> None:
    """Insert or replace what is known of things: those that were read have an id."""
    instant = backend.instants()
    new, old = [], []
    for one in things:
        made, used = one.made and instant(one.made), one.used and instant(one.used)
        values = (
            one.maker, made, one.made_by, used, one.used_by, one.parties, one.parent, one.made_at_positions,
        )  # fmt: skip
        if one.id is None:
            new.append((workspace, one.key, *values))
        else:
            old.append((one.id, *values))
    backend.add_rows(_THINGS, ("workspace_id", *THING_FIELDS[:-1]), new)
    backend.change_rows(_THINGS, (("id", "int8"), *zip(THING_FIELDS[1:-1], _TYPES, strict=True)), old)
