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
    again, trouble = _erase_again(data)
    said = f"{data}: restored {len(manifest['files'])} files of {manifest['made']}."
    said += f" {again} erased again." if again else ""
    if trouble:
        said += f" NOT ERASED AGAIN: {trouble}. 'lodeline manage migrate', then 'lodeline erase --finish'."
    value = {"folder": str(data), **manifest, "erasedAgain": again, "notErasedAgain": trouble}
    print(json.dumps(value) if args.json else f"{said} Next: lodeline doctor")
    return REFUSED if trouble else GOOD


def _erase_again(data: Path) -> tuple[int, str]:
    """What was erased after the backup was made is in it again: how many were erased anew, and what is in the way."""
    from lodeline_server.config.backup import ERASED

    if not (data / ERASED).exists():
        return 0, ""
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.sealing import Unreadable
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.log import erasing
    from lodeline_server.log.backend import LogInconsistent

    try:
        done = erasing.again(now())
    except (DatabaseError, LogInconsistent, KeyUnusable, Unreadable) as error:
        return 0, str(error)
    return len(done), "; ".join(said for one in done for said in one.left)


def _record(archive: Path, manifest: dict[str, Any]) -> str:
    """A line in the trail of the folder that was restored; why there is none, when its database is an older one."""
    from lodeline_server.kit import setup

    setup.django(lean=True)  # now that its secrets are there
    from lodeline_server.kit import audit

    return audit.command("restore", {"file": archive.name, "made": manifest["made"]})
