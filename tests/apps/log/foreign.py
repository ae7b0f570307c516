"""Another log, small enough to sign by hand: for tests of witnesses."""

from __future__ import annotations

import hashlib

from tests.core.log.trees import by_definition, leaves, subtrees

from lodeline.keys import SigningKey
from lodeline.log import merkle
from lodeline.log.checkpoint import Checkpoint, sign, to_base64, vkey


class Foreign:
    """A log of leaves 0, 1, 2, ...; `other` makes another tree of the same sizes."""

    def __init__(self, origin="log.example/foreign", seed=b"\x11" * 32):
        self.origin, self.key = origin, SigningKey.from_seed(seed)

    @property
    def vkey(self):
        return vkey(self.origin, self.key.verify_key)

    @property
    def hash(self):
        return hashlib.sha256(self.origin.encode()).hexdigest()

    def hashes(self, size, *, other=False):
        return leaves(size) if not other else [hashlib.sha256(one).digest() for one in leaves(size)]

    def checkpoint(self, size, *, other=False):
        return Checkpoint(origin=self.origin, size=size, root=by_definition(self.hashes(size, other=other)))

    def note(self, size, *, other=False):
        return sign(self.checkpoint(size, other=other), self.key)

    def proof(self, old, size, *, other=False):
        return (
            merkle.consistency(subtrees(self.hashes(size, other=other)), old, size) if 0 < old < size else []
        )

    def request(self, old, size, *, other=False, proof=None, note=None):
        path = (
            (self.proof(old, size, other=other) if isinstance(old, int) else []) if proof is None else proof
        )
        note = self.note(size, other=other) if note is None else note
        return "\n".join([f"old {old}", *map(to_base64, path), "", note]).encode()
