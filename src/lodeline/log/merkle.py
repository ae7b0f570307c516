"""Merkle tree hashing and proofs (RFC 6962, section 2.1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: one hash per set bit of its size, largest subtree first."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} has {size.bit_count()} frontier hashes, not {len(hashes)}")
        self.size, self.hashes = size, list(hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size, hashes = self.size, self.hashes
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    def append_subtree(self, level: int, root: bytes) -> None:
        """Add a full subtree of 2^level leaves, where the tree is a multiple of that."""
        width = 1 << level
        if self.size & (width - 1):
            raise ValueError(f"a tree of {self.size} does not end at a multiple of {width}")
        size = self.size >> level
        while size & 1:
            root = node_hash(self.hashes.pop(), root)
            size >>= 1
        self.hashes.append(root)
        self.size += width

    def root(self) -> bytes:
        """The tree hash; that of the empty tree for size 0."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, at once."""
    if hashes and len(hashes) & (len(hashes) - 1) == 0:
        sha256, row = hashlib.sha256, hashes
        while len(row) > 1:
            pairs = iter(row)
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
        return row[0]
    tree = Frontier()
    tree.extend(hashes)
    return tree.root()


def range_hash(subtree: Callable[[int, int], bytes], start: int, end: int) -> bytes:
    """MTH(D[start:end]); `start` is a multiple of the largest power of two not above its width."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return subtree(level, start >> level)
    middle = start + split(width)
    return node_hash(
        subtree((middle - start).bit_length() - 1, start // (middle - start)),
        range_hash(subtree, middle, end),
    )


def inclusion(subtree: Callable[[int, int], bytes], index: int, size: int) -> list[bytes]:
    """Audit path of leaf `index` in a tree of `size`, the leaf's sibling first (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            path.append(range_hash(subtree, middle, end))
            end = middle
        else:
            path.append(range_hash(subtree, start, middle))
            start = middle
    return path[::-1]


def consistency(subtree: Callable[[int, int], bytes], old: int, new: int) -> list[bytes]:
    """Proof that the tree of `new` extends that of `old` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            path.append(range_hash(subtree, middle, end))
            end = middle
        else:
            path.append(range_hash(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_hash(subtree, start, end))
    return path[::-1]
