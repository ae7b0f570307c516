"""Everything that comes from outside: environment variables and the data folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value in {"1", "true", "yes", "on"}


def data_folder() -> Path:
    """`LODELINE_DATA`, else `var` below the current folder. Made on first use, for the owner only."""
    folder = Path(os.environ.get("LODELINE_DATA") or "var").resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def database(folder: Path) -> dict[str, Any]:
    """The one database: SQLite in the data folder, or PostgreSQL by `DATABASE_URL`."""
    url = urlsplit(os.environ.get("DATABASE_URL", ""))
    if url.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or "") or dict(parse_qsl(url.query)).get("host", ""),
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    if url.scheme not in {"", "sqlite"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL has the scheme '{url.scheme}'; this needs postgresql:// or sqlite:///"
        )
    path = Path(url.path) if url.scheme == "sqlite" else folder / "lodeline.sqlite3"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: with NORMAL a power loss can take the last acknowledged statements with it.
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
            "PRAGMA foreign_keys=ON;PRAGMA cache_size=-65536;",
        },
    }
