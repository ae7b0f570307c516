"""`lodeline log prove` and `consistency`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline.log.checkpoint import to_base64
from lodeline_server.log.command_step import add, book_of, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    step = add(steps, "prove", "print the way from one statement into a checkpoint", _prove, book=True)
    step.add_argument("position", type=int)
    step.add_argument("--size", type=int, help="under the checkpoint of this size (default: the newest)")
    step.add_argument("--out", type=Path, help="write the proof (.tlog-proof) to this file")
    said = "prove that the log of one size holds all of the log of a smaller one"
    step = add(steps, "consistency", said, _consistency, book=True)
    step.add_argument("old", type=int)
    step.add_argument("new", type=int, nargs="?", help="default: the newest size")


def _prove(args: argparse.Namespace) -> int:
    from lodeline_server.log import queries
    from lodeline_server.log.standing import standing

    book = book_of(args)
    found = queries.get(args.position, book=book)
    if found is None:
        say(args, {"error": "no such position"}, f"lodeline log: there is no position {args.position}")
        return UNUSABLE
    stands = standing(found, book, args.size)
    value = {
        "index": found.position,
        "leafHash": found.leaf_hash.hex(),
        "path": [to_base64(one) for one in stands.path],
        "checkpoint": stands.note,
        "faults": list(stands.faults),
    }
    if stands.faults:
        said = f"position {found.position} cannot be proved: {', '.join(stands.faults)} does not hold"
        say(args, value, f"lodeline log: {said}. 'lodeline log fsck' tells more.")
        return REFUSED
    if args.out:
        try:
            args.out.write_text(stands.receipt(), encoding="utf-8", newline="\n")
        except OSError as error:
            said = f"{args.out} cannot be written: {error.strerror}"
            say(args, {"error": said}, f"lodeline log: {said}")
            return UNUSABLE
        say(args, value, f"{args.out}: position {found.position} in a log of {stands.size}")
    else:
        say(args, value, stands.receipt().rstrip("\n"))
    return GOOD


def _consistency(args: argparse.Namespace) -> int:
    from lodeline_server.log import proofs

    found = proofs.consistency(args.old, args.new, book_of(args))
    path = [to_base64(one) for one in found.path]
    value = {
        "old": found.old,
        "new": found.new,
        "oldRoot": to_base64(found.old_root),
        "newRoot": to_base64(found.new_root),
        "proof": path,
    }
    head = f"{found.old} {value['oldRoot']}\n{found.new} {value['newRoot']}\n"
    say(args, value, "\n".join([head, *path]).rstrip("\n"))
    return GOOD
