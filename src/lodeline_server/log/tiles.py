"""Stored hash tiles: growing them, and reading subtree hashes for proofs (C2SP tlog-tiles)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.log.merkle import HASH_BYTES, root_of
from lodeline_server.log import backend
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lodeline_server.log.books import Book
    from lodeline_server.log.models import TileRow

WIDTH, LEVEL_BITS = 256, 8


def hashes(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def stored(level: int, index: int, book: Book = MAIN) -> bytes:
    """The hashes of a tile, one after the other; none when it is not there."""
    row = book.tiles.objects.filter(level=level, index=index).values_list("hashes", flat=True).first()
    return bytes(row or b"")


def grow(book: Book, size: int, leaves: Sequence[bytes]) -> None:
    """Add leaf hashes to a tree of `size`: a level at a time; full tiles feed the level above."""
    table = book.tiles
    level, start, fresh = 0, size, list(leaves)
    while fresh:
        index, filled = divmod(start, WIDTH)
        data = b""
        if filled:
            data = stored(level, index, book)
            if len(data) != filled * HASH_BYTES:
                raise backend.LogInconsistent(f"tile {index} of level {level} does not fit a tree of {size}")
        full: list[bytes] = []
        rows: list[TileRow] = []
        at = 0
        while at < len(fresh):
            take = fresh[at : at + WIDTH - len(data) // HASH_BYTES]
            data += b"".join(take)
            at += len(take)
            rows.append(table(level=level, index=index, hashes=data))
            if len(data) == WIDTH * HASH_BYTES:
                full.append(root_of(hashes(data)))
            index, data = index + 1, b""
        if filled:
            table.objects.filter(level=level, index=rows[0].index).update(hashes=rows[0].hashes)
            rows = rows[1:]
        table.objects.bulk_create(rows)
        level, start, fresh = level + 1, start // WIDTH, full


def reader(book: Book = MAIN) -> Callable[[int, int], bytes]:
    """Subtree hashes for `lodeline.log.merkle`; tiles are read once per reader."""
    kept: dict[tuple[int, int], list[bytes]] = {}

    def subtree(level: int, index: int) -> bytes:
        tile_level, inside = divmod(level, LEVEL_BITS)
        width = 1 << inside
        tile, offset = divmod(index * width, WIDTH)
        key = (tile_level, tile)
        if key not in kept:
            kept[key] = hashes(stored(tile_level, tile, book))
        found = kept[key][offset : offset + width]
        if len(found) != width:
            raise ValueError(f"the tree has no full subtree {index} at level {level}")
        return found[0] if width == 1 else root_of(found)

    return subtree
