"""`lodeline log cross`: each book's checkpoint stated in the other, and all that was stated checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED
from lodeline_server.log.command_step import add, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    step = add(
        steps, "cross", "state the checkpoint of each book in the other, and check what was stated", _cross
    )
    step.add_argument("--check", action="store_true", help="check only, state nothing")


def _cross(args: argparse.Namespace) -> int:
    from lodeline_server.kit.clock import now
    from lodeline_server.log.auditing import crossing

    stated = [] if args.check else crossing.cross(now())
    findings = crossing.check()
    lines = [
        f"{one.of}, {one.size} entries: stated at position {one.position} of {one.into}" for one in stated
    ]
    lines += [f"{finding.rule:18} {finding.pointer}: {finding.message}" for finding in findings]
    lines.append("the books do not agree" if findings else "the books agree")
    value = {
        "stated": [
            {"of": one.of, "size": one.size, "into": one.into, "position": one.position} for one in stated
        ],
        "findings": [finding.as_dict() for finding in findings],
    }
    say(args, value, "\n".join(lines))
    return REFUSED if findings else GOOD
