from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lodeline.cli import REFUSED, SUMMARIES, UNUSABLE
from lodeline_server.log.command_step import say

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["log"]
# Each offers `add_steps(steps)`. None of them imports the framework before a step is run.
PIECES = (
    "command_log_read",
    "command_log_proofs",
    "command_log_verify",
    "command_log_files",
    "command_log_monitor",
    "command_log_cross",
    "command_log_resume",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for piece in PIECES:
        import_module(f"lodeline_server.log.{piece}").add_steps(steps)


def run(args: argparse.Namespace) -> int:
    if args.offline(args):
        return int(args.call(args))
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.sealing import Unreadable
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log.backend import LogInconsistent

    try:
        return int(args.call(args))
    except DatabaseError as error:
        said = f"the log cannot be read: {error}. 'lodeline doctor' tells more."
        code = UNUSABLE
    except Unreadable as error:
        said = f"this entry is damaged: {error}. 'lodeline log fsck' tells more."
        code = REFUSED
    except Problem as problem:
        said, code = f"{problem}: {problem.detail}", REFUSED
    except LogInconsistent as error:
        said, code = str(error), REFUSED
    say(args, {"error": said}, f"lodeline log: {said}")
    return code
