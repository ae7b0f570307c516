"""Backup and restore: one file with everything, checked by hash on the way back.

SQLite is copied with its own online backup, PostgreSQL with pg_dump. The archive holds secrets: without them
the sealed payloads cannot be opened. Keep it as you keep keys.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lodeline import __version__
from lodeline_server.config.folder import FORMAT

if TYPE_CHECKING:
    from datetime import datetime

MANIFEST = "manifest.json"
FOLDERS = ("secrets", "log", "tls", "anchors")
# The log's static files are written anew from the database, and come and go while it is copied.
LEFT_OUT = ("log/main/", "log/audit/")
ERASED = "erased.jsonl"
"""Whose data stays erased: what an older backup holds of them is erased again."""
FILES = ("log.policy", "witness.policy", "anchors.toml", ERASED)
CHUNK = 1 << 20
UNREADABLE = (OSError, EOFError, tarfile.TarError, zlib.error)


class BackupRefused(Exception):  # noqa: N818
    """The archive or the target is not fit; the message says why."""


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _postgres(database: dict[str, Any], program: str, *words: str) -> None:
    if not (found := shutil.which(program)):
        raise BackupRefused(f"{program} is needed for a PostgreSQL database and is not on this machine")
    address = ["--dbname", database["NAME"]]
    for option, value in (
        ("--host", database["HOST"]),
        ("--port", database["PORT"]),
        ("--username", database["USER"]),
    ):
        address += [option, str(value)] if value else []
    done = subprocess.run(  # noqa: S603
        [found, *address, *words],
        env={"PGPASSWORD": database.get("PASSWORD", ""), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(f"{program}: {done.stderr.strip()[-500:]}")


def backup(*, data: Path, database: dict[str, Any], target: Path, now: datetime) -> dict[str, Any]:
    """Write one archive to `target` (never over an existing file); return its manifest."""
    if target.exists():
        raise BackupRefused(f"{target} exists; a backup never overwrites")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        parts: dict[str, Path] = {}
        if database["ENGINE"].endswith("sqlite3"):
            parts["lodeline.sqlite3"] = Path(scratch) / "lodeline.sqlite3"
            with (
                sqlite3.connect(database["NAME"]) as source,
                sqlite3.connect(parts["lodeline.sqlite3"]) as copy,
            ):
                source.backup(copy)
            source.close()
            copy.close()
        else:
            parts["lodeline.pgdump"] = Path(scratch) / "lodeline.pgdump"
            _postgres(
                database, "pg_dump", "--format=custom", "--no-owner", "--file", str(parts["lodeline.pgdump"])
            )
        found = [path for name in FOLDERS for path in sorted((data / name).rglob("*"))]
        for path in (*found, *(data / name for name in FILES)):
            name = str(path.relative_to(data))
            if path.is_file() and not name.startswith(LEFT_OUT) and path.suffix != ".part":
                parts[name] = path
        manifest = {
            "format": FORMAT,
            "program": __version__,
            "made": now.isoformat(),
            "files": {
                name: {"sha256": _hash(path), "size": path.stat().st_size} for name, path in parts.items()
            },
        }
        part = target.with_suffix(target.suffix + ".part")
        part.touch(mode=0o600)
        with tarfile.open(part, "w:gz", compresslevel=6) as archive:
            text = json.dumps(manifest, indent=1).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(text)
            archive.addfile(head, io.BytesIO(text))
            for name, path in parts.items():
                archive.add(path, arcname=name, recursive=False)
        part.replace(target)
    return manifest


def _join(older: Path, newer: Path) -> None:
    """Write the lines of both lists, each once, to the older one's place."""
    lines = dict.fromkeys([*older.read_bytes().splitlines(), *newer.read_bytes().splitlines()])
    older.write_bytes(b"".join(line + b"\n" for line in lines if line.strip()))
    older.chmod(0o600)


def unpack(archive: tarfile.TarFile, room: Path) -> None:
    """The archive's files, below a folder. Raises `tarfile.TarError` for anything that is no plain file there.

    Python 3.11 up to its third edition, which Debian 12 has, knows no filters of archives.
    """
    for member in archive:
        place = PurePosixPath(member.name)
        source = archive.extractfile(member) if member.isreg() else None
        if source is None or place.is_absolute() or ".." in place.parts:
            raise tarfile.ExtractError(f"{member.name!r} is no file of a backup")
        target = room / place
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
        target.chmod((member.mode | 0o600) & 0o755)


def restore(*, archive: Path, data: Path, database: dict[str, Any]) -> dict[str, Any]:
    """Unpack into a data folder without a database of its own, after checking every hash. Nothing is overwritten.

    A list of erased persons that lies in the folder already (the newest there is) is kept, and joined with the
    archive's.
    """
    try:
        opened = tarfile.open(archive)  # noqa: SIM115
    except UNREADABLE as error:
        raise BackupRefused(f"{archive} cannot be read as a backup: {error}") from error
    with opened, tempfile.TemporaryDirectory(dir=data.parent) as scratch:
        room = Path(scratch)
        try:
            unpack(opened, room)
            manifest = json.loads((room / MANIFEST).read_text())
            files: dict[str, dict[str, Any]] = manifest["files"]
        except (*UNREADABLE, ValueError, KeyError) as error:
            raise BackupRefused(f"{archive} is damaged: {error}") from error
        if int(manifest["format"]) > FORMAT:
            raise BackupRefused(
                f"the backup was made by a newer Lodeline ({manifest['program']}); install that one"
            )
        for name, want in files.items():
            if not (room / name).is_file() or _hash(room / name) != want["sha256"]:
                raise BackupRefused(f"{archive}: {name} is damaged (its hash differs from the manifest)")
        dump = room / "lodeline.pgdump"
        sqlite = database["ENGINE"].endswith("sqlite3")
        if sqlite == dump.exists():
            raise BackupRefused("the backup is of the other database engine; set DATABASE_URL to match it")
        goal = Path(database["NAME"]) if sqlite else data / "lodeline.json"
        if goal.exists() or any((data / name).exists() and any((data / name).iterdir()) for name in ("log",)):
            raise BackupRefused(f"{data} already holds data; restore into an empty folder")
        if not sqlite:
            _postgres(
                database, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(dump)
            )
        for name in files:
            if name == "lodeline.pgdump":
                continue
            place = goal if name == "lodeline.sqlite3" else data / name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if name == ERASED and place.exists():
                _join(room / name, place)
            shutil.move(room / name, place)
    return manifest
