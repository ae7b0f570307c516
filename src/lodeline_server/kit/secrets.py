"""Secrets of an installation: random bytes in files that only the owner reads."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def secret(folder: Path, name: str, size: int = 32) -> bytes:
    """Read `secrets/<name>` below `folder`; make it from the system's randomness the first time.

    It is on the disk, whole, before anybody is given it: what is sealed under a lost key is lost.
    """
    path = folder / "secrets" / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _make(path, size)
        return path.read_bytes()


def _make(path: Path, size: int) -> None:
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(size))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(fresh, path)  # fails if another was first: then theirs counts
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        Path(fresh).unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
