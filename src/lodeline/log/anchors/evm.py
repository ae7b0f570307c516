"""Anchors on an EVM chain: calldata and events as bytes. Knows no node and no library for one.

The contract is `Anchors.vy`: `anchor(log_id bytes32, size uint64, root bytes32)`, `last_size(log_id) -> uint64`,
event `Anchored(log_id indexed, size, root)`. Words are 32 bytes, big-endian (Solidity ABI).
"""

from __future__ import annotations

import hashlib
import re

from attrs import frozen

from lodeline.log.merkle import HASH_BYTES

# keccak256 of the signatures; a test computes them again.
ANCHOR = bytes.fromhex("70c127c6")
LAST_SIZE = bytes.fromhex("e2df2005")
ANCHORED = bytes.fromhex("bea4d11b910aad40d2df2a90d97a3329219b6389f85777c99daad7eb5fafd439")
WORD = 32
MAX_SIZE = (1 << 63) - 1
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@frozen(kw_only=True)
class Anchored:
    """The contract's event: `log_id` and `root` have 32 bytes."""

    log_id: bytes
    size: int
    root: bytes


def log_id(origin: str) -> bytes:
    """SHA-256 of the log's origin: 32 bytes."""
    return hashlib.sha256(origin.encode()).digest()


def is_address(text: str) -> bool:
    """True for 0x and 40 hexadecimal digits, in any case."""
    return _ADDRESS.fullmatch(text) is not None


def anchor_call(identity: bytes, size: int, root: bytes) -> bytes:
    """Calldata of `anchor`: 4 + 96 bytes."""
    if len(identity) != HASH_BYTES or len(root) != HASH_BYTES or not 0 < size <= MAX_SIZE:
        raise ValueError("log id and root have 32 bytes, the size is from 1")
    return ANCHOR + identity + size.to_bytes(WORD, "big") + root


def last_size_call(identity: bytes) -> bytes:
    """Calldata of `last_size`: 4 + 32 bytes."""
    if len(identity) != HASH_BYTES:
        raise ValueError("a log id has 32 bytes")
    return LAST_SIZE + identity


def read_event(topics: list[bytes], data: bytes) -> Anchored | None:
    """The event of one log record, or None when it is another one or malformed."""
    if len(topics) != 2 or topics[0] != ANCHORED or len(topics[1]) != WORD or len(data) != 2 * WORD:
        return None
    return Anchored(log_id=topics[1], size=int.from_bytes(data[:WORD], "big"), root=data[WORD:])
