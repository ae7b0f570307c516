from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

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
    print(
        json.dumps({"folder": str(data), **manifest})
        if args.json
        else f"{data}: restored {len(manifest['files'])} files of {manifest['made']}. Next: lodeline doctor"
    )
    return GOOD
