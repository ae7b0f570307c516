"""`lodeline log resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD
from lodeline_server.log.command_step import add, book_of, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    said = (
        "go on after an older database was put in place: bring back the signed leaves, and say so in the log"
    )
    step = add(steps, "resume", said, _resume, book=True)
    step.add_argument("--reason", required=True, help="why the database is older; stands in the log for ever")


def _resume(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log.resuming import resume

    done = resume(actor=platform(), reason=args.reason, now=now(), book=book_of(args))
    value = {"first": done.first, "end": done.end, "position": done.position}
    text = (
        f"{done.end - done.first} entries came back without their payloads, positions {done.first} to {done.end - 1}. "
        f"Position {done.position} says so. Capture their documents again."
    )
    say(args, value, text)
    return GOOD
