"""Signed notes and verifier keys (C2SP signed-note v1.0.0): text, an empty line, signature lines.

What a signature covers depends on its type; `lodeline.log.cosignature.verifier` makes the check for a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Protocol

from attrs import frozen

from lodeline.keys import SIGNATURE_BYTES, SignatureRefused, VerifyKey

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519, COSIGNATURE, MLDSA = 0x01, 0x04, 0x06
PUBLIC_SIZES = {ED25519: 32, COSIGNATURE: 32, MLDSA: 1312}
KEY_ID_BYTES = 4
MAX_NOTE = 128 * 1024
MAX_SIGNATURES = 64
MAX_VKEY = 4096
NAME = re.compile(r"[^\s+]+")
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_MARK = "—"


class NoteRefused(ValueError):  # noqa: N818 - a verdict
    """The note is malformed, unsigned by a known key, or signed wrongly."""


@frozen
class VKey:
    """A public key with its name: `kind` is the signature type, `public` 32 or 1,312 bytes.

    Raises `NoteRefused` for names with blanks or '+', other types, other lengths, unusable points.
    """

    name: str
    kind: int
    public: bytes

    def __attrs_post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or _FORBIDDEN.search(self.name):
            raise NoteRefused("a key's name is not empty and has neither blanks nor '+'")
        if len(self.public) != PUBLIC_SIZES.get(self.kind, -1):
            raise NoteRefused("not a verifier key of a type that is known here")
        if self.kind != MLDSA:
            try:
                VerifyKey(self.public)
            except ValueError as error:
                raise NoteRefused(str(error)) from None

    @property
    def id(self) -> bytes:
        """4 bytes that stand before each signature."""
        return key_id(self.name, self.public, self.kind)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"


class Verifier(Protocol):
    """Checks signatures of one key."""

    @property
    def key(self) -> VKey: ...

    def check(self, text: str, signature: bytes) -> int | None:
        """The time that is signed along (POSIX seconds), None for types without. Raises `NoteRefused`."""


@frozen
class Plain:
    """The check of type 0x01: Ed25519 over the text."""

    key: VKey

    def check(self, text: str, signature: bytes) -> None:
        require_length(self.key, signature, SIGNATURE_BYTES)
        try:
            VerifyKey(self.key.public).verify(signature, text.encode())
        except SignatureRefused:
            raise NoteRefused(f"the signature of {self.key.name} does not hold") from None


@frozen
class Signature:
    """One line: who says to have signed, and the bytes after the key id."""

    name: str
    id: bytes
    signature: bytes

    def line(self) -> str:
        return f"{_MARK} {self.name} {to_base64(self.id + self.signature)}\n"


@frozen
class Note:
    """A note taken apart: the text with its last newline, the signature lines in order. Nothing is checked."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(one.line() for one in self.signatures)}"


@frozen
class Signed:
    """A good signature: by whom, at which time (None for types without)."""

    key: VKey
    time: int | None
    signature: Signature


@frozen
class Verified:
    """Text that known keys have signed; at least one, each key once."""

    text: str
    by: tuple[Signed, ...]


def key_id(name: str, public: bytes, kind: int = ED25519) -> bytes:
    """First 4 bytes of SHA-256(name, newline, type, public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def parse_vkey(text: str) -> VKey:
    """The key in `name+id+base64(type, public key)`; `NoteRefused` for other types and a wrong id."""
    try:
        name, hexed, data = text.split("+", 2) if len(text) <= MAX_VKEY else ("", "", "")
        blob = from_base64(data)
        key = VKey(name, blob[0], blob[1:]) if blob else None
        good = key is not None and key.id.hex() == hexed
    except ValueError:
        key, good = None, False
    if key is None or not good:
        raise NoteRefused("not a verifier key of the form name+id+base64, of a type that is known here")
    return key


def split(note: str) -> Note:
    """Text and signatures of a well-formed note; raises `NoteRefused` for any other text."""
    if len(note) > MAX_NOTE or _FORBIDDEN.search(note) or len(note.encode()) > MAX_NOTE:
        raise NoteRefused("the note is too large, or holds control characters or no Unicode text")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteRefused("not a signed note: text, empty line, signature lines")
    return Note(f"{text}\n", signatures(lines))


def signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines, each with its newline; at least one. Raises `NoteRefused`."""
    if not lines.endswith("\n") or lines.count("\n") > MAX_SIGNATURES:
        raise NoteRefused("too many signatures, or a line that does not end")
    return tuple(map(_signature, lines[:-1].split("\n")))


def _signature(line: str) -> Signature:
    mark, name, data = [*line.split(" "), "", ""][:3]
    if mark != _MARK or not NAME.fullmatch(name) or _FORBIDDEN.search(line) or line.count(" ") != 2:
        raise NoteRefused("a signature line is malformed")
    try:
        blob = from_base64(data)
    except ValueError:
        raise NoteRefused("a signature is not canonical base64") from None
    if len(blob) <= KEY_ID_BYTES:
        raise NoteRefused("a signature line is malformed: no signature")
    return Signature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


def verify(note: str, verifiers: Iterable[Verifier]) -> Verified:
    """The text, and which of the keys have signed it. Raises `NoteRefused`.

    Signatures of unknown keys are ignored; a wrong one by a known key refuses the whole note, and so does
    none by a known key.
    """
    parts = split(note)
    known = {(one.key.name, one.key.id): one for one in verifiers}
    good: dict[VKey, Signed] = {}
    for signature in parts.signatures:
        verifier = known.get((signature.name, signature.id))
        if verifier is not None:
            time = verifier.check(parts.text, signature.signature)
            good.setdefault(verifier.key, Signed(verifier.key, time, signature))
    if not good:
        raise NoteRefused("no known key has signed this note")
    return Verified(parts.text, tuple(good.values()))


def require_length(key: VKey, signature: bytes, length: int) -> None:
    if len(signature) != length:
        raise NoteRefused(f"a signature of a known key has the wrong length: {key.name}")


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
