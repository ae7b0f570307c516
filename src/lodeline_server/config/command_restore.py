from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["restore"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a backup made by 'lodeline backup'")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    # Not through settings: importing them would make fresh secrets in the empty folder.
    from lodeline_server.config import environment
    from lodeline_server.config.backup import BackupRefused, restore

    data = environment.data_folder()
    try:
        manifest = restore(archive=args.file, data=data, database=environment.database(data))
    except BackupRefused as refused:
        print(json.dumps({"error": str(refused)}) if args.json else f"lodeline restore: {refused}")
        return REFUSED
    if (missing := _record(args.file, manifest)) and not args.json:
        print(f"lodeline restore: not in the audit trail: {missing}")
    print(
        json.dumps({"folder": str(data), **manifest})
        if args.json
        else f"{data}: restored {len(manifest['files'])} files of {manifest['made']}. Next: lodeline doctor"
    )
    return GOOD


def _record(archive: Path, manifest: dict[str, Any]) -> str:
    """A line in the trail of the folder that was restored; why there is none, when its database is an older one."""
    from lodeline_server.kit import setup

    setup.django(lean=True)  # now that its secrets are there
    from lodeline_server.kit import audit

    return audit.command("restore", {"file": archive.name, "made": manifest["made"]})
