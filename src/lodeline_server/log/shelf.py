"""Writing many files so that a name stands for whole bytes on the disk, or for nothing.

Each file is written and flushed under another name first, then renamed; then the folders are flushed. A process that is
killed in between leaves spare parts in `.part`, which the next one clears away.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from lodeline_server.kit.secrets import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ".part"
FLUSHERS = (
    16  # a disk flushes many files in hardly more time than one; waiting for each in turn is what costs
)
MOST_FILES, MOST_BYTES = 1_024, 16 * 1024 * 1024


class Shelf:
    """Files below `root`. One writer at a time: the caller holds the lock. `written` counts what stands there now."""

    def __init__(self, root: Path) -> None:
        self.root, self.written = root, 0
        self._waiting: dict[str, bytes] = {}
        self._bytes = 0
        shutil.rmtree(root / PARTS, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        self._known: set[Path] = set()

    def put(self, path: str, data: bytes) -> None:
        """Take a file; it is there, for good, after `flush`. Many are flushed by themselves."""
        self._waiting[path] = data
        self._bytes += len(data)
        if len(self._waiting) >= MOST_FILES or self._bytes >= MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Raises `OSError`; then nothing of this lot has its name, or it has it with all its bytes."""
        if not self._waiting:
            return
        parts = self.root / PARTS
        parts.mkdir(exist_ok=True)
        lot = [
            (parts / str(place), self.root / path, data)
            for place, (path, data) in enumerate(self._waiting.items())
        ]
        with ThreadPoolExecutor(max_workers=min(FLUSHERS, len(lot))) as flushers:
            list(flushers.map(_write, [part for part, _, _ in lot], [data for _, _, data in lot]))
            touched: set[Path] = set()
            for _, target, _ in lot:
                touched |= self._folder(target.parent)
            for part, target, _ in lot:
                part.replace(target)
            list(flushers.map(sync_folder, touched))
        self.written += len(lot)
        self._waiting, self._bytes = {}, 0

    def close(self) -> None:
        """Flush, and leave no spare parts behind."""
        self.flush()
        with suppress(OSError):
            (self.root / PARTS).rmdir()

    def _folder(self, folder: Path) -> set[Path]:
        """Make a folder; all whose names have to be flushed: itself, and those above a new one."""
        touched = {folder}
        while folder not in self._known and not folder.is_dir():
            folder = folder.parent
            touched.add(folder)
        for fresh in sorted(touched - {folder}):
            fresh.mkdir()
        self._known |= touched
        return touched


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
