"""`lodeline audit`: the audit trail on the command line, of all workspaces. That it was read is a line, too."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    from lodeline_server.log.auditing.queries import Line, Page, Wanted

SUMMARY = SUMMARIES["audit"]
KINDS = ("read", "export", "change", "grant", "revoke", "signin", "signout", "account", "command", "denied", "refused",
         "failed")  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--actor",
        help="an e-mail address, a key's prefix, user:17, key:3, shell:1000, nobody, or a pseudonym",
    )
    parser.add_argument("--type", choices=KINDS, help="what was done")
    parser.add_argument("--action", default="", help="part of the action's name")
    parser.add_argument("--outcome", choices=["ok", "denied", "refused", "failed"], default="")
    parser.add_argument(
        "--since", type=_instant, metavar="YYYY-MM-DD[THH:MM:SSZ]", help="when it happened, UTC"
    )
    parser.add_argument(
        "--until", type=_instant, metavar="YYYY-MM-DD[THH:MM:SSZ]", help="when it happened, UTC"
    )
    parser.add_argument("--before", type=int, metavar="POSITION", help="go on below this position")
    parser.add_argument("--limit", type=_count, default=100, metavar="N", help="lines at most (default 100)")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.access import platform
    from lodeline.sealing import Unreadable
    from lodeline_server.kit import audit
    from lodeline_server.kit.clock import now
    from lodeline_server.log.auditing import queries, sequencer
    from lodeline_server.log.backend import LogInconsistent

    try:
        audit.command("audit", _asked(args))
        sequencer.sequence(now())
        found = queries.page(platform(), _wanted(args), before=args.before, limit=args.limit)
    except DatabaseError as error:
        return _fail(
            args, f"the audit trail cannot be read: {error}. 'lodeline doctor' tells more.", UNUSABLE
        )
    except LogInconsistent as error:
        return _fail(args, f"{error}. 'lodeline log fsck --book audit' tells more.", REFUSED)
    except Unreadable as error:
        return _fail(
            args, f"a line is damaged: {error}. 'lodeline log fsck --book audit' tells more.", REFUSED
        )
    _print(args, found)
    return GOOD


def _fail(args: argparse.Namespace, said: str, code: int) -> int:
    print(json.dumps({"error": said}) if args.json else f"lodeline audit: {said}")
    return code


def _asked(args: argparse.Namespace) -> dict[str, object]:
    """What the line about this reading says: a pseudonym in the place of an address."""
    from lodeline_server.log.auditing import pseudonyms

    asked = {name: value for name in ("since", "until") if (value := getattr(args, name))}
    if args.actor:
        meant = sorted(pseudonyms.found(args.actor, [0]) - {args.actor})
        asked["actor"] = " ".join(meant) or ("unknown" if "@" in args.actor else args.actor)
    return asked


def _wanted(args: argparse.Namespace) -> Wanted:
    from lodeline_server.log.auditing import pseudonyms, queries
    from lodeline_server.log.models import TenantKey

    actors: set[str] = set()
    if args.actor:
        spaces = TenantKey.objects.values_list("workspace", flat=True).distinct()
        actors = pseudonyms.found(args.actor, sorted({0, *spaces}))
    return queries.Wanted(
        kind=f"audit.{args.type}" if args.type else "",
        actors=frozenset(actors),
        action=args.action,
        outcome=args.outcome,
        since=args.since,
        until=args.until,
    )


def _print(args: argparse.Namespace, found: Page) -> None:
    if args.json:
        value: dict[str, Any] = {
            "lines": [{**line.as_dict(), "workspace": line.workspace} for line in found.lines],
            "older": found.older,
        }
        print(json.dumps(value, indent=1))
        return
    for line in found.lines:
        print(_text(line))
    if found.older is not None:
        print(f"{found.looked_at} lines were opened; older ones: --before {found.older}")
    elif not found.lines:
        print("no such line")


def _text(line: Line) -> str:
    from lodeline_server.kit.audit import visible

    objects = " ".join(f"{name}={value}" for name, value in line.objects.items())
    times = f" x{line.count}" if line.count > 1 else ""
    words = f"{line.time}  {line.actor:29} {line.kind.removeprefix('audit.'):8} {line.outcome:7} {line.action}{times}"
    return visible(f"{line.position:>7}  {words}  {objects}".rstrip(), longest=1_000)
