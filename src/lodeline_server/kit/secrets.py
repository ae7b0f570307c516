"""Secrets of an installation: random bytes in files that only the owner reads."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def secret(folder: Path, name: str, size: int = 32) -> bytes:
    """Read `secrets/<name>` below `folder`; make it from the system's randomness the first time."""
    path = folder / "secrets" / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_name(f"{name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(size))
        try:
            os.link(fresh, path)  # fails if another process was first: then theirs counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return path.read_bytes()
