from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["log"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    words = {
        "fsck": "re-derive every commitment, leaf and the root from what is stored, and compare",
        "checkpoint": "print the newest signed checkpoint",
        "show": "print one statement with its leaf",
        "prove": "print the way from one statement into the newest checkpoint",
    }
    for name, said in words.items():
        step = steps.add_parser(name, help=said, description=said)
        step.add_argument("--json", action="store_true", help="answer as JSON")
        if name == "fsck":
            step.add_argument("--quick", action="store_true", help="compare tree and checkpoint only")
        if name in {"show", "prove"}:
            step.add_argument("position", type=int)


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    return {"fsck": _fsck, "checkpoint": _checkpoint, "show": _show, "prove": _prove}[args.step](args)


def _say(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)


def _fsck(args: argparse.Namespace) -> int:
    from lodeline_server.log.fsck import fsck

    verdict = fsck(quick=args.quick)
    root = base64.b64encode(verdict.root).decode()
    lines = [f"{finding.rule:14} {finding.pointer}: {finding.message}" for finding in verdict.findings]
    lines.append(f"{verdict.size} entries, root {root}: {'damaged' if verdict.findings else 'sound'}")
    found = [finding.as_dict() for finding in verdict.findings]
    _say(args, {"size": verdict.size, "root": root, "findings": found}, "\n".join(lines))
    return REFUSED if verdict.findings else GOOD


def _checkpoint(args: argparse.Namespace) -> int:
    from django.conf import settings

    from lodeline.log.checkpoint import vkey
    from lodeline_server.log import queries, vault

    note = queries.checkpoint()
    key = vkey(settings.LOG_ORIGIN, vault.signing_key().verify_key)
    _say(args, {"checkpoint": note, "vkey": key}, (note or "the log is empty") + f"\nverify with {key}")
    return GOOD


def _show(args: argparse.Namespace) -> int:
    from lodeline.keys import b64url
    from lodeline_server.log import queries

    found = queries.get(args.position)
    if found is None:
        _say(args, {"error": "no such position"}, f"lodeline log: there is no position {args.position}")
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
    _say(args, value, json.dumps(value, indent=1, ensure_ascii=False))
    return GOOD


def _prove(args: argparse.Namespace) -> int:
    from lodeline_server.log import queries

    note = queries.checkpoint()
    found = queries.get(args.position)
    if found is None or note is None:
        _say(args, {"error": "no such position"}, f"lodeline log: there is no position {args.position}")
        return UNUSABLE
    tree_size = int(note.split("\n")[1])
    path = [base64.b64encode(one).decode() for one in queries.inclusion(args.position, tree_size)]
    value = {"index": found.position, "leafHash": found.leaf_hash.hex(), "path": path, "checkpoint": note}
    _say(args, value, "\n".join([f"index {found.position}", *path, "", note.rstrip("\n")]))
    return GOOD
