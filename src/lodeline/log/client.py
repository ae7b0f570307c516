"""Proofs from a log's static files. Nothing that is fetched is believed: every hash is led to the signed root first.

The caller brings `fetch(path) -> bytes`; it raises `LookupError` or `OSError` for what is not there.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lodeline.log import layout, merkle
from lodeline.log.layout import ENTRIES, LEVEL_BITS, WIDTH, Tile
from lodeline.log.merkle import HASH_BYTES, leaf_hash, node_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lodeline.log.checkpoint import Checkpoint

Pyramid = list[list[bytes]]


class LogDamaged(ValueError):  # noqa: N818 - a verdict
    """A file of the log does not belong to the tree that the checkpoint signs, or is not there."""


class LogUnreadable(LogDamaged):
    """A file of the log cannot be had, now or at all."""


def pyramid(hashes: Sequence[bytes]) -> Pyramid:
    """All full subtrees over the hashes of a tile: `[l][i]` is the Merkle hash of 2^l of them."""
    sha256, rows = hashlib.sha256, [list(hashes)]
    while len(rows[-1]) > 1:
        pairs = iter(rows[-1])  # a last one without a partner has no full subtree above it
        rows.append(
            [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        )
    return rows


class Tree:
    """The tree under one checkpoint, read as far as a proof needs it.

    `checkpoint` has been verified by the caller. Raises `LogDamaged` for what does not lead to its root. `kept` tiles
    stay in memory at most (a full one is 40 kB with its subtrees).
    """

    def __init__(self, fetch: Callable[[str], bytes], checkpoint: Checkpoint, kept: int = 512) -> None:
        self._fetch, self._most = fetch, kept
        self.size, self.root = checkpoint.size, checkpoint.root
        self._edge: dict[int, Pyramid] = {}
        self._full: dict[tuple[int, int], Pyramid] = {}
        self._ready = False

    def inclusion(self, index: int) -> list[bytes]:
        """Audit path of a leaf (RFC 6962, 2.1.1); `ValueError` when there is no such leaf."""
        return merkle.inclusion(self.subtree, index, self.size)

    def consistency(self, old: int) -> list[bytes]:
        """Proof that this tree extends its own first `old` leaves (RFC 6962, 2.1.2)."""
        return merkle.consistency(self.subtree, old, self.size)

    def leaf_hash(self, index: int) -> bytes:
        return self.subtree(0, index)

    def hashes(self, level: int, index: int) -> list[bytes]:
        """The hashes of a tile, as wide as it is in this tree."""
        return self._tile(level, index)[0]

    def root_at(self, size: int) -> bytes:
        """The root that the first `size` leaves have."""
        if not 0 <= size <= self.size:
            raise ValueError(f"a tree of {self.size} has no tree of {size} in it")
        if size == self.size:
            self.check_edge()
            return self.root
        return merkle.range_hash(self.subtree, 0, size) if size else merkle.EMPTY_ROOT

    def subtree(self, level: int, index: int) -> bytes:
        """The hash of the full subtree of 2^level leaves at `index`, led to the root."""
        tile_level, inside = divmod(level, LEVEL_BITS)
        tile, place = divmod(index, WIDTH >> inside)
        try:
            return self._tile(tile_level, tile)[inside][place]
        except IndexError:
            raise ValueError(f"a tree of {self.size} has no full subtree {index} at level {level}") from None

    def entries(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Positions and entries from `start` to before `stop`, each compared with its leaf hash in the tree."""
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"a tree of {self.size} has no entries {start} to {stop}")
        for number in range(start // WIDTH, -(-stop // WIDTH)):
            tile = layout.at(ENTRIES, number, self.size)
            try:
                found = layout.unbundle(self._get(tile), tile.width)
            except LogDamaged:
                raise
            except ValueError as error:
                raise LogDamaged(f"{tile.path}: {error}") from None
            known = self._tile(0, number)[0]
            for place in range(max(start - number * WIDTH, 0), min(stop - number * WIDTH, tile.width)):
                if leaf_hash(found[place]) != known[place]:
                    raise LogDamaged(
                        f"{tile.path}: entry {number * WIDTH + place} is not the one in the tree"
                    )
                yield number * WIDTH + place, found[place]

    def check_edge(self) -> None:
        """Read the right edge of the tree and compare its root with the signed one."""
        if self._ready:
            return
        edge: dict[int, Pyramid] = {}
        root = b""
        for tile in layout.edge(self.size):
            rows = pyramid(self._hashes(tile))
            edge[tile.level] = rows
            width = tile.width
            for bit, row in enumerate(rows):  # full subtrees of the edge, smallest first
                if width >> bit & 1:
                    left = row[(width >> bit) - 1]
                    root = node_hash(left, root) if root else left
        if (root or merkle.EMPTY_ROOT) != self.root:
            raise LogDamaged(f"the tiles do not lead to the signed root of {self.size} entries")
        self._edge, self._ready = edge, True

    def _tile(self, level: int, index: int) -> Pyramid:
        self.check_edge()
        if not 0 <= index * WIDTH < layout.filled(level, self.size):
            raise ValueError(f"a tree of {self.size} has no tile {index} of level {level}")
        if index == layout.filled(level + 1, self.size):
            return self._edge[level]
        kept = self._full.get((level, index))
        if kept is not None:
            return kept
        above, place = divmod(index, WIDTH)
        rows = pyramid(self._hashes(Tile(level, index)))
        if rows[-1][0] != self._tile(level + 1, above)[0][place]:
            raise LogDamaged(f"{Tile(level, index).path} does not lead to the signed root")
        if len(self._full) >= self._most:
            self._full.pop(next(iter(self._full)))
        self._full[level, index] = rows
        return rows

    def _hashes(self, tile: Tile) -> list[bytes]:
        data = self._get(tile)
        if len(data) != tile.width * HASH_BYTES:
            raise LogDamaged(f"{tile.path} has {len(data)} bytes, not {tile.width * HASH_BYTES}")
        return layout.hashes(data)

    def _get(self, tile: Tile) -> bytes:
        """A file; the full tile stands in for a partial one that was swept, cut to the width that is wanted."""
        try:
            return self._fetch(tile.path)
        except (LookupError, OSError) as missing:
            if tile.width == WIDTH:
                raise LogUnreadable(f"{tile.path} cannot be read: {missing}") from None
        whole = Tile(tile.level, tile.index)
        try:
            data = self._fetch(whole.path)
        except (LookupError, OSError) as missing:
            raise LogUnreadable(f"{tile.path} cannot be read: {missing}") from None
        if tile.level != ENTRIES:
            return data[: tile.width * HASH_BYTES]
        return layout.bundle(layout.unbundle(data, WIDTH)[: tile.width])
