"""Every difference between the database engines: lock, durability, bulk insert."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Sequence

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
TIME, LEAF_HASH = FIELDS.index("time"), FIELDS.index("leaf_hash")
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


def insert(book: Book, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert entries, given in the order of `FIELDS`."""
    table, columns = book.entries._meta.db_table, ", ".join(f'"{name}"' for name in FIELDS)  # noqa: SLF001
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(FIELDS))
            adapt = lru_cache(connection.ops.adapt_datetimefield_value)  # a batch has one time
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - names are constants
                [(*row[:TIME], adapt(row[TIME]), *row[TIME + 1 :]) for row in rows],
            )
