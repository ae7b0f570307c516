"""`lodeline demo`: load the demonstration world, write its documents, say who can sign in and where to look."""

from __future__ import annotations

import json
import logging
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SUMMARY = SUMMARIES["demo"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def step(name: str, run: Callable[[argparse.Namespace], Any], words: str) -> argparse.ArgumentParser:
        sub = steps.add_parser(name, help=words, description=words)
        sub.add_argument("--json", action="store_true", help="answer as JSON")
        sub.set_defaults(action=run)
        return sub

    def which(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--as-of",
            type=date.fromisoformat,
            metavar="DATE",
            help="the story ends on the first of this month (default: the world that is loaded, else today)",
        )
        sub.add_argument(
            "--small", action="store_true", help="the small world: three months, eight batteries"
        )

    load = step(
        "load", _load, "capture the demonstration's documents, compute scores, passports and a recall"
    )
    which(load)
    load.add_argument("--force", action="store_true", help="also where LODELINE_URL is a public address")

    documents = step("documents", _documents, "write all documents of the demonstration as files")
    documents.add_argument("folder", metavar="FOLDER", type=Path)
    which(documents)

    step("sign-ins", _sign_ins, "print the demonstration's sign-ins")

    stories = step("stories", _stories, "print the identifiers of the demonstration's stories")
    which(stories)


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit.setup import django

    django(lean=args.step != "load")
    from lodeline_server.kit.problems import Problem

    # Whoever types the command sees its answer; the lines are for the server's log file.
    quiet = logging.getLogger("lodeline_server")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        answer, lines = args.action(args)
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(". ".join(filter(None, [f"lodeline demo: {problem}", problem.detail])), file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"lodeline demo: {error.strerror}: {error.filename}", file=sys.stderr)
        return UNUSABLE
    finally:
        quiet.setLevel(level)
    print(json.dumps(answer) if args.json else "\n".join(lines))
    return GOOD


def _chosen(args: argparse.Namespace) -> tuple[date, bool]:
    """The world that was asked for, else the loaded one, else this month's."""
    from django.db import OperationalError, ProgrammingError

    from lodeline_server.demo.people import loaded
    from lodeline_server.kit.clock import now

    try:
        there = loaded()
    except (OperationalError, ProgrammingError):  # no tables yet: writing documents needs none
        there = None
    if args.as_of is None and there is not None and (there.small or not args.small):
        return there.anchor, there.small
    return (args.as_of or now().date()).replace(day=1), args.small


def _load(args: argparse.Namespace) -> tuple[Any, list[str]]:
    from lodeline_server.demo.actions import load
    from lodeline_server.kit.clock import now

    watched = sys.stderr.isatty() and not args.json

    def say(words: str) -> None:
        if watched:
            print(f"\r{words:<70}", file=sys.stderr, flush=True)  # over the bar, if one stands there

    def progress(done: int, of: int, words: str) -> None:
        end = "\n" if done == of else ""
        print(f"\r{done * 100 // of:3d} %  {words:<60.60}", file=sys.stderr, end=end, flush=True)

    result = load(
        now=now(),
        say=say,
        as_of=args.as_of,
        small=args.small,
        force=args.force,
        progress=progress if watched else None,
    )
    return result.as_dict(), result.lines()


def _documents(args: argparse.Namespace) -> tuple[Any, list[str]]:
    from lodeline_server.demo.signing import signature
    from lodeline_server.demo.story import tell

    anchor, small = _chosen(args)
    documents = tell(anchor, small=small).documents
    args.folder.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(documents, 1):
        path = args.folder / f"{number:04d}-{document.name}"
        path.write_bytes(document.data)
        if document.signs:
            path.with_suffix(".jws").write_text(signature(document))
    answer = {
        "folder": str(args.folder),
        "documents": len(documents),
        "as_of": anchor.isoformat(),
        "small": small,
    }
    return answer, [f"{len(documents)} documents in {args.folder}, the story ends on {anchor}"]


def _sign_ins(args: argparse.Namespace) -> tuple[Any, list[str]]:
    from lodeline_server.demo.people import PASSWORD, PEOPLE, email, sign_ins

    del args
    people = [{"role": role.value, "email": email(role), "name": name} for role, _, name in PEOPLE]
    return {"password": PASSWORD, "people": people}, sign_ins()


def _stories(args: argparse.Namespace) -> tuple[Any, list[str]]:
    from lodeline_server.demo.story import places

    anchor, small = _chosen(args)
    found = places(anchor, small=small)
    width = max(map(len, found))
    return found, [f"{name.replace('_', ' '):<{width}}  {key}" for name, key in found.items()]
