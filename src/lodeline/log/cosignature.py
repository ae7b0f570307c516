"""Cosignatures with a time (C2SP tlog-cosignature v1.1.0-rc.1): Ed25519 (type 0x04) and ML-DSA-44 (0x06).

Signature bytes after the key id: the time as 8 bytes (POSIX seconds, big-endian), then 64 or 2,420 bytes.
Ed25519 covers the whole text and not the cosigner's name: one key serves one name. ML-DSA-44 covers the
name, origin, size and root, and not the extension lines.
"""

from __future__ import annotations

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from lodeline.keys import SEED_BYTES, SIGNATURE_BYTES, SignatureRefused, SigningKey, VerifyKey
from lodeline.log import checkpoint as checkpoints
from lodeline.log.note import (
    COSIGNATURE,
    MLDSA,
    NoteRefused,
    Plain,
    Signature,
    Verifier,
    VKey,
    require_length,
)

TIME_BYTES = 8
MAX_TIME = 2**63 - 1
MLDSA_BYTES = 2420
LONGEST_NAME = 255
_LABEL = b"subtree/v1\n\0"


def ed25519_message(text: str, time: int) -> bytes:
    """What type 0x04 signs."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def mldsa_message(name: str, time: int, checkpoint: checkpoints.Checkpoint) -> bytes:
    """What type 0x06 signs for a whole tree. `NoteRefused` where a name or size does not fit the form."""
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    if not (0 < len(cosigner) <= LONGEST_NAME and 0 < len(origin) <= LONGEST_NAME):
        raise NoteRefused(f"names of cosigner and log have 1 to {LONGEST_NAME} bytes")
    if checkpoint.size > MAX_TIME:
        raise NoteRefused("the size is out of range")
    return b"".join(
        [
            _LABEL,
            bytes([len(cosigner)]) + cosigner,
            time.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            bytes(8),  # from leaf 0
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        ]
    )


@frozen
class Timed:
    """The check of types 0x04 and 0x06."""

    key: VKey

    def check(self, text: str, signature: bytes) -> int:
        """The signed time, 0 where the cosigner says nothing about it. Raises `NoteRefused`."""
        length = SIGNATURE_BYTES if self.key.kind == COSIGNATURE else MLDSA_BYTES
        require_length(self.key, signature, TIME_BYTES + length)
        time, bare = int.from_bytes(signature[:TIME_BYTES], "big"), signature[TIME_BYTES:]
        if time > MAX_TIME:
            raise NoteRefused(f"the time of {self.key.name} is out of range")
        try:
            if self.key.kind == COSIGNATURE:
                VerifyKey(self.key.public).verify(bare, ed25519_message(text, time))
            else:
                message = mldsa_message(self.key.name, time, checkpoints.read(text, extensions=True))
                MLDSA44PublicKey.from_public_bytes(self.key.public).verify(bare, message)
        except (SignatureRefused, InvalidSignature):
            raise NoteRefused(f"the cosignature of {self.key.name} does not hold") from None
        return time


def verifier(key: VKey) -> Verifier:
    """The check that belongs to the type of `key`."""
    return Timed(key) if key.kind in {COSIGNATURE, MLDSA} else Plain(key)


@frozen
class Cosigner:
    """A cosigning key, from its 32-byte seed. `kind`: COSIGNATURE or MLDSA. Seeds stay out of representations."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if self.kind not in {COSIGNATURE, MLDSA} or len(self.seed) != SEED_BYTES:
            raise ValueError(f"a cosigner has a type with a time and a seed of {SEED_BYTES} bytes")

    @property
    def key(self) -> VKey:
        """The public key. `NoteRefused` for names that cannot stand in a note."""
        if self.kind == COSIGNATURE:
            return VKey(self.name, self.kind, SigningKey(self.seed).verify_key.raw)
        return VKey(
            self.name, self.kind, MLDSA44PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()
        )

    def sign(self, text: str, time: int) -> Signature:
        """The cosignature over a checkpoint's text at `time` (POSIX seconds). ML-DSA draws its own randomness.

        Raises `NoteRefused` for what is no checkpoint, `ValueError` for a time out of range or, with Ed25519, 0.
        """
        if not (1 if self.kind == COSIGNATURE else 0) <= time <= MAX_TIME:
            raise ValueError("the time is out of range")
        checkpoint = checkpoints.read(text, extensions=True)
        key = self.key
        if self.kind == COSIGNATURE:
            bare = SigningKey(self.seed).sign(ed25519_message(text, time))
        else:
            message = mldsa_message(self.name, time, checkpoint)
            bare = MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        return Signature(self.name, key.id, time.to_bytes(TIME_BYTES, "big") + bare)
