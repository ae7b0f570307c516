"""The log as static files: what is in the database, laid out for any web server (C2SP tlog-tiles v0.1.0).

Files only follow the database and can be written anew from it at any time. The checkpoint is written last, so whatever
it names is there. Every tile and entry is led to the signed root before it is written: nothing wrong is published.
"""

from __future__ import annotations

import fcntl
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen
from django.conf import settings

from lodeline.log import layout
from lodeline.log.checkpoint import CheckpointRefused
from lodeline.log.layout import CHECKPOINT
from lodeline_server.log import notebook, quorum
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import BOOKS
from lodeline_server.log.file_content import signed, wanted
from lodeline_server.log.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from lodeline_server.log.books import Book

# After a commit: little, and not often, so that whoever appends does not wait. The clock does the rest.
INLINE, PAUSE, SHARE = 5_000, 1.0, 4


@frozen(kw_only=True)
class Published:
    """`size` of the published checkpoint; how many files were written and how many partial tiles swept."""

    size: int
    written: int = 0
    swept: int = 0


def folder(book: Book) -> Path:
    """Where a book's files lie: what is served below `book.path`."""
    return settings.DATA / "log" / book.name


def publish(
    book: Book, *, to: Path | None = None, whole: bool = False, wait: bool = True, most: int | None = None
) -> Published | None:
    """Bring the files up to the newest checkpoint. `whole` looks at every file there should be, not only at new ones.

    None when the book is empty, when another process is at it and `wait` is false, or when more than `most` entries
    are new. Raises `LogInconsistent` when the database does not lead to what was signed or published; `OSError`.
    """
    root = to or folder(book)
    with _turn(root, wait=wait) as ours:
        point = signed(book) if ours else None
        if point is None:
            return None
        done = published_size(book, root)
        if done > point.size:
            return Published(size=done)  # another process was faster, with a newer one
        if most is not None and point.size - done > most:
            return None
        note = quorum.cosigned(book, point.size) or book.checkpoints.objects.get(size=point.size).note
        if done == point.size and not whole and _there(root / CHECKPOINT, note.encode()):
            return Published(size=done)
        shelf = Shelf(root)
        start = 0 if whole else done
        for tile, data in wanted(book, point, start):
            if not whole or not _there(root / tile.path, data):
                shelf.put(tile.path, data)
        shelf.flush()
        if not _there(root / CHECKPOINT, note.encode()):
            shelf.put(CHECKPOINT, note.encode())
        shelf.close()
        swept = _sweep_all(root) if whole else _sweep(root, done, point.size)
        return Published(size=point.size, written=shelf.written, swept=swept)


def published_size(book: Book, root: Path) -> int:
    """Size of the checkpoint that is published in `root`; 0 for none. It must be one that the database knows."""
    try:
        note = (root / CHECKPOINT).read_text(encoding="utf-8")
        point = notebook.read(note, book)
    except FileNotFoundError:
        return 0
    except (UnicodeDecodeError, CheckpointRefused) as refused:
        raise LogInconsistent(f"{root / CHECKPOINT} is not a checkpoint of this log: {refused}") from None
    known = book.checkpoints.objects.filter(size=point.size).values_list("root", flat=True).first()
    if known is None or bytes(known) != point.root:
        raise LogInconsistent(
            f"{root} holds a signed checkpoint of {point.size} entries that the database does not know: nothing is "
            "published over it. 'lodeline log publish --anew' puts the folder aside once an operator has decided."
        )
    return point.size


def put_aside(book: Book, root: Path | None = None) -> Path | None:
    """Rename what is published, as evidence; the next publication starts with nothing. None if there is none."""
    root = root or folder(book)
    if not (root / CHECKPOINT).exists():
        return None
    number = 1
    while (aside := root.with_name(f"{root.name}.aside-{number}")).exists():
        number += 1
    root.rename(aside)
    return aside


_not_before: dict[str, float] = {}


def offered(book: Book) -> None:
    """After a commit: publish if it is little and the last time is a while ago; else the clock catches up."""
    started = time.monotonic()
    if started < _not_before.get(book.name, 0.0):
        return
    publish(book, wait=False, most=INLINE)
    now = time.monotonic()
    _not_before[book.name] = now + max(PAUSE, SHARE * (now - started))


def catch_up(now: datetime | None = None) -> list[Published]:  # noqa: ARG001 - ticks say when they are
    """Publish what is not out yet, of every book."""
    return [found for book in BOOKS.values() if (found := publish(book)) is not None]


@contextmanager
def _turn(root: Path, *, wait: bool) -> Iterator[bool]:
    """One process at a time writes to a folder; the lock lies beside it."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f".{root.name}.lock").open("w") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _there(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except (FileNotFoundError, NotADirectoryError):
        return False


def _sweep(root: Path, done: int, size: int) -> int:
    """Remove the partial tiles of `done` whose full tile is out now; how many there were."""
    swept = 0
    for tile in layout.edge(done):
        if layout.filled(tile.level + 1, size) > tile.index:
            for level in (tile.level, layout.ENTRIES)[: 2 if tile.level == 0 else 1]:
                swept += _remove(root / f"{layout.Tile(level, tile.index).path}.p")
    return swept


def _sweep_all(root: Path) -> int:
    partial = [path for path in (root / "tile").rglob("*.p") if path.with_suffix("").is_file()]
    return sum(map(_remove, partial))


def _remove(partial: Path) -> int:
    if not partial.is_dir():
        return 0
    count = len(list(partial.iterdir()))
    shutil.rmtree(partial)
    return count
