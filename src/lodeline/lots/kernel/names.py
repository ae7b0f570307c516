"""What lot versions are called: from a number to key and version and back, on disk as arrays.

Texts of ten million lots as objects would take gigabytes; here they are one run of bytes with offsets, found again by
a sorted hash. What came after the snapshot stands beside it in a dictionary.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

ARRAYS = ("text", "ends", "versions", "hashes", "found")


def _hash(key: str, version: int) -> int:
    return int.from_bytes(blake2b(f"{version} {key}".encode(), digest_size=8).digest())


def _none() -> dict[str, NDArray[np.generic]]:
    kinds = {"text": np.uint8, "ends": np.int64, "versions": np.int32, "hashes": np.uint64, "found": np.int32}
    return {name: np.zeros(0, kind) for name, kind in kinds.items()}


@frozen(kw_only=True, eq=False)
class Names:
    """`arrays`: of a snapshot, for numbers from 0; `added`: (key, version) that came after, with their numbers."""

    arrays: Mapping[str, NDArray[np.generic]] = Factory(_none)
    added: Mapping[tuple[str, int], int] = Factory(dict)
    listed: Sequence[tuple[str, int]] = ()

    @property
    def size(self) -> int:
        """How many lot versions have a number."""
        return len(self.arrays["ends"]) + len(self.listed)

    def number(self, key: str, version: int) -> int | None:
        """The number of a lot version; None for one that was never seen."""
        if (later := self.added.get((key, version))) is not None:
            return later
        hashes = self.arrays["hashes"]
        wanted = np.uint64(_hash(key, version))
        at = int(np.searchsorted(hashes, wanted))
        while at < len(hashes) and hashes[at] == wanted:  # two texts may share a hash
            number = int(self.arrays["found"][at])
            if self.name(number) == (key, version):
                return number
            at += 1
        return None

    def name(self, number: int) -> tuple[str, int]:
        """Key and version. Raises `IndexError`."""
        first = len(self.arrays["ends"])
        if number >= first:
            return self.listed[number - first]
        ends = self.arrays["ends"]
        start = int(ends[number - 1]) if number else 0
        text = self.arrays["text"][start : int(ends[number])].tobytes()
        return text.decode(), int(self.arrays["versions"][number])

    def versions(self, key: str) -> list[int]:
        """The numbers of all versions of a lot, oldest first."""
        found: list[int] = []
        while (number := self.number(key, len(found) + 1)) is not None:
            found.append(number)
        return found

    def plus(self, new: Iterable[tuple[str, int]]) -> Names:
        """With more lot versions; they get the next numbers."""
        more = list(new)
        size = self.size
        return Names(
            arrays=self.arrays,
            added={**self.added, **{name: size + at for at, name in enumerate(more)}},
            listed=[*self.listed, *more],
        )

    def settled(self) -> dict[str, NDArray[np.generic]]:
        """The arrays of all names, for a snapshot."""
        if not self.listed:
            return dict(self.arrays)
        old = self.arrays
        texts = [key.encode() for key, _ in self.listed]
        last = int(old["ends"][-1]) if len(old["ends"]) else 0
        hashes = np.append(old["hashes"], np.array([_hash(*name) for name in self.listed], np.uint64))
        found = np.append(old["found"], np.arange(len(old["ends"]), self.size, dtype=np.int32))
        order = np.argsort(hashes, kind="stable")
        return {
            "text": np.append(old["text"], np.frombuffer(b"".join(texts), np.uint8)),
            "ends": np.append(old["ends"], last + np.cumsum([len(text) for text in texts], dtype=np.int64)),
            "versions": np.append(old["versions"], np.array([v for _, v in self.listed], np.int32)),
            "hashes": hashes[order],
            "found": found[order].astype(np.int32),
        }
