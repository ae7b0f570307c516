"""`lodeline trace sweep` and `trace snapshot`: questions about every lot at once, and the files they are read from."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline.lots.values import SUBSTANCES
from lodeline_server.lots.command import complain
from lodeline_server.lots.command_batch import chosen_workspace

if TYPE_CHECKING:
    import argparse

    from lodeline_server.lots.sweeping import Answer

STEPS = ("sweep", "snapshot")
BY_MASS = "mass"
ASKED = {
    "country": "share of a substance by country of origin",
    "site": "share by mine and recycler",
    "recycled": "primary and recycled shares",
    "custody": "share that came all the way under each custody model or a stronger one",
    "embedded": "what a kilogram of each lot embeds, from --values of lots, sites or countries",
    "risk": "highest of the --values behind each lot",
}


def add_arguments(steps: Any) -> None:
    said = "one question about every lot, in one sweep: " + "; ".join(f"{k}: {v}" for k, v in ASKED.items())
    sweep = steps.add_parser("sweep", help="one question about every lot, in one sweep", description=said)
    sweep.add_argument("question", choices=list(ASKED))
    sweep.add_argument("--substance", choices=[*SUBSTANCES, BY_MASS], default=BY_MASS)
    sweep.add_argument("--values", type=Path, metavar="FILE", help="CSV with the columns of and value")
    sweep.add_argument(
        "--share", action="store_true", help="risk: weighted by what came from there, not the highest"
    )
    sweep.add_argument("--out", type=Path, metavar="FILE", help="write a row for each lot, as CSV")
    sweep.add_argument("--workspace", default="", help="needed only when there are several")
    sweep.add_argument("--json", action="store_true", help="answer as JSON")
    said = "write a snapshot of the lot graph now; the server does so by itself"
    snapshot = steps.add_parser("snapshot", help=said, description=said)
    snapshot.add_argument("--check", action="store_true", help="read the newest one whole and judge it")
    snapshot.add_argument("--workspace", default="", help="needed only when there are several")
    snapshot.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    space = chosen_workspace(args.workspace)
    if isinstance(space, str):
        return complain(space, UNUSABLE, json_wanted=args.json)
    return sweep(args, space.pk) if args.step == "sweep" else snapshot(args, space.pk)


def sweep(args: argparse.Namespace, workspace: int) -> int:
    from lodeline_server.lots import sweeping

    values = None
    if args.question in {"embedded", "risk"}:
        if args.values is None:
            return complain(f"{args.question} needs --values", UNUSABLE, json_wanted=args.json)
        try:
            values = sweeping.read_values(args.values)
        except (OSError, ValueError) as wrong:
            return complain(str(wrong), UNUSABLE, json_wanted=args.json)
    answer = sweeping.ask(workspace, args.question, args.substance, values=values, share=args.share)
    totals = answer.totals()
    if not totals:
        return complain(f"no lot is known to hold {args.substance}", REFUSED, json_wanted=args.json)
    if args.out is not None:
        try:
            _write(answer, args.out)
        except OSError as wrong:
            return complain(f"{args.out} cannot be written: {wrong}", UNUSABLE, json_wanted=args.json)
    if args.json:
        said = {
            "question": answer.question,
            "substance": answer.substance,
            "position": answer.position,
            "snapshot": answer.snapshot,
            "lots": len(answer.names),
            "without": answer.without,
            "totals": {name: float(f"{value:.12g}") for name, value in totals.items()},
        }
        print(json.dumps(said, ensure_ascii=False, indent=1))
        return GOOD
    print(
        f"{args.question} of {args.substance}, {int(answer.ends.sum())} of {len(answer.names)} lots, "
        f"log position {answer.position}, snapshot {answer.snapshot}"
    )
    for name, value in totals.items():
        print(f"  {value:>10.6g}  {name}")
    if answer.without:
        print(f"  {answer.without} lots that begin a trail have no value: they count as zero")
    return GOOD


def _write(answer: Answer, path: Path) -> None:
    """Beside its place and then renamed: a reader finds all of it or nothing."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["lot", "version", *answer.table.names])
        for key, version, values in answer.rows():
            rows.writerow([key, version, *(f"{value:.12g}" for value in values)])
    part.replace(path)


def snapshot(args: argparse.Namespace, workspace: int) -> int:
    from lodeline.lots.kernel import snapshot as files
    from lodeline_server.lots import queries, standing

    written = None if args.check else standing.write(workspace)
    newest = standing.opened(workspace, queries.position())
    if newest is None:
        words = "there is no snapshot that fits this log; lots that flow into themselves are read without one"
        return complain(words, REFUSED, json_wanted=args.json)
    state = newest.standing.state
    if args.check:
        try:
            files.check(standing.folder(workspace) / state.id)
        except files.SnapshotUnusable as wrong:
            return complain(str(wrong), REFUSED, json_wanted=args.json)
    said = {
        "snapshot": state.id,
        "position": state.position,
        "lots": state.size,
        "edges": state.edges,
        "written": written is not None,
    }
    if args.json:
        print(json.dumps(said, indent=1))
    else:
        fresh = "written" if said["written"] else "sound" if args.check else "up to date"
        print(
            f"snapshot {state.id}: {state.size} lots, {state.edges} edges, log position {state.position}, {fresh}"
        )
    return GOOD
