"""A throw-away PostgreSQL cluster from the system's own programs, for tests and bars. Loopback socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, the newest there is; None without PostgreSQL."""
    if found := shutil.which("pg_ctl"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _account() -> str | None:
    """PostgreSQL will not run as root: use its own account then."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


@contextmanager
def cluster() -> Iterator[str]:
    """Start one; yield a DATABASE_URL; stop it and remove everything."""
    folder, account = programs(), _account()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    room = Path(tempfile.mkdtemp(prefix="lodeline-pg-"))
    if account:
        shutil.chown(room, account)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {
        "LC_ALL": "C"
    }

    def call(*words: str) -> None:
        before = ["runuser", "-u", account, "--"] if account else []
        subprocess.run([*before, *words], check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL)

    try:
        call(
            str(folder / "initdb"),
            "-D",
            str(room / "data"),
            "-U",
            "lodeline",
            "--auth=trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = f"-k {room} -c listen_addresses='' -c max_connections=60"
        call(
            str(folder / "pg_ctl"),
            "-D",
            str(room / "data"),
            "-w",
            "-l",
            str(room / "server.log"),
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql://lodeline@/postgres?host={room}"
        finally:
            call(str(folder / "pg_ctl"), "-D", str(room / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(room, ignore_errors=True)
