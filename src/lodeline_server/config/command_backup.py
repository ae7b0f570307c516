from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["backup"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, nargs="?", help="the archive to write (default: backups/ in the data folder)"
    )
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django()
    from django.conf import settings

    from lodeline_server.config.backup import BackupRefused, backup
    from lodeline_server.kit import audit
    from lodeline_server.kit.clock import now

    moment = now()
    target = args.file or settings.DATA / "backups" / f"lodeline-{moment:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        manifest = backup(
            data=settings.DATA, database=settings.DATABASES["default"], target=target, now=moment
        )
    except BackupRefused as refused:
        audit.command("backup", {"file": target.name}, outcome=audit.Outcome.REFUSED)
        print(json.dumps({"error": str(refused)}) if args.json else f"lodeline backup: {refused}")
        return REFUSED
    audit.command("backup", {"file": target.name, "database": _database(manifest)})
    size = target.stat().st_size
    print(
        json.dumps({"file": str(target), "size": size, **manifest})
        if args.json
        else f"{target}: {len(manifest['files'])} files, {size:,} bytes. It holds secrets; keep it as you keep keys."
    )
    return GOOD


def _database(manifest: dict[str, Any]) -> str:
    """The hash of the database in the archive: which backup it was can be told later."""
    return next(
        (told["sha256"] for name, told in manifest["files"].items() if name.startswith("lodeline.")), ""
    )
