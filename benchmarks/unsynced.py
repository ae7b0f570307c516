"""A file system that forgets what was not synced: for tests of power loss.

    python -m benchmarks.unsynced MOUNT LIVE STORE

What is done on MOUNT is done in LIVE. Beside it, STORE keeps what a disk would hold after a power loss: the content of
a file as of its last fsync or fdatasync, and a folder's names as of its last fsync. A new file's own fsync brings its
name along, as on ext4; a rename or a removal needs the sync of its folder. Making the file `/.power-loss` cuts the
power: from then on every call fails, and STORE/disk is what is left.

Limits: synced data is taken to be whole (no torn pages, no reordering within a sync), and a sync never fails.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import mfusepy as fuse

CUT = "/.power-loss"


class Unsynced(fuse.Operations):
    """Pass-through to `live`, with the durable state in `store`."""

    use_ns = True

    def __init__(self, live: Path, store: Path) -> None:
        self.live, self.store = str(live), store
        self.files = store / "files"
        self.files.mkdir()
        self.turn = threading.RLock()
        self.dark = False
        self.dirty: dict[int, list[tuple[int, int]]] = {}
        self.names: dict[int, dict[str, int]] = {}
        self.kinds: dict[int, tuple[int, int, int]] = {}
        self._take_over(self.live)

    # --- the durable side ---------------------------------------------------------------------------

    def _take_over(self, folder: str) -> None:
        """What is there at the start is on the disk."""
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                self._take_over(entry.path)
            else:
                shutil.copyfile(entry.path, self.files / str(entry.inode()))
        self._sync_folder(folder)

    def _sync_folder(self, folder: str) -> None:
        self._know(folder)
        found = {}
        for entry in os.scandir(folder):
            self._know(entry.path)
            found[entry.name] = entry.inode()
        self.names[os.stat(folder).st_ino] = found

    def _know(self, path: str) -> int:
        about = os.lstat(path)
        self.kinds[about.st_ino] = (about.st_mode, about.st_uid, about.st_gid)
        return about.st_ino

    def _sync_file(self, path: str) -> None:
        """The content, and the name where the folder's durable state has none of it."""
        node = self._know(path)
        target = self.files / str(node)
        with open(path, "rb") as live, open(target, "r+b" if target.exists() else "wb") as kept:
            for start, size in self.dirty.pop(node, []):
                live.seek(start)
                kept.seek(start)
                kept.write(live.read(size))
            kept.truncate(os.fstat(live.fileno()).st_size)
        self._keep_name(path, node)

    def _keep_name(self, path: str, node: int) -> None:
        folder, name = os.path.split(path)
        up = self._know(folder)
        self.names.setdefault(up, {}).setdefault(name, node)
        if folder != self.live:
            self._keep_name(folder, up)

    def _cut(self) -> None:
        """Write out what a disk would hold."""
        self.dark = True
        root = os.stat(self.live).st_ino
        self._write_out(root, self.store / "disk")

    def _write_out(self, node: int, target: Path) -> None:
        target.mkdir()
        for name, below in self.names.get(node, {}).items():
            mode, user, group = self.kinds[below]
            path = target / name
            if stat.S_ISDIR(mode):
                self._write_out(below, path)
            elif stat.S_ISREG(mode):
                kept = self.files / str(below)
                shutil.copyfile(kept, path) if kept.exists() else path.touch()
            else:
                continue
            path.chmod(stat.S_IMODE(mode))
            os.chown(path, user, group)
        mode, user, group = self.kinds[node]
        target.chmod(stat.S_IMODE(mode))
        os.chown(target, user, group)

    # --- the file system ----------------------------------------------------------------------------

    def _at(self, path: str) -> str:
        if self.dark:
            raise fuse.FuseOSError(errno.EIO)
        return (self.live + path).rstrip("/")

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        about = os.lstat(self._at(path))
        names = ("st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks")
        return {name: getattr(about, name) for name in names} | {
            "st_atime": about.st_atime_ns,
            "st_mtime": about.st_mtime_ns,
            "st_ctime": about.st_ctime_ns,
        }

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._at(path))]

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        if path == CUT:
            with self.turn:
                self._cut()
            raise fuse.FuseOSError(errno.EIO)
        handle = os.open(self._at(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)
        user, group, _ = fuse.fuse_get_context()
        os.fchown(handle, user, group)
        return handle

    def open(self, path: str, flags: int) -> int:
        if flags & os.O_TRUNC:
            with self.turn:
                self.dirty.pop(os.stat(self._at(path)).st_ino, None)
        return os.open(self._at(path), (flags & ~os.O_APPEND & ~os.O_WRONLY) | os.O_RDWR)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self._at(path)
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._at(path)
        with self.turn:
            self.dirty.setdefault(os.fstat(fh).st_ino, []).append((offset, len(data)))
            return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._at(path), length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        with self.turn:
            self._sync_file(self._at(path))
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        with self.turn:
            folder = self._at(path)
            self._sync_folder(folder)
            if folder != self.live:
                self._keep_name(folder, os.stat(folder).st_ino)
        return 0

    def rename(self, old: str, new: str) -> int:
        with self.turn:
            os.rename(self._at(old), self._at(new))
        return 0

    def link(self, target: str, source: str) -> int:
        with self.turn:
            os.link(self._at(source), self._at(target))
        return 0

    def unlink(self, path: str) -> int:
        with self.turn:
            os.unlink(self._at(path))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        os.mkdir(self._at(path), mode)
        user, group, _ = fuse.fuse_get_context()
        os.chown(self._at(path), user, group)
        return 0

    def rmdir(self, path: str) -> int:
        os.rmdir(self._at(path))
        return 0

    def chmod(self, path: str, mode: int) -> int:
        os.chmod(self._at(path), mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        os.chown(self._at(path), uid, gid)
        return 0

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        os.utime(self._at(path), ns=times)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        about = os.statvfs(self._at(path))
        return {
            name: getattr(about, name) for name in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize")
        }

    def opendir(self, path: str) -> int:
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0


def main() -> None:
    mount, live, store = map(Path, sys.argv[1:])
    everybody = {"allow_other": True, "default_permissions": True} if os.geteuid() == 0 else {}
    fuse.FUSE(Unsynced(live, store), str(mount), foreground=True, **everybody)


if __name__ == "__main__":
    main()
