"""What has to go with a person's data beside the log: what apps keep, published bytes, free pages of the database.

Apps offer three functions from `AppConfig.ready()`: `quotes` says whether a statement of ours repeats what is being
erased; `purge` cleans what the app keeps beside the log, in the transaction of the erasure; `afterwards` makes anew
what can be made without the erased statements.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog
from attrs import field, frozen
from django.apps import apps
from django.db import DatabaseError, connection

from lodeline_server.log.books import BOOKS
from lodeline_server.publishing.actions import withdraw
from lodeline_server.publishing.models import Published

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from lodeline_server.log.queries import Statement

log = structlog.get_logger(__name__)
# Members whose text speaks of somebody.
SPEAKING = frozenset({"name", "contact", "signatory", "description", "email", "phone", "person", "operator"})
SHORTEST = 4
FORMS = {
    "text/html": "<!doctype html><title>Gone</title><p>This was withdrawn: it held data that had to be erased.</p>",
    "application/json": '{"type":"about:blank","title":"Gone","status":410,"detail":"It held data that was erased."}',
    "text/": "This was withdrawn: it held data that had to be erased.\n",
}


@frozen(kw_only=True)
class Erasing:
    """What is being erased. `statements`: those under the person's key, opened for the last time; `repeats`: ours.

    `is_about(name)`: whether this is the person a document names.
    """

    workspace: int
    statements: tuple[Statement, ...] = field(repr=False)
    repeats: tuple[Statement, ...] = field(repr=False, default=())
    is_about: Callable[[str], bool] = field(repr=False)
    now: datetime

    @cached_property
    def positions(self) -> frozenset[int]:
        return frozenset(one.position for one in (*self.statements, *self.repeats))

    @cached_property
    def texts(self) -> frozenset[str]:
        """Who and what the statements name, in words: to find where it is repeated."""
        return frozenset(said for member, said in self._said() if member in SPEAKING or "@" in said)

    @cached_property
    def phrases(self) -> frozenset[str]:
        """Everything they say in more than one word, and `texts`."""
        return self.texts | {said for _, said in self._said() if " " in said}

    def _said(self) -> Iterator[tuple[str, str]]:
        for one in self.statements:
            body = one.payload.get("body", one.payload)
            yield from _texts({} if "raw" in body else body)  # a document's events are here themselves

    @cached_property
    def _quoting(self) -> re.Pattern[str]:
        return _any_of(self.texts)

    @cached_property
    def _phrasing(self) -> re.Pattern[str]:
        return _any_of(self.phrases)

    def quoted_in(self, value: Any, *, phrases: bool = False) -> bool:
        """True when some text in `value` repeats one of `texts` (or `phrases`), as whole words."""
        wanted = self._phrasing if phrases else self._quoting
        return any(wanted.search(said) for said in strings(value))


def _any_of(texts: Collection[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)" if texts else r"(?!)")


_quotes: dict[str, Callable[[dict[str, Any], Erasing], bool]] = {}
_purges: dict[str, Callable[[Erasing], None]] = {}
_afterwards: dict[str, Callable[[int, Collection[str], datetime], None]] = {}


def offer_quotes(type_: str, quotes: Callable[[dict[str, Any], Erasing], bool]) -> None:
    """For statements of a type that the platform computes: `quotes(payload, erasing)`."""
    _quotes[type_] = quotes


def offer_purge(name: str, purge: Callable[[Erasing], None]) -> None:
    """`purge(erasing)`, inside the transaction, before the key is destroyed."""
    _purges[name] = purge


def offer_afterwards(name: str, make: Callable[[int, Collection[str], datetime], None]) -> None:
    """`make(workspace, keys, now)` after the projections were rebuilt; `keys`: what was published and is withdrawn."""
    _afterwards[name] = make


def computed_types() -> frozenset[str]:
    """The statement types that may repeat others."""
    return frozenset(_quotes)


def quotes(statement: Statement, erasing: Erasing) -> bool:
    """Whether a statement of ours repeats what is being erased."""
    return _quotes[statement.type](statement.payload, erasing)


def purge(erasing: Erasing) -> None:
    """Let every app clean what it keeps beside the log."""
    for clean in _purges.values():
        clean(erasing)


def afterwards(workspace: int, keys: Collection[str], now: datetime) -> None:
    """Make anew what can be. What fails is logged: a tombstone stands there."""
    for name, make in _afterwards.items():
        try:
            make(workspace, keys, now)
        except Exception:
            log.exception("not made anew after an erasure", by=name)


def take_down(positions: Collection[int], now: datetime) -> list[str]:
    """Put tombstones in place of what was published from these statements; the keys."""
    rows = (
        Published.objects.exclude(kind="checkpoint").filter(position__in=list(positions)).exclude(status=410)
    )
    forms: dict[tuple[str, str, str, int], dict[str, bytes]] = {}
    for row in rows:
        forms.setdefault((row.key, row.audience, row.kind, row.position), {})[row.media_type] = _tombstone(
            row.media_type
        )
    for (key, audience, kind, position), said in forms.items():
        withdraw(key=key, audience=audience, kind=kind, position=position, forms=said, now=now)
    return sorted({place[0] for place in forms})


def _tombstone(media_type: str) -> bytes:
    return next((said.encode() for start, said in FORMS.items() if media_type.startswith(start)), b"")


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def _texts(value: Any, member: str = "") -> Iterator[tuple[str, str]]:
    """Texts with the name of the member they stand in, without its prefix."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name.rpartition(":")[2])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, member)
    elif isinstance(value, str) and len(value) >= SHORTEST:
        yield member, value


# --- free pages ---------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Overwritten:
    """`left`: what still holds deleted rows and can be cleaned by trying again. `notes`: what an operator must do."""

    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def overwrite(*, entries: bool) -> Overwritten:
    """Leave no deleted row in the database's files.

    SQLite: free pages are zeroed, the file is written anew, its write-ahead log emptied. PostgreSQL: the tables are
    written anew, then a checkpoint; `entries`: also those of the log's entries (they hold sealed bytes only).
    """
    if connection.in_atomic_block:
        return Overwritten(left=("this runs inside a transaction: free pages are overwritten after it",))
    return _sqlite() if connection.vendor == "sqlite" else _postgresql(entries=entries)


def _sqlite() -> Overwritten:
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()[0]
    except DatabaseError as error:
        return Overwritten(left=(f"the database is in use, its free pages still hold deleted rows: {error}",))
    said = "a reader holds the write-ahead log, which still holds deleted rows"
    return Overwritten(left=(said,) if busy else ())


def _postgresql(*, entries: bool) -> Overwritten:
    books = {model for book in BOOKS.values() for model in (book.entries, book.tiles, book.checkpoints)}
    kept = books if not entries else books - {book.entries for book in BOOKS.values()}
    models = [model for model in apps.get_models(include_auto_created=True) if model not in kept]
    tables = [model._meta.db_table for model in models]  # noqa: SLF001 - Django's documented access
    there = set(connection.introspection.table_names())
    left = _said([f'VACUUM (FULL, ANALYZE) "{name}"' for name in tables if name in there])
    # Samples of columns stand in the catalogue, too. The write-ahead log before the switch is not needed after the
    # checkpoint; with wal_recycle off it is removed. An application's role may not have the right to these.
    notes = _said(["VACUUM FULL pg_catalog.pg_statistic", "SELECT pg_switch_wal()", "CHECKPOINT"])
    return Overwritten(left=left, notes=notes)


def _said(steps: list[str]) -> tuple[str, ...]:
    """Run each; those that failed, with the reason."""
    failed = []
    for step in steps:
        try:
            with connection.cursor() as cursor:
                cursor.execute(step)
        except DatabaseError as error:
            failed.append(f"{step}: {str(error).strip()}")
    return tuple(failed)
