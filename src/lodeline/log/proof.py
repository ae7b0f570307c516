"""Checking proofs (RFC 6962, 2.1.1 and 2.1.2; algorithms of RFC 9162). Pure: bytes in, None or `ProofError` out.

Take index, size and root from a signed checkpoint, never from the envelope the proof came in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.log.merkle import HASH_BYTES, node_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

# A tree of 2^63 leaves has paths of 63 hashes; longer ones are refused before any hashing.
MAX_PATH = 63
MAX_SIZE = 1 << 63


class ProofError(ValueError):
    """The proof does not show what it should; the message says why."""


def _whole(name: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SIZE:
        raise ProofError(f"{name} is out of range")


def _hashes(*hashes: bytes, proof: Sequence[bytes]) -> None:
    if not isinstance(proof, list | tuple):
        raise ProofError("a proof is a list of hashes")
    if len(proof) > MAX_PATH:
        raise ProofError(f"a proof has at most {MAX_PATH} hashes")
    for value in (*hashes, *proof):
        if not isinstance(value, bytes) or len(value) != HASH_BYTES:
            raise ProofError(f"a hash has exactly {HASH_BYTES} bytes")


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofError` unless `proof` leads from the leaf at `index` to the root of a tree of `size`."""
    _whole("index", index)
    _whole("size", size)
    if index >= size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    _hashes(leaf_hash, root, proof=proof)
    node, last, found = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        node >>= 1
        last >>= 1
    if last:
        raise ProofError("the proof is too short")
    if found != root:
        raise ProofError("the proof leads to another root")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` unless the tree of `size2` extends that of `size1`, which must not be empty."""
    _whole("the old size", size1)
    _whole("the new size", size2)
    if not 0 < size1 <= size2:
        raise ProofError(f"no consistency proof from {size1} to {size2}")
    _hashes(root1, root2, proof=proof)
    if size1 == size2:
        if proof or root1 != root2:
            raise ProofError("trees of one size must have one root and no proof")
        return
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    if not path or not proof:
        raise ProofError("the proof is empty")
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the proof is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    if last or old != root1 or new != root2:
        raise ProofError("the proof does not connect the two roots")
