"""Signed checkpoints as stored: reading them, and the copy of the newest one in a file."""

from __future__ import annotations

import fcntl
import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import transaction

from lodeline.log import checkpoint as notes
from lodeline_server.log import rows, vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import MAIN
from lodeline_server.publishing.actions import publish
from lodeline_server.publishing.queries import published

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lodeline.keys import VerifyKey
    from lodeline_server.log.books import Book

    Keys = Sequence[tuple[int, VerifyKey]]
    from lodeline_server.log.models import CheckpointRow

HEAD = 1_000  # letters in which origin and size of a note stand
MEDIA_TYPE = "text/plain; charset=utf-8"


def key(book: Book = MAIN) -> str:
    """The address of the newest checkpoint."""
    return f"{book.path}/checkpoint"


def newest(book: Book = MAIN) -> CheckpointRow | None:
    """The newest signed checkpoint; None while the book is empty."""
    return book.checkpoints.objects.order_by("-size").first()


class Noted(NamedTuple):
    """A checkpoint as stored."""

    size: int
    root: bytes
    note: str


def signed_last(book: Book = MAIN) -> Noted | None:
    """The newest checkpoint for those who append: what they need of it, and quickly."""
    for size, root, note in rows.read(book.checkpoints, "size root note", "ORDER BY size DESC LIMIT 1"):
        return Noted(size, bytes(root), note)
    return None


def verifier(book: Book = MAIN) -> str:
    """The key that checkpoints verify with, to give to others (vkey)."""
    return notes.vkey(book.origin, vault.signing_key(book.key_file).verify_key)


def read(note: str, book: Book = MAIN, keys: Keys | None = None) -> notes.Checkpoint:
    """A note of this book, whatever its origin was called then; raises `CheckpointRefused`.

    It bears the signature of the key that signed at its size; `keys` as `vault.verify_keys` gives them.
    """
    head = note[:HEAD].split("\n", 2)
    size = int(head[1]) if len(head) > 1 and head[1].isdecimal() and head[1].isascii() else 0
    known = vault.verify_keys(book.key_file) if keys is None else keys
    return _read(note, head[0], next(key for start, key in reversed(known) if start <= size))


@lru_cache(maxsize=16)  # the newest one is asked for again and again
def _read(note: str, name: str, key: VerifyKey) -> notes.Checkpoint:
    return notes.parse(note, {name: key})


def require_signed(row: CheckpointRow | Noted, book: Book = MAIN, keys: Keys | None = None) -> None:
    """Raise `LogInconsistent` unless the stored note says what the row says, and our key has signed it."""
    try:
        signed = read(row.note, book, keys)
    except notes.CheckpointRefused as refused:
        raise LogInconsistent(
            f"the last checkpoint does not verify: {refused}; nothing is appended"
        ) from None
    if (signed.size, signed.root) != (row.size, bytes(row.root)):
        raise LogInconsistent("the last checkpoint was signed for another tree; nothing is appended")


def file(book: Book = MAIN) -> Path:
    """Where the newest signed checkpoint lies beside the database: what a restored older database is held against."""
    name = "checkpoint" if book is MAIN else f"{book.name}.checkpoint"
    return settings.DATA / "log" / name


def require_newest(book: Book, size: int, root: bytes, keys: Keys | None = None) -> None:
    """Raise `LogInconsistent` when the file knows a larger tree than the database, or another one of this size."""
    try:
        note = file(book).read_text(encoding="utf-8")
        copy = read(note, book, keys)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (UnicodeDecodeError, notes.CheckpointRefused) as refused:
        raise LogInconsistent(
            f"{file(book)} is not a checkpoint of this log: {refused}; nothing is appended"
        ) from None
    if copy.size > size:
        raise LogInconsistent(
            f"a checkpoint of {copy.size} entries was signed, the database holds {size}: an older one was put in "
            "place. Nothing is appended. 'lodeline log resume' says what can be done."
        )
    if copy.size == size and copy.root != root:
        raise LogInconsistent(f"the checkpoint of {size} entries in {file(book)} has another root")


def publish_newest(book: Book = MAIN) -> None:
    """Put the newest checkpoint at its public address, once it is on the disk here."""
    with transaction.atomic():
        last = newest(book)
        form = published(key(book), MEDIA_TYPE)
        if last is None or (form and form.position + 1 >= last.size):
            return
        publish(
            key=key(book),
            forms={MEDIA_TYPE: last.note.encode()},
            kind="checkpoint",
            position=last.size - 1,
            now=last.created_at,
        )


def copy_to_file(book: Book = MAIN) -> None:
    """Write the newest checkpoint to its file: whole or not at all, and never an older one over a newer."""
    target = file(book)
    target.parent.mkdir(exist_ok=True)
    with (target.parent / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # asked for the newest inside: the last writer knows it best
        note = book.checkpoints.objects.order_by("-size").values_list("note", flat=True).first()
        if note is None or (target.exists() and target.read_text(encoding="utf-8") == note):
            return
        part = target.with_name(f"{target.name}.part")
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(note)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)  # after a power loss the old name or the new one: both are checkpoints
