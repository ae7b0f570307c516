"""`lodeline log monitor`: follows a log by its files, another's by HTTP or ours in its folder."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.log.command_log_verify import Refused, Unusable, trusted
from lodeline_server.log.command_step import add, book_of, say

if TYPE_CHECKING:
    import argparse

    from lodeline.log.policy import Policy
    from lodeline_server.log.monitor import Fetch, Look

EVERY = 60


def add_steps(steps: Any) -> None:
    said = "follow a log and check every growth; ours when no place is named"
    step = add(
        steps, "monitor", said, _monitor, book=True, offline=lambda args: bool(args.place) and not args.own
    )
    step.add_argument(
        "place", nargs="?", metavar="URL|FOLDER", help="where the log's checkpoint and tiles lie"
    )
    step.add_argument("--key", metavar="VKEY", help="the log's verifier key, or a file that holds it")
    step.add_argument("--policy", type=Path, metavar="FILE", help="whom to trust, instead of one key")
    step.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="what was seen so far (default: monitor/ in the data folder)",
    )
    step.add_argument("--own", action="store_true", help="compare our database with the log, too")
    step.add_argument("--once", action="store_true", help="look once and end")
    step.add_argument("--every", type=float, default=EVERY, metavar="SECONDS", help=f"default {EVERY}")


def _monitor(args: argparse.Namespace) -> int:
    from lodeline_server.log import monitor

    try:
        fetch, policy = _whom(args)
        path = args.state or _state_file(args.place or args.book)
        while True:
            before = monitor.load(path)
            code = _look(args, fetch, policy, before, path)
            if args.once or code == REFUSED:
                return code
            time.sleep(max(args.every, 1.0))
    except (Unusable, monitor.StateRefused, OSError) as error:
        said, code = str(error), UNUSABLE
    except Refused as refused:
        said, code = str(refused), REFUSED
    say(args, {"error": said}, f"lodeline log: {said}")
    return code


def _look(args: argparse.Namespace, fetch: Fetch, policy: Policy, before: Any, path: Path) -> int:
    from lodeline_server.log import monitor

    if not args.own:
        found = monitor.look(fetch, policy, before)
        findings = list(found.findings)
    else:
        from lodeline_server.log import monitor_own

        entries = monitor_own.Entries(book_of(args))
        found = monitor.look(fetch, policy, before, entries.see)
        findings = [*found.findings, *entries.finish()]
        if found.state is not None:
            findings += monitor_own.compare(book_of(args), found.state)
    evidence = monitor.keep_evidence(path, found)
    if found.state is not None and found.state is not before and not findings:
        monitor.keep(path, found.state)
    _tell(args, found, findings, evidence)
    if not findings:
        return GOOD
    return UNUSABLE if all(one.rule == monitor.UNREADABLE for one in findings) else REFUSED


def _tell(args: argparse.Namespace, found: Look, findings: list[Any], evidence: Path | None) -> None:
    state = found.state
    value = {
        "log": state.origin if state else None,
        "size": state.size if state else 0,
        "new": found.new,
        "strange": found.strange,
        "findings": [one.as_dict() for one in findings],
        "evidence": str(evidence) if evidence else None,
    }
    lines = [f"{one.rule:14} {one.pointer}: {one.message}" for one in findings]
    if evidence:
        lines.append(f"both signed checkpoints are kept in {evidence}")
    if not findings and state:
        strange = f", {found.strange} of them no leaf records of Lodeline" if found.strange else ""
        lines.append(f"{state.origin}: {state.size} entries, {found.new} new{strange}; all of it holds")
    say(args, value, "\n".join(lines))


def _whom(args: argparse.Namespace) -> tuple[Fetch, Policy]:
    """How to read the log, and which key it must be signed with."""
    from lodeline_server.log import monitor

    if args.place:
        web = args.place.startswith(("http://", "https://"))
        fetch = monitor.web_fetch(args.place) if web else monitor.folder_fetch(Path(args.place))
        key = args.key
    else:
        from lodeline_server.log import files, notebook

        fetch = monitor.folder_fetch(files.folder(book_of(args)))
        key = args.key or (None if args.policy else notebook.verifier(book_of(args)))
    return fetch, trusted(key, args.policy)


def _state_file(place: str) -> Path:
    name = place if place in {"main", "audit"} else hashlib.sha256(place.encode()).hexdigest()[:16]
    return Path(os.environ.get("LODELINE_DATA") or "var") / "monitor" / f"{name}.json"
