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
    from django.db import DatabaseError

    from lodeline.sealing import Unreadable
    from lodeline_server.kit.problems import Problem

    step = {"fsck": _fsck, "checkpoint": _checkpoint, "show": _show, "prove": _prove}[args.step]
    try:
        return step(args)
    except DatabaseError as error:
        said = f"the log cannot be read: {error}. 'lodeline doctor' tells more."
        code = UNUSABLE
    except Unreadable as error:
        said = f"this entry is damaged: {error}. 'lodeline log fsck' tells more."
        code = REFUSED
    except Problem as problem:
        said, code = f"{problem}: {problem.detail}", REFUSED
    _say(args, {"error": said}, f"lodeline log: {said}")
    return code


def _say(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)


def _fsck(args: argparse.Namespace) -> int:
    from lodeline_server.log.fsck import fsck

    verdict = fsck(quick=args.quick)
    root = base64.b64encode(verdict.root).decode()
    lines = [f"{finding.rule:14} {finding.pointer}: {finding.message}" for finding in verdict.findings]
    place = "" if verdict.first_bad is None else f", first at position {verdict.first_bad}"
    lines.append(f"{verdict.size} entries, root {root}: {f'damaged{place}' if verdict.findings else 'sound'}")
    found = [finding.as_dict() for finding in verdict.findings]
    value = {"size": verdict.size, "root": root, "firstBad": verdict.first_bad, "findings": found}
    _say(args, value, "\n".join(lines))
    return REFUSED if verdict.findings else GOOD


def _checkpoint(args: argparse.Namespace) -> int:
    from lodeline_server.log import notebook

    newest = notebook.newest()
    note, key = newest.note if newest else None, notebook.verifier()
    _say(args, {"checkpoint": note, "vkey": key}, (note or "the log is empty\n") + f"\nverify with {key}")
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
    from lodeline_server.log.standing import standing

    found = queries.get(args.position)
    if found is None:
        _say(args, {"error": "no such position"}, f"lodeline log: there is no position {args.position}")
        return UNUSABLE
    stands = standing(found)
    value = {
        "index": found.position,
        "leafHash": found.leaf_hash.hex(),
        "path": [base64.b64encode(one).decode() for one in stands.path],
        "checkpoint": stands.note,
        "faults": list(stands.faults),
    }
    if stands.faults:
        said = f"position {found.position} cannot be proved: {', '.join(stands.faults)} does not hold"
        _say(args, value, f"lodeline log: {said}. 'lodeline log fsck' tells more.")
        return REFUSED
    _say(args, value, stands.receipt().rstrip("\n"))
    return GOOD
