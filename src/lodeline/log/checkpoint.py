"""Checkpoints: the head of a tree in a signed note (C2SP tlog-checkpoint v1.0.0)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.keys import SigningKey, VerifyKey
from lodeline.log import note as notes
from lodeline.log.merkle import HASH_BYTES
from lodeline.log.note import (
    ED25519,
    KEY_ID_BYTES,
    MAX_NOTE,
    MAX_SIGNATURES,
    NAME,
    NoteRefused,
    Plain,
    Signature,
    VKey,
    from_base64,
    key_id,
    to_base64,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ED25519",
    "KEY_ID_BYTES",
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "Checkpoint",
    "CheckpointRefused",
    "from_base64",
    "key_id",
    "parse",
    "parse_vkey",
    "read",
    "sign",
    "to_base64",
    "verify_note",
    "vkey",
]
CheckpointRefused = NoteRefused
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@frozen(kw_only=True)
class Checkpoint:
    """Tree size and root (32 bytes) under an origin. `extensions`: further lines, which we never write."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The lines that are signed."""
        return "\n".join([self.origin, str(self.size), to_base64(self.root), *self.extensions, ""])


def vkey(name: str, key: VerifyKey) -> str:
    """The public form to give to verifiers: `name+keyid+base64(type, key)`."""
    return f"{name}+{key_id(name, key.raw).hex()}+{to_base64(bytes([ED25519]) + key.raw)}"


def parse_vkey(text: str) -> tuple[str, VerifyKey]:
    """Name and key of an Ed25519 vkey; refuses other key types and a wrong id."""
    try:
        key = notes.parse_vkey(text)
    except NoteRefused:
        key = None
    if key is None or key.kind != ED25519:
        raise CheckpointRefused("not an Ed25519 verifier key of the form name+id+base64")
    return key.name, VerifyKey(key.public)


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note. The key's name is the origin."""
    if not NAME.fullmatch(checkpoint.origin) or len(checkpoint.root) != HASH_BYTES or checkpoint.size < 0:
        raise ValueError("origin without blanks or '+', size from 0, root of 32 bytes")
    if checkpoint.extensions:
        raise ValueError("we write no extension lines: not every cosignature covers them")
    text = checkpoint.text()
    made = Signature(
        checkpoint.origin, key_id(checkpoint.origin, key.verify_key.raw), key.sign(text.encode())
    )
    return f"{text}\n{made.line()}"


def verify_note(note: str, keys: Mapping[str, VerifyKey]) -> str:
    """The signed text of `note`, if an Ed25519 key of `keys` (by name) has signed it.

    Signatures of unknown keys are ignored; a wrong signature by a known key refuses the whole note.
    """
    return notes.verify(note, [Plain(VKey(name, ED25519, key.raw)) for name, key in keys.items()]).text


def parse(note: str, keys: Mapping[str, VerifyKey]) -> Checkpoint:
    """The checkpoint in a signed note; extension lines are refused."""
    return read(verify_note(note, keys))


def read(text: str, *, extensions: bool = False) -> Checkpoint:
    """The checkpoint in the text of a verified note; extension lines only where they are asked for."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines) or not _SIZE.fullmatch(lines[1]):
        raise CheckpointRefused("not a checkpoint: origin, size, root")
    if len(lines) > 3 and not extensions:
        raise CheckpointRefused("not a checkpoint as it is taken here: it has extension lines")
    try:
        root = from_base64(lines[2])
    except ValueError:
        raise CheckpointRefused("the root is not canonical base64") from None
    if len(root) != HASH_BYTES:
        raise CheckpointRefused("the root must have 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root, extensions=tuple(lines[3:]))
