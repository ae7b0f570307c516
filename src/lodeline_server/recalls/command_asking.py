"""`lodeline recall what-if`, `cause`, `contribution`: questions that put nothing on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline_server.recalls.command_parts import common, names, told, weighing

if TYPE_CHECKING:
    import argparse

    from lodeline.access import Actor

STEPS = ("what-if", "cause", "contribution")
SHOWN = 30


def add_arguments(steps: Any) -> None:
    said = "what several suspect lots would reach together; nothing is put on record"
    one = steps.add_parser("what-if", help=said, description=said)
    one.add_argument("lots", nargs="+", metavar="LOT", help="identifiers or labels, at most 20")
    weighing(one)
    said = "which lots, machines, sites and days explain that items failed; nothing is put on record"
    one = steps.add_parser("cause", help=said, description=said)
    one.add_argument("failed", nargs="*", metavar="SERIAL", help="items that failed, at most 500")
    one.add_argument(
        "--failed", dest="file", type=Path, metavar="FILE", help="a list of them, - for standard input"
    )
    one.add_argument(
        "--sound",
        type=Path,
        metavar="FILE",
        help="sound items to compare with (default: others of the same products)",
    )
    common(one)
    said = "which lots feed some items, by share; nothing is put on record"
    one = steps.add_parser("contribution", help=said, description=said)
    one.add_argument("items", nargs="+", metavar="ITEM", help="identifiers or labels, at most 500")
    weighing(one)


def run(args: argparse.Namespace) -> int:
    steps = {"what-if": _what_if, "cause": _cause, "contribution": _contribution}
    return told(args, lambda actor: steps[args.step](args, actor))


def _foot(found: dict[str, Any]) -> str:
    return f"log position {found['position']}, snapshot {found['snapshot']}, method {found['method']}"


def _what_if(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.recalls import exploring
    from lodeline_server.recalls.spelling import chosen

    assert actor.workspace is not None  # told gives one
    keys = chosen(actor, names(args.lots, None, most=exploring.MOST_SUSPECTS))
    substance = exploring.column(args.substance, keys, actor.workspace)
    found = exploring.what_if(actor.workspace, keys, threshold=args.threshold, substance=substance)
    masses = found["massKg"]
    where = (
        f"of {found['suspectMassKg']} kg: {masses['listed']} kg in them, {masses['below']} kg below, "
        f"{masses['kept']} kg still in the lots, {masses['lost']} kg lost"
    )
    lines = [
        f"{found['items']} items at {found['threshold']} or more, dose of {substance}",
        where,
        *(
            f"  {one['label']}: reaches {one['reached']}, {one['affected']} at the threshold, {one['only']} only by it"
            for one in found["alone"]
        ),
        *(f"  {one['dose']:>12}  {one['massKg']:>12} kg  {one['label']}" for one in found["listed"][:SHOWN]),
    ]
    return found, [*lines, *_more(found["items"]), _foot(found)]


def _more(count: int) -> list[str]:
    return [f"  {count - SHOWN} more: --json gives the first 1,000"] if count > SHOWN else []


def _cause(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls import causing
    from lodeline_server.recalls.spelling import chosen

    assert actor.workspace is not None  # told gives one
    failed = names(args.failed, args.file, most=causing.MOST_FAILED)
    if not failed:
        raise Problem(422, "No failed item is named", detail="give serials, or --failed FILE")
    sound = names([], args.sound, most=causing.MOST_SOUND)
    found = causing.common_cause(actor.workspace, chosen(actor, failed), chosen(actor, sound))
    lines = [found["words"], ""]
    lines += [f"{'*' if one['significant'] else ' '} {one['words']}" for one in found["findings"][:10]]
    note = f"{found['tested']} candidates tested; * stands out after correction for them. It proves no cause."
    return found, [*lines, "", note, _foot(found)]


def _contribution(args: argparse.Namespace, actor: Actor) -> tuple[Any, list[str]]:
    from lodeline_server.recalls import contributing, exploring
    from lodeline_server.recalls.spelling import chosen

    assert actor.workspace is not None  # told gives one
    keys = chosen(actor, names(args.items, None, most=contributing.MOST_ITEMS))
    substance = exploring.column(args.substance, keys, actor.workspace)
    found = contributing.contribution(actor.workspace, keys, threshold=args.threshold, substance=substance)
    sources = found["sourcesKg"]
    lines = [
        f"{found['lots']} lots brought {found['threshold']} or more of {found['wantedKg']} kg {substance}",
        f"from sources {sources['listed']} kg listed, {sources['below']} kg below, {sources['unknown']} kg unknown",
        *(
            f"  {one['share']:>12}  {one['massKg']:>12} kg  {one['label']}  {one['product']}  {one['siteName']}"
            for one in found["listed"][:SHOWN]
        ),
    ]
    return found, [*lines, *_more(found["lots"]), _foot(found)]
