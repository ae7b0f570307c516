"""The text form of an inclusion proof (C2SP tlog-proof v1): index, path, checkpoint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.log.checkpoint import CheckpointRefused, from_base64, parse, to_base64
from lodeline.log.merkle import HASH_BYTES
from lodeline.log.proof import MAX_PATH, ProofError, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.keys import VerifyKey
    from lodeline.log.checkpoint import Checkpoint
    from lodeline.log.policy import Judged, Policy

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_RECEIPT = 256 * 1024
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@frozen(kw_only=True)
class Receipt:
    """`index` of the leaf, its audit path (32-byte hashes, the leaf's sibling first), the signed note verbatim."""

    index: int
    path: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """What is handed out."""
        return "\n".join([FIRST_LINE, f"index {self.index}", *map(to_base64, self.path), "", self.note])

    def verify(self, leaf_hash: bytes, keys: Mapping[str, VerifyKey]) -> Checkpoint:
        """The checkpoint that covers the leaf. Raises `CheckpointRefused` or `ProofError`.

        `keys` maps the names of logs that are trusted here to their keys.
        """
        checkpoint = parse(self.note, keys)
        if checkpoint.origin not in keys:
            raise CheckpointRefused(f"the checkpoint is of another log: {checkpoint.origin}")
        verify_inclusion(leaf_hash, self.index, checkpoint.size, self.path, checkpoint.root)
        return checkpoint

    def judge(self, leaf_hash: bytes, policy: Policy, now: int | None = None) -> Judged:
        """Verify offline, against a policy: a log of it has signed, its quorum of witnesses too, the path fits.

        The checkpoint that covers the leaf, and who witnessed it. Raises `CheckpointRefused` or `ProofError`.
        """
        judged = policy.check(self.note, now)
        if not judged.reached:
            count = len(judged.witnesses)
            raise CheckpointRefused(
                f"{count} witnesses that count: the quorum {policy.quorum!r} is not reached"
            )
        point = judged.checkpoint
        verify_inclusion(leaf_hash, self.index, point.size, self.path, point.root)
        return judged


def make(index: int, path: Sequence[bytes], note: str) -> Receipt:
    return Receipt(index=index, path=tuple(path), note=note)


def read(text: str) -> Receipt:
    """The receipt in `text`; raises `ProofError` for another form. The unauthenticated `extra` line is passed over."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > MAX_RECEIPT or not blank or lines[0] != FIRST_LINE:
        raise ProofError(f"not a proof of the form {FIRST_LINE}")
    rest = lines[2:] if lines[1:2] and lines[1].startswith("extra ") else lines[1:]
    index = _INDEX.fullmatch(rest[0]) if rest else None
    if index is None or len(rest) - 1 > MAX_PATH:
        raise ProofError(f"a proof names its index and has at most {MAX_PATH} hashes")
    try:
        path = tuple(map(from_base64, rest[1:]))
    except ValueError:
        raise ProofError("a hash is not canonical base64") from None
    if any(len(one) != HASH_BYTES for one in path):
        raise ProofError(f"a hash has exactly {HASH_BYTES} bytes")
    return Receipt(index=int(index[1]), path=path, note=note)
