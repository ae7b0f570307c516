"""What the steps of `lodeline recall` share: arguments, lists from files, answers and refusals."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline.lots.values import SUBSTANCES
from lodeline.quantities import QuantityError, decimal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from lodeline.access import Actor

LARGEST = 10_000_000  # bytes of a list in a file


def common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", default="", help="needed only when there are several")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def weighing(parser: argparse.ArgumentParser) -> None:
    """Threshold and substance, and what all steps have."""
    parser.add_argument(
        "--threshold",
        type=share,
        default=Fraction(0),
        help="smallest dose that counts, a share like 0.001 or 0.1%%; 0, the default, lists everything reached",
    )
    parser.add_argument(
        "--substance",
        default="",
        choices=[*SUBSTANCES, "mass"],
        help="dose of this substance, or by mass (default: the lot's only substance, else mass)",
    )
    common(parser)


def share(word: str) -> Fraction:
    """0.001 or 0.1%."""
    try:
        value = Fraction(decimal(word.removesuffix("%"))) / (100 if word.endswith("%") else 1)
    except QuantityError:
        value = Fraction(-1)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{word!r} is no share: give 0 to 1, like 0.001, or 0.1%")
    return value


def told(args: argparse.Namespace, answer: Callable[[Actor], tuple[Any, list[str]]]) -> int:
    """Run a step for the platform in its workspace; print the answer or say why there is none."""
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline.access import platform
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log import projections

    try:
        projections.follow_all()
        found, lines = answer(platform(workspace(args.workspace)))
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(". ".join(filter(None, [f"lodeline recall: {problem}", problem.detail])), file=sys.stderr)
        return UNUSABLE if problem.status == 422 else REFUSED
    except OSError as error:
        words = f"{error.strerror}: {error.filename}"
        if args.json:
            print(json.dumps({"error": words}))
        else:
            print(f"lodeline recall: {words}", file=sys.stderr)
        return UNUSABLE
    print(json.dumps(found, ensure_ascii=False, indent=1, default=str) if args.json else "\n".join(lines))
    return GOOD


def workspace(word: str) -> int:
    """The one that is named, or the only one. Raises `Problem` (404, 422)."""
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Workspace

    found = list(Workspace.objects.filter(slug=word) if word else Workspace.objects.order_by("slug")[:2])
    if len(found) == 1:
        return int(found[0].pk)
    if found:
        raise Problem(422, "There are several workspaces", detail="name one with --workspace")
    raise Problem(404, f"There is no workspace '{word}'" if word else "There is no workspace yet")


def names(words: list[str], file: Path | None, *, most: int) -> list[str]:
    """Names given as words and in a file ("-": standard input). Raises `Problem` (422) and OSError."""
    from lodeline_server.kit.problems import Problem
    from lodeline_server.recalls.spelling import listed

    text = " ".join(words)
    if file is not None:
        if str(file) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Problem(422, "The list is too long", detail=f"{file}: more than {LARGEST} bytes")
        try:
            text += "\n" + data.decode("utf-8-sig").replace('"', "")
        except UnicodeDecodeError as wrong:
            raise Problem(422, "The list is no text in UTF-8", detail=f"{file}: byte {wrong.start}") from None
    return listed(text, most=most)
