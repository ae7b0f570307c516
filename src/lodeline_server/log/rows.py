"""The few reads and writes that every append makes, in plain SQL: the ORM takes ten times as long for each.

Values come as the database has them. Dates are given as `backend.instant` makes them, and never asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from django.db.models import Model


def read(model: type[Model], names: str, tail: str, *params: object) -> list[tuple[Any, ...]]:
    """Rows of a table: `names` of columns with a blank between, `tail` from WHERE on."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_columns(names)} FROM {_table(model)} {tail}", params)  # noqa: S608 - constants
        return cursor.fetchall()  # type: ignore[no-any-return]


def insert(model: type[Model], names: str, *rows: tuple[object, ...]) -> None:
    """New rows, values in the order of `names`."""
    marks = ", ".join(["%s"] * len(names.split()))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {_table(model)} ({_columns(names)}) VALUES ({marks})", rows)  # noqa: S608


def update(model: type[Model], names: str, tail: str, *params: object) -> int:
    """Set columns where `tail` says; how many rows there were."""
    sets = ", ".join(f"{column} = %s" for column in _columns(names).split(", "))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {_table(model)} SET {sets} {tail}", params)  # noqa: S608 - constants
        return int(cursor.rowcount)


def _table(model: type[Model]) -> str:
    return model._meta.db_table  # noqa: SLF001 - Django's documented access


@lru_cache(maxsize=64)
def _columns(names: str) -> str:
    return ", ".join(f'"{name}"' for name in names.split())
