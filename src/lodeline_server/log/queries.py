"""Reading the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from attrs import frozen

from lodeline.log import merkle
from lodeline.sealing import SALT_BYTES, Unreadable, unseal
from lodeline_server.log import notebook, tiles, vault
from lodeline_server.log.books import MAIN
from lodeline_server.log.models import LogState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from lodeline_server.log.books import Book
    from lodeline_server.log.models import EntryRow

CHUNK = 2_000
LARGEST = 2**63  # positions are 64-bit in the database


@frozen(kw_only=True)
class Statement:
    """A logged statement. `payload` is empty when its key was destroyed or the payload was lost (`erased`).

    `organisation` is the opaque id of the one that appended it; None for the platform.
    """

    position: int
    type: str
    workspace: int
    time: datetime
    payload: dict[str, Any]
    leaf: bytes
    leaf_hash: bytes
    salt: bytes
    organisation: int | None = None
    erased: bool = False


def size(book: Book = MAIN) -> int:
    """How many statements the book holds."""
    return LogState.objects.filter(name=book.name).values_list("size", flat=True).first() or 0


def leaf_hash(position: int, book: Book = MAIN) -> bytes:
    """The leaf hash at a position; nothing where there is none."""
    found = book.entries.objects.filter(position=position).values_list("leaf_hash", flat=True).first()
    return bytes(found or b"")


def checkpoint(book: Book = MAIN) -> str | None:
    """The newest signed checkpoint; None while the book is empty."""
    newest = notebook.newest(book)
    return newest.note if newest else None


def opened(entry: EntryRow, keys: vault.Keyring) -> tuple[bytes, bytes]:
    """Salt and canonical payload of an entry; raises `Unreadable`."""
    owner = keys[entry.workspace, entry.key_version]
    key = vault.open_subject(owner, entry.subject_key) if entry.subject_key else owner.key
    plain = unseal(
        key,
        bytes(entry.sealed),
        aad=vault.entry_place(owner.pseudonym, entry.position, entry.key_version, entry._meta.db_table),  # noqa: SLF001 - documented
    )
    return plain[:SALT_BYTES], plain[SALT_BYTES:]


def _statement(entry: EntryRow, keys: vault.Keyring) -> Statement:
    try:
        salt, text = opened(entry, keys)
        payload = orjson.loads(text)  # our own canonical bytes, authenticated by the seal
        erased = False
    except Unreadable:
        lost = not entry.sealed  # with an older database; `log.resumed` says so, and fsck compares
        if not lost and (entry.subject_key is None or entry.subject_key.destroyed_at is None):
            raise  # not erased: damaged, and nobody may go on as if nothing were there
        salt, payload, erased = b"", {}, True
    return Statement(
        position=entry.position,
        type=entry.type,
        workspace=entry.workspace,
        time=entry.time,
        payload=payload,
        leaf=bytes(entry.leaf),
        leaf_hash=bytes(entry.leaf_hash),
        salt=salt,
        organisation=entry.organisation,
        erased=erased,
    )


def read(
    start: int = 0,
    *,
    types: Collection[str] | None = None,
    workspace: int | None = None,
    limit: int | None = None,
    stop: int | None = None,
    book: Book = MAIN,
) -> Iterator[Statement]:
    """Statements from `start` in order, a chunk at a time; none from position `stop` on.

    Raises `Unreadable` at one that was changed or moved. Erased ones come with an empty payload.
    """
    rows = book.entries.objects.select_related("subject_key").order_by("position")
    if types is not None:
        rows = rows.filter(type__in=sorted(types))
    if workspace is not None:
        rows = rows.filter(workspace=workspace)
    if stop is not None:
        rows = rows.filter(position__lt=stop)
    keys = vault.Keyring()
    left = limit
    while left is None or left > 0:
        chunk = list(rows.filter(position__gte=start)[: CHUNK if left is None else min(CHUNK, left)])
        for entry in chunk:
            yield _statement(entry, keys)
        if len(chunk) < CHUNK:
            return
        start = chunk[-1].position + 1
        left = None if left is None else left - len(chunk)


def get(position: int, workspace: int | None = None, book: Book = MAIN) -> Statement | None:
    """One statement; None when it does not exist (in that workspace). Raises `Unreadable` as `read` does."""
    if not 0 <= position < LARGEST:
        return None
    rows = book.entries.objects.select_related("subject_key").filter(position=position)
    if workspace is not None:
        rows = rows.filter(workspace=workspace)
    entry = rows.first()
    return _statement(entry, vault.Keyring()) if entry else None


def at(positions: Collection[int], workspace: int, book: Book = MAIN) -> dict[int, Statement]:
    """The statements of a workspace at these positions, by position. Raises `Unreadable` as `read` does."""
    rows = book.entries.objects.select_related("subject_key").filter(
        position__in=positions, workspace=workspace
    )
    keys = vault.Keyring()
    return {entry.position: _statement(entry, keys) for entry in rows}


def inclusion(position: int, tree_size: int, book: Book = MAIN) -> list[bytes]:
    """Audit path of a position in the tree of `tree_size` (RFC 6962, 2.1.1)."""
    return merkle.inclusion(tiles.reader(book), position, tree_size)


def consistency(old: int, new: int, book: Book = MAIN) -> list[bytes]:
    """Proof that the tree of `new` extends that of `old` (RFC 6962, 2.1.2)."""
    return merkle.consistency(tiles.reader(book), old, new)
