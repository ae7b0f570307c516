"""What the steps of `lodeline log` share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from lodeline_server.log.books import Book

Steps = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add(
    steps: Any,
    name: str,
    said: str,
    call: Callable[[argparse.Namespace], int],
    *,
    book: bool = False,
    offline: Callable[[argparse.Namespace], bool] = lambda _: False,
) -> argparse.ArgumentParser:
    """A step with `--json` and, if asked for, `--book`. `offline`: whether it does without database and framework."""
    step: argparse.ArgumentParser = steps.add_parser(name, help=said, description=said)
    step.add_argument("--json", action="store_true", help="answer as JSON")
    if book:
        step.add_argument(
            "--book", choices=["main", "audit"], default="main", help="facts, or the audit trail"
        )
    step.set_defaults(call=call, offline=offline)
    return step


def say(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)


def book_of(args: argparse.Namespace) -> Book:
    from lodeline_server.log.books import book

    return book(args.book)
