"""Signed checkpoints as stored: reading them, and the copy of the newest one in a file."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from django.conf import settings

from lodeline.log import checkpoint as notes
from lodeline_server.kit.secrets import sync_folder
from lodeline_server.log import vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.models import Checkpoint

if TYPE_CHECKING:
    from pathlib import Path

KEY = "/log/checkpoint"
MEDIA_TYPE = "text/plain; charset=utf-8"


def newest() -> Checkpoint | None:
    """The newest signed checkpoint; None while the log is empty."""
    return Checkpoint.objects.order_by("-size").first()


def verifier() -> str:
    """The key that checkpoints verify with, to give to others (vkey)."""
    return notes.vkey(settings.LOG_ORIGIN, vault.signing_key().verify_key)


def read(note: str) -> notes.Checkpoint:
    """A note of this log, whatever its origin was called then; raises `CheckpointRefused`."""
    return notes.parse(note, {note.split("\n", 1)[0]: vault.signing_key().verify_key})


def require_signed(row: Checkpoint) -> None:
    """Raise `LogInconsistent` unless the stored note says what the row says, and our key has signed it."""
    try:
        signed = read(row.note)
    except notes.CheckpointRefused as refused:
        raise LogInconsistent(
            f"the last checkpoint does not verify: {refused}; nothing is appended"
        ) from None
    if (signed.size, signed.root) != (row.size, bytes(row.root)):
        raise LogInconsistent("the last checkpoint was signed for another tree; nothing is appended")


def file() -> Path:
    """Where the newest checkpoint lies as a file: for web servers, monitors and backups."""
    return settings.DATA / "log" / "checkpoint"


def copy_to_file() -> None:
    """Write the newest checkpoint to its file: whole or not at all, and never an older one over a newer."""
    target = file()
    target.parent.mkdir(exist_ok=True)
    with (target.parent / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # asked for the newest inside: the last writer knows it best
        note = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
        if note is None or (target.exists() and target.read_text(encoding="utf-8") == note):
            return
        part = target.with_name("checkpoint.part")
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(note)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
        sync_folder(target.parent)
