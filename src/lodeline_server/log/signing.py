"""Our line under our checkpoints: Ed25519, and ML-DSA-44 beside it where the settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from lodeline.log import checkpoint as checkpoints
from lodeline.log.cosignature import Cosigner
from lodeline.log.note import ED25519, MLDSA, VKey
from lodeline_server.kit.secrets import secret
from lodeline_server.log import vault

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.keys import VerifyKey
    from lodeline_server.log.books import Book


def note_for(
    book: Book, checkpoint: checkpoints.Checkpoint, now: datetime, public: VerifyKey | None = None
) -> str:
    """The signed note of `checkpoint`, by the key of `public`, else by the newest.

    Raises `NoteRefused` where an origin is too long for ML-DSA (255 bytes).
    """
    key = vault.signer(book.key_file, public) if public else vault.signing_key(book.key_file)
    note = checkpoints.sign(checkpoint, key)
    if settings.LOG_MLDSA:
        note += _lattice(book).sign(checkpoint.text(), int(now.timestamp())).line()
    return note


def keys(book: Book) -> tuple[VKey, ...]:
    """The public keys that checkpoints of `book` are signed with now."""
    plain = VKey(book.origin, ED25519, vault.signing_key(book.key_file).verify_key.raw)
    return (plain, _lattice(book).key) if settings.LOG_MLDSA else (plain,)


def _lattice(book: Book) -> Cosigner:
    """Below `secrets/`, beside the book's Ed25519 key."""
    name = f"{book.key_file.removesuffix('.key')}-mldsa.key"
    return Cosigner(book.origin, MLDSA, secret(settings.DATA, name))
