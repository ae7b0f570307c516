"""Bulk writing beside the log: one statement for all rows of a document. Same SQL on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from lodeline_server.events.models import EventRecord, Thing
from lodeline_server.events.queries import THING_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lodeline_server.events.queries import KnownThing

RECORD_COLUMNS = (
    "workspace_id", "event_id", "hash", "kind", "type", "position", "event_time", "transformation", "ended", "job_id",
    "index",
)  # fmt: skip


def insert_records(rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert event records, given in the order of `RECORD_COLUMNS`."""
    at = RECORD_COLUMNS.index("event_time")
    insert = _insert(EventRecord._meta.db_table, RECORD_COLUMNS)  # noqa: SLF001
    instant = _instants()
    _execute(insert, [(*row[:at], instant(row[at]), *row[at + 1 :]) for row in rows])


def upsert_things(workspace: int, things: Iterable[KnownThing]) -> None:
    """Insert or replace what is known of things."""
    names = ("workspace_id", *THING_FIELDS)
    instant = _instants()
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names[2:])
    insert = (
        f'{_insert(Thing._meta.db_table, names)} ON CONFLICT ("workspace_id", "key") DO UPDATE SET {changes}'  # noqa: SLF001
    )
    rows = [
        (
            workspace, one.key, one.maker, instant(one.made), one.made_by, instant(one.used), one.used_by, one.parties,
            one.parent, one.made_at_positions,
        )
        for one in things
    ]  # fmt: skip
    _execute(insert, rows)


def _instants() -> Callable[[datetime | None], Any]:
    """How the engine stores a UTC time: Django's own form, without its checks on each value."""
    if connection.vendor != "sqlite":
        return lambda value: value
    known: dict[datetime | None, str | None] = {None: None}

    def text(value: datetime | None) -> str | None:
        if value not in known:
            known[value] = None if value is None else value.replace(tzinfo=None).isoformat(" ")
        return known[value]

    return text


def _insert(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - names are constants


def _execute(sql: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
