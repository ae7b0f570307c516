"""`lodeline log publish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, UNUSABLE
from lodeline_server.log.command_step import add, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    said = "write the log's static files: what is missing or differs, the checkpoint last"
    step = add(steps, "publish", said, _publish)
    step.add_argument(
        "--to", type=Path, metavar="DIR", help="into this folder (default: log/ in the data folder)"
    )
    step.add_argument(
        "--anew",
        action="store_true",
        help="put the folder that is there aside, keep it as evidence, and start again",
    )


def _publish(args: argparse.Namespace) -> int:
    from lodeline_server.log import files
    from lodeline_server.log.books import AUDIT, MAIN

    told: dict[str, Any] = {}
    lines = []
    places = {MAIN: args.to, AUDIT: args.to / "audit"} if args.to else dict.fromkeys((MAIN, AUDIT))
    try:
        for book, given in places.items():
            root = given or files.folder(book)
            aside = files.put_aside(book, root) if args.anew else None
            found = files.publish(book, to=root, whole=True)
            size, written, swept = (found.size, found.written, found.swept) if found else (0, 0, 0)
            told[book.name] = {"folder": str(root), "size": size, "written": written, "swept": swept}
            lines.append(f"{root}: {size} entries, {written} files written, {swept} partial tiles swept")
            if aside:
                told[book.name]["aside"] = str(aside)
                lines.append(f"what was there is kept in {aside}")
    except OSError as error:
        said = f"{error.filename or 'the folder'} cannot be written: {error.strerror}"
        say(args, {"error": said}, f"lodeline log: {said}")
        return UNUSABLE
    say(args, told, "\n".join(lines))
    return GOOD
