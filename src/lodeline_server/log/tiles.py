"""Stored hash tiles: growing them, and reading subtree hashes for proofs (C2SP tlog-tiles)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.log.merkle import HASH_BYTES, Frontier, root_of
from lodeline_server.log import backend, rows
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lodeline_server.log.books import Book

WIDTH, LEVEL_BITS = 256, 8
_NewTile = tuple[int, int, bytes]  # level, index, hashes


def hashes(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def stored(level: int, index: int, book: Book = MAIN) -> bytes:
    """The hashes of a tile, one after the other; none when it is not there."""
    found = rows.read(book.tiles, "hashes", 'WHERE level = %s AND "index" = %s', level, index)
    return bytes(found[0][0]) if found else b""


def grow(book: Book, tree: Frontier, leaves: Sequence[bytes]) -> None:
    """Add leaf hashes to the tree and its stored tiles: a level at a time; full tiles feed the level above."""
    level, start, fresh = 0, tree.size, list(leaves)
    while fresh:
        fresh_tiles, full = _level(book, level, start, fresh)
        if level == 0:
            _extend(tree, leaves, full)
        rows.insert(book.tiles, "level index hashes", *fresh_tiles)
        level, start, fresh = level + 1, start // WIDTH, full


def _level(book: Book, level: int, start: int, fresh: list[bytes]) -> tuple[list[_NewTile], list[bytes]]:
    """New tile rows of a level that held `start` hashes, and the roots of the tiles that became full."""
    index, filled = divmod(start, WIDTH)
    held: list[bytes] = []
    if filled:
        held = hashes(stored(level, index, book))
        if len(held) != filled:
            raise backend.LogInconsistent(f"tile {index} of level {level} does not fit the tree's size")
    made, full = [], []
    at = 0
    while at < len(fresh):
        take = [*held, *fresh[at : at + WIDTH - len(held)]]
        at += len(take) - len(held)
        made.append((level, index, b"".join(take)))
        if len(take) == WIDTH:
            full.append(root_of(take))
        index, held = index + 1, []
    if filled:
        first = made.pop(0)
        rows.update(book.tiles, "hashes", 'WHERE level = %s AND "index" = %s', first[2], level, first[1])
    return made, full


def _extend(tree: Frontier, leaves: Sequence[bytes], full: Sequence[bytes]) -> None:
    """Bring the right edge along: full tiles as one subtree each, the rest leaf by leaf."""
    first = -tree.size % WIDTH  # leaves up to the next border between tiles
    tree.extend(leaves[:first])
    whole = (len(leaves) - first) // WIDTH if len(leaves) > first else 0
    for root in full[len(full) - whole :]:
        tree.append_subtree(LEVEL_BITS, root)
    tree.extend(leaves[first + whole * WIDTH :])


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
