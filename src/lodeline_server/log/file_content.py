"""What the log's static files hold, from the database, led to the signed root before anybody gets it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import connection

from lodeline.log import layout
from lodeline.log.checkpoint import CheckpointRefused
from lodeline.log.client import LogDamaged, Tree
from lodeline.log.layout import ENTRIES, WIDTH, Tile
from lodeline.log.merkle import HASH_BYTES, leaf_hash
from lodeline_server.log import notebook, rows
from lodeline_server.log.backend import LogInconsistent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.log.checkpoint import Checkpoint
    from lodeline_server.log.books import Book


def signed(book: Book) -> Checkpoint | None:
    """The newest checkpoint, verified; None while the book is empty. `LogInconsistent` when it is not what it says."""
    newest = notebook.newest(book)
    if newest is None:
        return None
    try:
        found = notebook.read(newest.note, book)
    except CheckpointRefused as refused:
        raise LogInconsistent(f"the newest checkpoint does not verify: {refused}") from None
    if (found.size, found.root) != (newest.size, bytes(newest.root)):
        raise LogInconsistent("the newest checkpoint was signed for another tree")
    return found


def content(book: Book, tile: Tile) -> bytes:
    """The bytes of a file; `LookupError` when the database does not hold all of it."""
    if tile.level == ENTRIES:
        start = tile.index * WIDTH
        found = book.entries.objects.filter(position__gte=start, position__lt=start + tile.width)
        leaves = [bytes(leaf) for leaf in found.order_by("position").values_list("leaf", flat=True)]
        if len(leaves) == tile.width:
            return layout.bundle(leaves)
    else:
        data = _hashes(book, tile)[: tile.width * HASH_BYTES]
        if len(data) == tile.width * HASH_BYTES:
            return data
    raise LookupError("the database does not hold it")


def _hashes(book: Book, tile: Tile) -> bytes:
    """Plain SQL: a proof reads several tiles, and building the query costs fifteen times the reading."""
    table = book.tiles._meta.db_table  # noqa: SLF001 - Django's documented access
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT hashes FROM "{table}" WHERE level = %s AND "index" = %s',  # noqa: S608 - a constant
            [tile.level, tile.index],
        )
        row = cursor.fetchone()
    return bytes(row[0]) if row else b""


def tree(book: Book, point: Checkpoint) -> Tree:
    """The tree under a checkpoint, read from the database; nothing in it is believed that does not lead to the root."""
    return Tree(lambda path: content(book, layout.parse(path)), point)


def wanted(
    book: Book, point: Checkpoint, start: int, *, entries: bool = True
) -> Iterator[tuple[Tile, bytes]]:
    """The files that came into being since a tree of `start` entries: full tiles, and partial ones of each checkpoint.

    Partial tiles whose full tile exists are left out. Raises `LogInconsistent` for what does not lead to the root.
    """
    found = tree(book, point)
    try:
        found.check_edge()
        for tile in _full(start, point.size):
            yield tile, b"".join(found.hashes(tile.level, tile.index))
            if tile.level == 0 and entries:
                yield Tile(ENTRIES, tile.index), layout.bundle(_entries(book, found, tile.index))
        for level, (index, widths) in _widths(book, start, point.size).items():
            hashes = found.hashes(level, index)
            own = _entries(book, found, index) if level == 0 and entries else []
            for width in sorted(widths):
                yield Tile(level, index, width), b"".join(hashes[:width])
                if own:
                    yield Tile(ENTRIES, index, width), layout.bundle(own[:width])
    except LogDamaged as damage:
        raise LogInconsistent(f"{damage}; nothing is published. Run 'lodeline log fsck'.") from None


def _entries(book: Book, found: Tree, index: int) -> list[bytes]:
    """The entries of a tile of leaf hashes, each held against its hash. Raises `LogDamaged`."""
    hashes = found.hashes(0, index)
    start = index * WIDTH
    within = "WHERE position >= %s AND position < %s ORDER BY position"
    leaves = [bytes(row[0]) for row in rows.read(book.entries, "leaf", within, start, start + len(hashes))]
    if len(leaves) != len(hashes):
        raise LogDamaged(f"entries from {start} on cannot be read: the database does not hold it")
    for at, (leaf, hashed) in enumerate(zip(leaves, hashes, strict=True), start):
        if leaf_hash(leaf) != hashed:
            raise LogDamaged(f"entry {at} is not the one in the tree")
    return leaves


def _full(start: int, size: int) -> Iterator[Tile]:
    """Hash tiles that became full between two sizes, the lowest level first."""
    for level in range(layout.TOP):
        end = layout.filled(level + 1, size)
        if not end:
            return
        for index in range(layout.filled(level + 1, start), end):
            yield Tile(level, index)


def _widths(book: Book, start: int, size: int) -> dict[int, tuple[int, set[int]]]:
    """By level: index of its last, partial tile, and each width that it had under a checkpoint since `start`."""
    last = {tile.level: tile.index for tile in layout.edge(size)}
    before = set(layout.edge(start))
    found: dict[int, set[int]] = defaultdict(set)
    points = book.checkpoints.objects.filter(size__gt=start, size__lte=size)
    for one in points.order_by("size").values_list("size", flat=True).iterator():
        for tile in layout.edge(one):
            if last.get(tile.level) == tile.index and tile not in before:
                found[tile.level].add(tile.width)
    return {level: (last[level], widths) for level, widths in found.items()}
