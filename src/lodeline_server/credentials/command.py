"""`lodeline credential`: verify, issue, revoke, and the keys that sign."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lodeline.cli import REFUSED, SUMMARIES, UNUSABLE
from lodeline_server.credentials.command_step import fail

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["credential"]
# Each offers `add_steps(steps)`. None of them imports the framework before a step is run.
PIECES = (
    "command_verify",
    "command_trust",
    "command_bundle",
    "command_issue",
    "command_sign",
    "command_wallet",
    "command_key",
    "command_did",
    "command_threshold",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for piece in PIECES:
        import_module(f"lodeline_server.credentials.{piece}").add_steps(steps)


def run(args: argparse.Namespace) -> int:
    if args.offline(args):
        return int(args.call(args))
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.credentials.verdict import CredentialRefused
    from lodeline.sealing import Unreadable
    from lodeline_server.kit import audit
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.kit.problems import Problem

    try:
        code = int(args.call(args))
        if args.changes(args):
            audit.command(f"credential {args.step}", {"organisation": args.organisation})
    except Problem as problem:
        # A credential that is not there cannot change its status: that is refused. Other names are bad usage.
        unusable = problem.status == 422 or (problem.status == 404 and not hasattr(args, "reason"))
        return fail(
            args, problem.as_dict(), f"{problem}: {problem.detail}", UNUSABLE if unusable else REFUSED
        )
    except CredentialRefused as error:
        told = {"step": error.step, "error": error.message}
        return fail(args, told, f"refused at the step {error.step}: {error.message}", REFUSED)
    except (KeyUnusable, Unreadable) as error:
        return fail(args, {"error": str(error)}, str(error), REFUSED)
    except (DatabaseError, OSError, UnicodeDecodeError) as error:
        return fail(args, {"error": str(error)}, str(error), UNUSABLE)
    return code
