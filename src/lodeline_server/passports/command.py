"""`lodeline passport`: issue, list, read and sign battery passports."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE
from lodeline_server.passports import command_disclosure

if TYPE_CHECKING:
    import argparse

    from lodeline_server.parties.models import Workspace
    from lodeline_server.passports.models import Passport
    from lodeline_server.passports.workbench import View

SUMMARY = SUMMARIES["passport"]
AUDIENCES = ("public", "legitimate-interest", "notified-body", "authority", "commission", "operator")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def step(name: str, words: str) -> argparse.ArgumentParser:
        sub = steps.add_parser(name, help=words, description=words)
        sub.add_argument("--workspace", default="", help="its short name; needed only when there are several")
        sub.add_argument("--json", action="store_true", help="answer as JSON")
        return sub

    issue = step("issue", "put passports on record and publish them")
    which = issue.add_mutually_exclusive_group(required=True)
    which.add_argument("key", nargs="?", help="identifier, Digital Link path, or serial number")
    which.add_argument(
        "--all", action="store_true", help="all batteries; what has not changed stays as it is"
    )

    step("list", "the passports on record")

    show = step("show", "one passport, as a reader may see it")
    show.add_argument("key", help="identifier, Digital Link path, or serial number")
    show.add_argument("--audience", choices=AUDIENCES, default="public", help="who reads (default: public)")
    show.add_argument("--form", choices=["compressed", "full"], default="compressed", help="of the JSON")
    command_disclosure.add_steps(step, AUDIENCES)


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit.setup import django

    django(lean=args.step != "issue")  # which may collect the files of pages
    from lodeline_server.kit.problems import Problem

    try:
        space = _workspace(args.workspace)
        own = {"issue": _issue, "list": _list, "show": _show}.get(args.step)
        answer, lines = own(args, space) if own else command_disclosure.run(args, space, _one)
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(". ".join(filter(None, [f"lodeline passport: {problem}", problem.detail])), file=sys.stderr)
        return UNUSABLE if problem.status == 422 else REFUSED
    print(json.dumps(answer, ensure_ascii=False, indent=1) if args.json else "\n".join(lines))
    return GOOD


def _workspace(word: str) -> Workspace:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Workspace

    found = list(Workspace.objects.filter(slug=word) if word else Workspace.objects.order_by("slug")[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise Problem(422, "There are several workspaces", detail="name one with --workspace")
    raise Problem(404, f"There is no workspace '{word}'" if word else "There is no workspace yet")


def _issue(args: argparse.Namespace, space: Workspace) -> tuple[Any, list[str]]:
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.passports import actions, gathering
    from lodeline_server.passports.models import Passport

    actor = platform(space.pk)
    if args.all:
        done = actions.issue_all(actor=actor, workspace=space.pk, now=now())
        answer = {
            "issued": done.issued,
            "unchanged": done.unchanged,
            "skipped": [{"key": key, "reason": reason} for key, reason in done.skipped],
        }
        line = f"{len(done.issued)} passports issued, {len(done.unchanged)} unchanged, {len(done.skipped)} skipped"
        return answer, [line, *(f"  {key}: {reason}" for key, reason in done.skipped[:20])]
    key = _one(args.key, gathering.batteries(space.pk), "battery")
    before = Passport.objects.filter(workspace=space, key=key).values_list("position", flat=True).first()
    row = actions.issue(actor=actor, key=key, now=now())
    word = "unchanged" if row.position == before else "issued"
    return {**_head(row), "result": word}, [
        f"{word}: {row.model} {row.serial}, version {row.version}",
        _address(row),
    ]


def _list(args: argparse.Namespace, space: Workspace) -> tuple[Any, list[str]]:
    from lodeline_server.passports.models import Passport

    del args
    rows = list(Passport.objects.filter(workspace=space).order_by("gtin", "serial"))
    lines = [
        f"{row.serial:<16} {row.status:<9} v{row.version:<3} {row.model}  {_address(row)}" for row in rows
    ]
    return {"passports": [_head(row) for row in rows]}, lines or ["no passport is on record"]


def _show(args: argparse.Namespace, space: Workspace) -> tuple[Any, list[str]]:
    from lodeline.passports.access import Audience
    from lodeline.passports.document import expand
    from lodeline_server.kit.problems import Problem
    from lodeline_server.lots.queries import items
    from lodeline_server.passports import workbench
    from lodeline_server.passports.models import Passport

    key = _one(args.key, items(space.pk), "battery")
    row = Passport.objects.filter(workspace=space, key=key).first()
    view = workbench.issued(row, Audience(args.audience)) if row else None
    if row is None or view is None:
        raise Problem(404, "No passport is on record for this battery", detail=key)
    document = expand(dict(view.document)) if args.form == "full" else dict(view.document)
    return document, _lines(row, view)


def _one(word: str, rows: Any, noun: str) -> str:
    """The key of the one battery that is meant."""
    from lodeline_server.kit.problems import Problem
    from lodeline_server.lots.queries import find

    found = find(rows, word)
    if not found:
        raise Problem(404, f"No {noun} is called {word!r}")
    if len(found) > 1:
        raise Problem(422, f"{word!r} may be several", detail=", ".join(one.key for one in found[:5]))
    return found[0].key


def _address(row: Passport) -> str:
    from django.conf import settings

    from lodeline_server.passports.actions import path

    return f"{settings.PUBLIC_URL}{path(row.gtin, row.serial)}"


def _head(row: Passport) -> dict[str, Any]:
    return {
        "key": row.key,
        "gtin": row.gtin,
        "serial": row.serial,
        "category": row.category,
        "status": row.status,
        "model": row.model,
        "maker": row.maker,
        "version": row.version,
        "position": row.position,
        "evidencePosition": row.evidence_position,
        "issued": row.published_at.isoformat(),
        "address": _address(row),
        "completeness": row.counts,
    }


def _lines(row: Passport, view: View) -> list[str]:
    from lodeline_server.passports.wording import STATES

    lines = [
        f"{row.model} {row.serial}, passport {row.status}, version {row.version}, log position {row.position}",
        f"read as {view.audience.value}: {view.present} of {len(view.rows)} points present, {len(view.to_fix)} to fix",
        "",
    ]
    for one in view.rows:
        source = f"  [{one.element['statement']}]" if one.element else ""
        words = one.value or f"- {STATES[one.state]}"
        lines.append(f"{one.point.number:>3} {one.point.title}: {words}{source}")
    return lines
