"""Where a log's static files lie and what is in them (C2SP tlog-tiles v0.1.0): paths, widths, entry bundles. Pure.

A tile holds up to 256 hashes of one level; level 0 holds leaf hashes, an entry of level L + 1 is the Merkle hash of a
full tile of level L. A partial tile has its width in its path, so that no path ever changes its content.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.log.leaf import MAX_LEAF
from lodeline.log.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

WIDTH: Final = 256
LEVEL_BITS: Final = 8
TOP: Final = 63  # the highest level that a path may name
LENGTH_BYTES: Final = 2
CHECKPOINT: Final = "checkpoint"
ENTRIES: Final = -1
"""The level under which bundles of entries are named here; in paths they stand as `entries`."""
_PATH = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<groups>(?:x[0-9]{3}/){0,6})(?P<last>[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class NoSuchPath(ValueError):  # noqa: N818 - a verdict
    """The path is not of the form that a log's files have."""


@frozen(order=True)
class Tile:
    """One file: hashes of `level`, or the entries (`level` is `ENTRIES`) of tile `index`; `width` 1 to 256."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Below the log's prefix, for example `tile/0/x001/234.p/17`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number(self.index)}{partial}"

    @property
    def needs(self) -> int:
        """The smallest tree size that has this tile."""
        return (self.index * WIDTH + self.width) << LEVEL_BITS * max(self.level, 0)


def number(index: int) -> str:
    """Groups of three digits, all but the last behind an `x`: 1234067 is `x001/x234/067`."""
    if index < 0:
        raise ValueError("tiles are numbered from 0")
    text = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03}/{text}"
    return text


def parse(path: str) -> Tile:
    """The tile that a path names; raises `NoSuchPath` for every spelling but the one."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise NoSuchPath("not the path of a tile")
    width = int(found["width"] or WIDTH)
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    index = int(found["groups"].replace("x", "").replace("/", "") + found["last"])
    tile = Tile(level, index, width)
    if level > TOP or (found["width"] and width >= WIDTH) or tile.path != path:
        raise NoSuchPath("not the path of a tile")
    return tile


def filled(level: int, size: int) -> int:
    """How many hashes a tree of `size` has on a level."""
    return size >> LEVEL_BITS * level


def edge(size: int) -> Iterator[Tile]:
    """The partial hash tiles of a tree of `size`, lowest level first. Empty ones do not exist."""
    for level in range(TOP + 1):
        index, width = divmod(filled(level, size), WIDTH)
        if width:
            yield Tile(level, index, width)
        if not index:
            return


def at(level: int, index: int, size: int) -> Tile:
    """Tile `index` of a level in a tree of `size`, as wide as it is there; `ValueError` when it has none."""
    width = min(WIDTH, filled(max(level, 0), size) - index * WIDTH)
    if index < 0 or width <= 0:
        raise ValueError(f"a tree of {size} has no tile {index} of level {level}")
    return Tile(level, index, width)


def hashes(data: bytes) -> list[bytes]:
    """The 32-byte hashes of a tile, one after the other."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length as a big-endian 16-bit number. `ValueError` for one above 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_LEAF:
            raise ValueError(f"an entry has at most {MAX_LEAF} bytes")
        parts += [len(entry).to_bytes(LENGTH_BYTES, "big"), entry]
    return b"".join(parts)


def unbundle(data: bytes, width: int) -> Sequence[bytes]:
    """The `width` entries of a bundle; `ValueError` when it holds fewer, more, or ends inside one."""
    entries, place = [], 0
    while place < len(data):
        start = place + LENGTH_BYTES
        place = start + int.from_bytes(data[place:start], "big")
        if start > len(data) or place > len(data):
            raise ValueError("a bundle ends inside an entry")
        entries.append(data[start:place])
    if len(entries) != width:
        raise ValueError(f"a bundle of {width} entries holds {len(entries)}")
    return entries
