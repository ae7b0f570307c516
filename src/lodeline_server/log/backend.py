"""Every difference between the database engines: lock, durability, writing many rows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from lodeline_server.log.books import Book

FOLLOW = 0x4C4F4446  # key of PostgreSQL's advisory lock; the books bring theirs
FIELDS = (
    "position",
    "type",
    "workspace",
    "organisation",
    "time",
    "leaf",
    "leaf_hash",
    "sealed",
    "key_version",
    "subject_key_id",
)
TYPES = ("int8", "varchar", "int8", "int8", "timestamptz", "bytea", "bytea", "bytea", "int4", "int8")
SQLITE_FULL = 2
POSTGRESQL_UNSAFE = (("synchronous_commit", "off"), ("fsync", "off"))


class LogInconsistent(RuntimeError):  # noqa: N818 - a state of the data that needs a person
    """The stored tree and the last signed checkpoint differ. Nothing is repaired; an operator must look."""


class Unsafe(RuntimeError):  # noqa: N818 - a state of the installation
    """The database would acknowledge statements before they are on disk."""


def lock(key: int) -> None:
    """Hold the one lock until the transaction ends. SQLite's transactions are exclusive from their start."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def require_durable() -> None:
    """Raise `Unsafe` unless a commit is flushed before it is acknowledged."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            if cursor.fetchone()[0] < SQLITE_FULL:
                raise Unsafe("SQLite is set to synchronous below FULL; the log refuses to append")
        else:
            for name, unsafe in POSTGRESQL_UNSAFE:
                cursor.execute(f"SHOW {name}")
                if cursor.fetchone()[0] == unsafe:
                    raise Unsafe(f"PostgreSQL has {name}={unsafe}; the log refuses to append")


def instant(moment: datetime) -> Any:
    """A moment as a bulk insert of this database takes it."""
    return moment if connection.vendor == "postgresql" else connection.ops.adapt_datetimefield_value(moment)


def insert(book: Book, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert entries, given in the order of `FIELDS`, the time as `instant` gives it."""
    table, columns = book.entries._meta.db_table, ", ".join(f'"{name}"' for name in FIELDS)  # noqa: SLF001
    if connection.vendor == "postgresql":
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(TYPES)
            for row in rows:
                copy.write_row(row)
    else:
        add_rows(table, FIELDS, rows)


def add_rows(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that are not there yet. Dates as `instants` gives them, JSON as text."""
    if not rows:
        return
    names = ", ".join(map(_quoted, columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            for marks, parts in _together(len(columns), rows):
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES {marks}', parts)  # noqa: S608 - constants


def change_rows(table: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
    """Set columns of rows that are there. `columns`: names and PostgreSQL's types; the first, `id`, says which row."""
    if not rows:
        return
    key, *names = (_quoted(name) for name, _ in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sets = ", ".join(f"{name} = new.{name}" for name in names)
            lists = ", ".join(f"%s::{kind}[]" for _, kind in columns)
            cursor.execute(
                f'UPDATE "{table}" t SET {sets} FROM unnest({lists}) new ({", ".join((key, *names))}) '  # noqa: S608
                f"WHERE t.{key} = new.{key}",
                [list(column) for column in zip(*rows, strict=True)],
            )
        else:
            sets = ", ".join(f"{name} = new.column{at}" for at, name in enumerate(names, 2))
            for marks, parts in _together(len(columns), rows):
                cursor.executemany(
                    f'UPDATE "{table}" SET {sets} FROM (VALUES {marks}) new WHERE "{table}".{key} = new.column1',  # noqa: S608
                    parts,
                )


TOGETHER = 50
"""Rows in one statement of SQLite's: half the time of a statement for each."""


def _together(width: int, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Marks for several rows and their values: as many as go into full statements, then the rest."""
    one = f"({', '.join(['%s'] * width)})"
    whole = len(rows) - len(rows) % TOGETHER
    if whole:
        parts = [tuple(chain.from_iterable(rows[at : at + TOGETHER])) for at in range(0, whole, TOGETHER)]
        yield ", ".join([one] * TOGETHER), parts
    if whole < len(rows):
        yield ", ".join([one] * (len(rows) - whole)), [tuple(chain.from_iterable(rows[whole:]))]


AMONG = 900
"""Values asked for in one statement of SQLite's, which limits the number of parameters."""


def among(values: Iterable[str]) -> Iterator[tuple[str, list[Any]]]:
    """Conditions on a column, each with its parameters, that together say that it is one of `values`.

    In order: neighbours stand in one page of an index.
    """
    found = sorted(values)
    if connection.vendor == "postgresql":
        if found:
            yield "= ANY(%s)", [found]
        return
    for at in range(0, len(found), AMONG):
        part = found[at : at + AMONG]
        yield f"IN ({', '.join(['%s'] * len(part))})", part


def instants() -> Callable[[datetime | None], Any]:
    """How the engine takes a UTC time in many rows: Django's own form, without its checks on each value.

    Rows of one event hold one and the same object, which is written out once.
    """
    if connection.vendor == "postgresql":
        return lambda value: value
    known: dict[int, tuple[datetime, str]] = {}

    def text(value: datetime | None) -> str | None:
        if value is None:
            return None
        found = known.get(id(value))
        if found is None:  # the object is kept with it, so that no other takes its place
            found = known[id(value)] = value, value.replace(tzinfo=None).isoformat(" ")
        return found[1]

    return text


def _quoted(name: str) -> str:
    return f'"{name}"'
