"""`lodeline log fsck`, `checkpoint` and `show`."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.log.command_step import add, book_of, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    step = add(
        steps,
        "fsck",
        "re-derive every commitment, leaf and the root from what is stored, and compare",
        _fsck,
        book=True,
    )
    step.add_argument("--quick", action="store_true", help="compare tree and checkpoint only")
    add(steps, "checkpoint", "print the newest signed checkpoint", _checkpoint, book=True)
    step = add(steps, "show", "print one statement with its leaf", _show, book=True)
    step.add_argument("position", type=int)


def _fsck(args: argparse.Namespace) -> int:
    from lodeline_server.log.fsck import fsck

    verdict = fsck(quick=args.quick, book=book_of(args))
    root = base64.b64encode(verdict.root).decode()
    lines = [f"{finding.rule:14} {finding.pointer}: {finding.message}" for finding in verdict.findings]
    place = "" if verdict.first_bad is None else f", first at position {verdict.first_bad}"
    lines.append(f"{verdict.size} entries, root {root}: {f'damaged{place}' if verdict.findings else 'sound'}")
    found = [finding.as_dict() for finding in verdict.findings]
    value = {"size": verdict.size, "root": root, "firstBad": verdict.first_bad, "findings": found}
    say(args, value, "\n".join(lines))
    return REFUSED if verdict.findings else GOOD


def _checkpoint(args: argparse.Namespace) -> int:
    from lodeline_server.log import notebook

    newest = notebook.newest(book_of(args))
    note, key = newest.note if newest else None, notebook.verifier(book_of(args))
    say(args, {"checkpoint": note, "vkey": key}, (note or "the log is empty\n") + f"\nverify with {key}")
    return GOOD


def _show(args: argparse.Namespace) -> int:
    from lodeline.keys import b64url
    from lodeline_server.kit import audit
    from lodeline_server.log import queries

    found = queries.get(args.position, book=book_of(args))
    audit.command("log show", {"position": args.position, "book": args.book})
    if found is None:
        say(args, {"error": "no such position"}, f"lodeline log: there is no position {args.position}")
        return UNUSABLE
    value = {
        "position": found.position,
        "type": found.type,
        "time": found.time.isoformat(),
        "leaf": found.leaf.decode(),
        "leafHash": found.leaf_hash.hex(),
        "salt": b64url(found.salt),
        "erased": found.erased,
        "payload": found.payload,
    }
    say(args, value, json.dumps(value, indent=1, ensure_ascii=False))
    return GOOD
