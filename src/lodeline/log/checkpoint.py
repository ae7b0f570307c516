"""Checkpoints as signed notes (C2SP tlog-checkpoint v1.0.0, signed-note v1.0.0)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.keys import PUBLIC_BYTES, SIGNATURE_BYTES, SignatureRefused, SigningKey, VerifyKey
from lodeline.log.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

ED25519 = 0x01
KEY_ID_BYTES = 4
MAX_NOTE = 128 * 1024
MAX_SIGNATURES = 64
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


class CheckpointRefused(ValueError):  # noqa: N818 - a verdict
    """The note is malformed, unsigned by a known key, or signed wrongly."""


@frozen(kw_only=True)
class Checkpoint:
    """Tree size and root (32 bytes) under an origin."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed. We write no extension lines."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    """First 4 bytes of SHA-256(name, newline, type, public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def vkey(name: str, key: VerifyKey) -> str:
    """The public form to give to verifiers: `name+keyid+base64(type, key)`."""
    return f"{name}+{key_id(name, key.raw).hex()}+{to_base64(bytes([ED25519]) + key.raw)}"


def parse_vkey(text: str) -> tuple[str, VerifyKey]:
    """Name and key of a vkey; refuses other key types and a wrong id."""
    try:
        name, hexed, data = text.split("+", 2)
        blob = from_base64(data)
        public = blob[1:]
        good = (
            blob[:1] == bytes([ED25519])
            and len(public) == PUBLIC_BYTES
            and key_id(name, public).hex() == hexed
        )
    except ValueError:
        good = False
    if not good or not _NAME.fullmatch(name):
        raise CheckpointRefused("not an Ed25519 verifier key of the form name+id+base64")
    return name, VerifyKey(public)


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note. The key's name is the origin."""
    if not _NAME.fullmatch(checkpoint.origin) or len(checkpoint.root) != HASH_BYTES or checkpoint.size < 0:
        raise ValueError("origin without blanks or '+', size from 0, root of 32 bytes")
    text = checkpoint.text()
    blob = key_id(checkpoint.origin, key.verify_key.raw) + key.sign(text.encode())
    return f"{text}\n— {checkpoint.origin} {to_base64(blob)}\n"


def verify_note(note: str, keys: Mapping[str, VerifyKey]) -> str:
    """The signed text of `note`, if a key of `keys` (by name) has signed it.

    Signatures of unknown keys are ignored; a wrong signature by a known key refuses the whole note.
    """
    if len(note.encode(errors="replace")) > MAX_NOTE or _FORBIDDEN.search(note):
        raise CheckpointRefused("the note is too large, or holds control characters or no Unicode text")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise CheckpointRefused("not a signed note: text, empty line, signature lines")
    text += "\n"
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise CheckpointRefused("too many signatures")
    known = False
    for line in signatures:
        dash, name, data = [*line.split(" "), "", ""][:3]
        if dash != "—" or not _NAME.fullmatch(name) or line.count(" ") != 2:
            raise CheckpointRefused("a signature line is malformed")
        try:
            blob = from_base64(data)
        except ValueError:
            raise CheckpointRefused("a signature is not canonical base64") from None
        key = keys.get(name)
        if key is None or blob[:KEY_ID_BYTES] != key_id(name, key.raw):
            continue
        if len(blob) != KEY_ID_BYTES + SIGNATURE_BYTES:
            raise CheckpointRefused("a signature of a known key has the wrong length")
        try:
            key.verify(blob[KEY_ID_BYTES:], text.encode())
        except SignatureRefused:
            raise CheckpointRefused(f"the signature of {name} does not hold") from None
        known = True
    if not known:
        raise CheckpointRefused("no known key has signed this note")
    return text


def parse(note: str, keys: Mapping[str, VerifyKey]) -> Checkpoint:
    """The checkpoint in a signed note; extension lines are refused."""
    lines = verify_note(note, keys).split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise CheckpointRefused("not a checkpoint: origin, size, root")
    try:
        root = from_base64(lines[2])
    except ValueError:
        raise CheckpointRefused("the root is not canonical base64") from None
    if len(root) != HASH_BYTES:
        raise CheckpointRefused("the root must have 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def to_base64(data: bytes) -> str:
    """RFC 4648, section 4, with padding."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """The inverse of `to_base64`; `ValueError` for another spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64") from None
    if to_base64(data) != text:
        raise ValueError("not canonical base64")
    return data
