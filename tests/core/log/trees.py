"""The tree by its definition (RFC 6962, 2.1), to compare with: slow and plain."""

from __future__ import annotations

import hashlib


def by_definition(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return hashlib.sha256(b"\1" + by_definition(hashes[:middle]) + by_definition(hashes[middle:])).digest()


def leaves(count):
    return [hashlib.sha256(b"\0" + str(number).encode()).digest() for number in range(count)]


def subtrees(hashes):
    """Hash source for proofs: the full subtree of 2^level leaves at an index."""

    def full(level, index):
        found = hashes[index << level : (index + 1) << level]
        assert len(found) == 1 << level, "a proof needs full subtrees only"
        return by_definition(found)

    return full
