from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["rebuild"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--projection", action="append", help="only this one; may stand several times")
    parser.add_argument("--check", action="store_true", help="compare the content before and after")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def _digest(names: list[str] | None) -> tuple[str, int]:
    from lodeline_server.log import projections

    digest, lines = hashlib.sha256(), 0
    for line in projections.dump_all(names):
        digest.update(line.encode() + b"\n")
        lines += 1
    return digest.hexdigest(), lines


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline_server.log import projections

    known = [one.name for one in projections.registered()]
    if strange := sorted(set(args.projection or []) - set(known)):
        print(f"lodeline rebuild: no projection {', '.join(strange)}; there are {', '.join(known)}")
        return UNUSABLE
    if args.check and (stuck := projections.follow_all()):
        said = "; ".join(f"{one.projection} stands still at {one.position}: {one.error}" for one in stuck)
        print(json.dumps({"error": said}) if args.json else f"lodeline rebuild: {said}")
        return REFUSED
    before = _digest(args.projection) if args.check else None
    started = time.perf_counter()
    projections.rebuild(args.projection)
    seconds = time.perf_counter() - started
    after, lines = _digest(args.projection)
    same = before is None or before[0] == after
    names = args.projection or known
    if args.json:
        print(
            json.dumps(
                {"projections": names, "lines": lines, "sha256": after, "same": same, "seconds": seconds}
            )
        )
    else:
        verdict = (
            ""
            if before is None
            else ", the same content as before"
            if same
            else ", ANOTHER content than before"
        )
        print(f"rebuilt {', '.join(names)}: {lines} lines in {seconds:.1f} s{verdict}")
    return GOOD if same else REFUSED
