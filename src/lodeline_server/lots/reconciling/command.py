"""`lodeline trace reconcile`: look at everything on record, and keep the cases."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline.lots.mismatch import Mismatch

STEPS = frozenset({"reconcile"})
PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?")


def add_arguments(steps: Any) -> None:
    said = "what on record does not fit: counts, shipments, batches, assays, scans"
    step = steps.add_parser(
        "reconcile", help=said, description=f"{said}. Opens, changes and closes cases accordingly."
    )
    step.add_argument("--site", default="", help="show findings at this site only (its identifier)")
    step.add_argument(
        "--period", default="", help="show findings of this year, month or day only, like 2026-05"
    )
    step.add_argument(
        "--look-only", action="store_true", help="only say what is found; leave the cases alone"
    )
    step.add_argument("--workspace", default="", help="needed only when there are several")
    step.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit code 0: everything fits. 1: something does not. 2: the question cannot be asked."""
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import projections
    from lodeline_server.lots.reconciling import actions, deciding
    from lodeline_server.parties.models import Workspace

    if args.period and not PERIOD.fullmatch(args.period):
        return _complain(args, f"{args.period!r} is no year, month or day: give 2026, 2026-05 or 2026-05-31")
    slugs = dict(Workspace.objects.order_by("slug").values_list("slug", "pk"))
    if args.workspace and args.workspace not in slugs:
        return _complain(args, f"there is no workspace {args.workspace!r}")
    if not args.workspace and len(slugs) != 1:
        return _complain(
            args, f"add --workspace, one of {', '.join(slugs)}" if slugs else "there is no workspace"
        )
    workspace = slugs[args.workspace] if args.workspace else next(iter(slugs.values()))
    answer: dict[str, Any]
    if args.look_only:
        projections.follow_all()
        position, found = deciding.findings(workspace, now())
        answer = {"position": position}
    else:
        outcome = actions.reconcile(actor=platform(workspace), now=now())
        found = list(outcome.findings)
        answer = {
            "position": outcome.position,
            "opened": len(outcome.opened),
            "changed": len(outcome.changed),
            "cured": len(outcome.cured),
        }
    shown = [one for one in found if _fits(one, args)]
    if args.json:
        rows = [{"case": one.id, **one.as_dict()} for one in shown]
        print(json.dumps({**answer, "findings": rows}, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(shown, answer)))
    return REFUSED if shown else GOOD


def _fits(one: Mismatch, args: argparse.Namespace) -> bool:
    starts = any(part.startswith(args.period) for part in one.period.split("/"))
    return (not args.site or one.site == args.site) and (not args.period or starts)


def _lines(found: list[Mismatch], answer: dict[str, Any]) -> list[str]:
    lines = [f"{one.rule:<15} {one.period:<21} {one.message}  ({one.cause})" for one in found]
    how = f"log position {answer['position']}"
    if "opened" in answer:
        how += f"; {answer['opened']} cases opened, {answer['changed']} changed, {answer['cured']} closed"
    return [*lines, f"{len(found)} {'finding' if len(found) == 1 else 'findings'}, {how}"]


def _complain(args: argparse.Namespace, words: str) -> int:
    if args.json:
        print(json.dumps({"error": words}))
    else:
        print(f"lodeline: {words}", file=sys.stderr)
    return UNUSABLE
