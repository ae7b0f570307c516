"""Where in the log things are named, and which things are known: for queries of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from lodeline_server.log.books import MAIN
from lodeline_server.lots.models import Effect
from lodeline_server.lots.rows import IN_ONE

if TYPE_CHECKING:
    from collections.abc import Sequence

_EFFECTS = Effect._meta.db_table  # noqa: SLF001 - Django's documented access
_ENTRIES = MAIN.entries._meta.db_table  # noqa: SLF001


def naming(workspace: int, keys: Sequence[str], most: int) -> list[int] | None:
    """Positions of the events that name one of `keys`; None when there are more than `most`."""
    found: list[int] = []
    for start in range(0, len(keys), IN_ONE):
        part = keys[start : start + IN_ONE]
        marks = ", ".join(["%s"] * len(part))
        sql = f'SELECT "position" FROM "{_EFFECTS}" WHERE "workspace_id" = %s AND "key" IN ({marks}) LIMIT %s'  # noqa: S608
        found += _column(sql, [workspace, *part, most + 1])
        if len(found) > most:
            return None
    return found


def beginning(workspace: int, start: str, most: int) -> list[int] | None:
    """Positions of the events that name something whose key begins so; None when there are more than `most`."""
    sql = f'SELECT "position" FROM "{_EFFECTS}" WHERE "workspace_id" = %s AND {starting("key")} LIMIT %s'  # noqa: S608
    found = _column(sql, [workspace, *started(start), most + 1])
    return None if len(found) > most else found


def known(workspace: int, *, beyond: str, limit: int, captured_by: int | None = None) -> list[str]:
    """Keys that events name, in order, those behind `beyond`; `captured_by`: by this organisation's events."""
    mine = (
        f' AND EXISTS (SELECT 1 FROM "{_ENTRIES}" l WHERE l."position" = e."position" AND l."organisation" = %s)'  # noqa: S608
        if captured_by is not None
        else ""
    )
    sql = (
        f'SELECT DISTINCT "key" FROM "{_EFFECTS}" e WHERE "workspace_id" = %s AND "key" > %s{mine} '  # noqa: S608
        'ORDER BY "key" LIMIT %s'
    )
    own = [] if captured_by is None else [captured_by]
    with connection.cursor() as cursor:
        cursor.execute(sql, [workspace, beyond, *own, limit])
        return [row[0] for row in cursor.fetchall()]


def is_named(workspace: int, key: str, *, captured_by: int | None = None) -> bool:
    """Whether any event names this."""
    wanted = ' AND "organisation" = %s' if captured_by is not None else ""
    sql = (
        f'SELECT 1 FROM "{_EFFECTS}" e JOIN "{_ENTRIES}" l ON l."position" = e."position" '  # noqa: S608
        f'WHERE e."workspace_id" = %s AND e."key" = %s{wanted} LIMIT 1'
    )
    return bool(_column(sql, [workspace, key, *([] if captured_by is None else [captured_by])]))


def starting(column: str) -> str:
    """SQL that a column begins with a text: by the index where the order of the database allows it."""
    if connection.vendor == "sqlite":
        return f'"{column}" >= %s AND "{column}" < %s'
    return f'starts_with("{column}", %s)'


def started(start: str) -> list[str]:
    """The parameters of `starting`."""
    return [start, f"{start}\U0010ffff"] if connection.vendor == "sqlite" else [start]


def _column(sql: str, values: list[object]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
