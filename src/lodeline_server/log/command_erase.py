from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["erase"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subject", nargs="?", help="the name that statements give in 'dataSubject'")
    parser.add_argument("--workspace", help="its short name")
    parser.add_argument("--reason", help="a code; 'lodeline erase --reasons' lists them")
    parser.add_argument("--reasons", action="store_true", help="list the codes and end")
    parser.add_argument(
        "--finish", action="store_true", help="erase again after a restore, and finish what a crash left open"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.sealing import Unreadable
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log import erasing
    from lodeline_server.log.backend import LogInconsistent

    if args.reasons:
        _say(args, {"reasons": list(erasing.REASONS)}, "\n".join(erasing.REASONS))
        return GOOD
    if not args.finish and not (args.subject and args.workspace and args.reason):
        _say(args, {"error": "incomplete"}, "lodeline erase: SUBJECT, --workspace and --reason are needed")
        return UNUSABLE
    try:
        return _finish(args) if args.finish else _erase(args)
    except Problem as problem:
        value, said = problem.as_dict(), f"{problem}: {problem.detail}"
        code = REFUSED
    except (LogInconsistent, Unreadable, KeyUnusable) as error:
        value, said, code = {"error": str(error)}, str(error), REFUSED
    except DatabaseError as error:
        value, said, code = {"error": str(error)}, f"{error}. 'lodeline doctor' tells more.", UNUSABLE
    _say(args, value, f"lodeline erase: {said}")
    return code


def _erase(args: argparse.Namespace) -> int:
    from django.apps import apps

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import erasing

    # The log knows no people and no names of workspaces: those are the parties' app's, above it.
    spaces = apps.get_model("parties", "Workspace").objects
    workspace = spaces.filter(slug=args.workspace).values_list("pk", flat=True).first()
    if workspace is None:
        _say(args, {"error": "no such workspace"}, f"lodeline erase: there is no workspace {args.workspace}")
        return UNUSABLE
    outcome = erasing.erase(
        actor=platform(workspace), workspace=workspace, subject=args.subject, reason=args.reason, now=now()
    )
    return _told(args, [outcome])


def _finish(args: argparse.Namespace) -> int:
    from lodeline_server.kit.clock import now
    from lodeline_server.log import erasing

    return _told(args, erasing.again(now()))


def _told(args: argparse.Namespace, outcomes: list[Any]) -> int:
    lines = []
    for one in outcomes:
        place = "not yet on record" if one.position is None else f"on record at position {one.position}"
        lines.append(f"{one.pseudonym}: {one.count} statements cannot be opened any more, {place}")
        lines += [f"  withdrawn: {key}" for key in one.withdrawn]
        lines += [f"  LEFT: {said}" for said in one.left]
        lines += [f"  to do: {said}" for said in one.notes]
    value = {"erasures": [one.as_dict() for one in outcomes]}
    _say(args, value, "\n".join(lines) or "nothing is open")
    return REFUSED if any(one.left for one in outcomes) else GOOD


def _say(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)
