from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE
from lodeline.lots.values import SUBSTANCES

if TYPE_CHECKING:
    import argparse

    from lodeline.lots.trace import Trace
    from lodeline_server.lots.answers import Sight
    from lodeline_server.lots.models import Lot

SUMMARY = SUMMARIES["trace"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="DIRECTION")
    words = {"back": "where a lot or item comes from", "forward": "where a lot went"}
    for name, said in words.items():
        step = steps.add_parser(name, help=said, description=said)
        step.add_argument("key", help="identifier, Digital Link path, or label when it is unique")
        step.add_argument("--substance", choices=list(SUBSTANCES), help="show this one only")
        step.add_argument("--workspace", default="", help="needed only when there are several")
        step.add_argument("--json", action="store_true", help="answer as JSON")
    from lodeline_server.lots import command_batch, command_sweep
    from lodeline_server.lots.reconciling import command as command_reconcile

    command_batch.add_arguments(steps)
    command_sweep.add_arguments(steps)
    command_reconcile.add_arguments(steps)


def run(args: argparse.Namespace) -> int:
    from lodeline_server.lots import command_batch, command_sweep
    from lodeline_server.lots.reconciling import command as command_reconcile

    for others in (command_batch, command_sweep, command_reconcile):
        if args.step in others.STEPS:
            return others.run(args)
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline.lots import trace
    from lodeline_server.lots import queries
    from lodeline_server.lots.answers import Sight

    lot = choose(args.key, args.workspace, json_wanted=args.json)
    if isinstance(lot, int):
        return lot
    sight = Sight(picture=queries.around(lot.workspace_id, [lot.key], onward=args.step == "forward"))
    graph = sight.picture.graph
    node = graph.last(lot.key)
    if node is None:
        return complain(f"{lot.key} is not in the graph yet", REFUSED, json_wanted=args.json)
    found = (
        trace.back(graph, node, sight.picture.places) if args.step == "back" else trace.onward(graph, node)
    )
    if args.json:
        print(json.dumps(sight.as_dict(found, args.substance), ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(found, sight, args.substance)))
    return GOOD


def choose(word: str, workspace: str, *, json_wanted: bool) -> Lot | int:
    """The one lot that is meant, or an exit code after saying why there is none."""
    from lodeline_server.lots import queries
    from lodeline_server.lots.models import Lot

    rows = Lot.objects.all()
    if workspace:
        rows = rows.filter(workspace__slug=workspace)
    found = queries.find(rows, word)
    if len(found) == 1:
        return found[0]
    if not found:
        return complain(f"no lot or item is called {word!r}", REFUSED, json_wanted=json_wanted)
    keys = list(dict.fromkeys(one.key for one in found))
    if len(keys) == 1:
        slugs = ", ".join(one.workspace.slug for one in found)
        return complain(
            f"{word!r} is in several workspaces; add --workspace, one of {slugs}",
            UNUSABLE,
            json_wanted=json_wanted,
        )
    names = ", ".join(keys[:5])
    return complain(f"{word!r} may be {names}; give the full key", UNUSABLE, json_wanted=json_wanted)


def complain(words: str, code: int, *, json_wanted: bool) -> int:
    """Say why there is no answer; hand the exit code back."""
    if json_wanted:
        print(json.dumps({"error": words}))
    else:
        print(f"lodeline: {words}", file=sys.stderr)
    return code


def _lines(found: Trace, sight: Sight, substance: str | None) -> list[str]:
    from lodeline_server.kit.charts.numbers import percent

    target = found.target
    made = target.first
    behind = "behind" if found.direction == "back" else "after"
    what = f"{sight.label(target)}  {made.description.product}  {sight.amount(target)}"
    lines = [
        f"{what}  made {made.time:%Y-%m-%d} at {sight.site(target)}",
        f"{len(found.steps) - 1} lots {behind} it, log position {sight.picture.position}",
        "",
        *_tree(found, sight, substance),
    ]
    for name, one in found.origins.items():
        if substance not in {None, name}:
            continue
        lines += ["", f"{SUBSTANCES[name]} ({name})"]
        for source in one.sources:
            recycled = ", recycled" if source.recycled else ""
            lines.append(
                f"  {percent(source.share):>8}  {source.place.name}, {source.place.country}{recycled}"
            )
        if one.unknown:
            lines.append(f"  {percent(one.unknown):>8}  unknown")
    return lines


def _tree(found: Trace, sight: Sight, substance: str | None) -> list[str]:
    """The lots by distance, each with amount, site, date and its shares."""
    from lodeline_server.kit.charts.numbers import percent

    lines = []
    ranked = sorted(
        found.steps, key=lambda one: (one.depth, -max(one.shares.values(), default=0), one.node.key)
    )
    for step in ranked:
        shares = {name: share for name, share in step.shares.items() if substance in {None, name} and share}
        if not step.depth or (substance and not shares):
            continue
        said = " ".join(f"{name} {percent(share)}" for name, share in shares.items())
        node = step.node
        place = f"{sight.site(node)}  {node.first.time:%Y-%m-%d}"
        lines.append(f"{'  ' * step.depth}{sight.label(node)}  {sight.amount(node)}  {place}  {said}")
    return lines
