"""`lodeline user`: workspaces, organisations, accounts and keys from the command line."""

from __future__ import annotations

import getpass
import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lodeline.access import Permission, Role, platform
from lodeline.cli import GOOD, REFUSED, SUMMARIES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from lodeline_server.parties.models import Organisation

SUMMARY = SUMMARIES["user"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    roles = [role.value for role in Role]

    def step(name: str, run: Callable[[argparse.Namespace], Any], words: str) -> argparse.ArgumentParser:
        sub = steps.add_parser(name, help=words, description=words)
        sub.add_argument("--json", action="store_true", help="answer as JSON")
        sub.set_defaults(action=run)
        return sub

    def place(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--workspace", default="", help="needed only when the short name exists in several workspaces"
        )

    add = step("add", _add, "give a person an account and a part in an organisation")
    add.add_argument("email")
    add.add_argument("--organisation", required=True, metavar="SLUG")
    add.add_argument("--role", required=True, choices=roles)
    add.add_argument("--name", default="")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    place(add)

    step("list", _list, "list accounts and their parts")

    link = step("link", _new_link, "make a one-time link to set a password")
    link.add_argument("email")

    key = step("key", _key, "make an API key; the secret is shown once")
    key.add_argument("organisation", metavar="ORGANISATION")
    key.add_argument("--role", required=True, choices=roles)
    key.add_argument("--name", required=True)
    key.add_argument(
        "--scope", action="append", default=[], choices=[p.value for p in Permission], metavar="PERMISSION"
    )
    key.add_argument("--expires", type=_instant, default=None, metavar="YYYY-MM-DD[THH:MM:SSZ]")
    place(key)

    workspace = step("workspace", _workspace, "make a workspace")
    workspace.add_argument("name")
    workspace.add_argument("--slug", required=True)

    organisation = step("organisation", _organisation, "make an organisation in a workspace")
    organisation.add_argument("name")
    organisation.add_argument("--slug", required=True)
    organisation.add_argument("--workspace", required=True, metavar="SLUG")
    organisation.add_argument("--party", required=True, help="its identifier in supply-chain data, a URI")
    organisation.add_argument("--country", default="", help="two letters")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit.setup import django

    django()
    from lodeline_server.kit.problems import Problem

    # Whoever types the command sees its answer; the lines are for the server's log file.
    quiet = logging.getLogger("lodeline_server")
    level = quiet.level
    quiet.setLevel(logging.WARNING)
    try:
        answer, words = args.action(args)
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(" ".join(filter(None, [f"lodeline user: {problem}.", problem.detail])), file=sys.stderr)
        return REFUSED
    finally:
        quiet.setLevel(level)
    print(json.dumps(answer) if args.json else words)
    return GOOD


def _add(args: argparse.Namespace) -> tuple[Any, str]:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties import actions, models

    organisation = _find(args.organisation, args.workspace)
    user = models.User.objects.filter(email=args.email.strip().lower()).first()
    password = None
    if user is None:
        if args.password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        elif sys.stdin.isatty():
            password = getpass.getpass("Password: ")
        if password is not None:
            try:
                validate_password(password)
            except ValidationError as error:
                raise Problem(422, "This password is too weak", detail=" ".join(error.messages)) from None
    with transaction.atomic():
        made = user is None
        if user is None:
            user = actions.create_user(actor=platform(), email=args.email, name=args.name, password=password)
        actions.add_membership(
            actor=platform(), user=user, organisation=organisation, role=Role(args.role), now=now()
        )
    link = _link(user) if made and password is None else None
    answer = {
        "email": user.email,
        "organisation": organisation.slug,
        "role": args.role,
        "created": made,
        "link": link,
    }
    words = f"{user.email} is {args.role} of {organisation.name}."
    return answer, f"{words}\nOne-time link to set a password: {link}" if link else words


def _link(user: Any) -> str:
    from django.conf import settings

    from lodeline_server.parties.queries import one_time_path

    return f"{settings.PUBLIC_URL}{one_time_path(user)}"


def _new_link(args: argparse.Namespace) -> tuple[Any, str]:
    from lodeline_server.kit import audit
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import User

    user = User.objects.filter(email=args.email.strip().lower()).first()
    if user is None:
        raise Problem(404, "There is no such account", detail=args.email)
    audit.command("user link", {audit.PERSON: user.pk})
    link = _link(user)
    return {"email": user.email, "link": link}, link


def _list(_args: argparse.Namespace) -> tuple[Any, str]:
    from lodeline_server.parties.models import User

    users = User.objects.prefetch_related("memberships__organisation__workspace").order_by("email")
    rows = [
        {
            "email": user.email,
            "name": user.name,
            "active": user.is_active,
            "parts": [
                {
                    "workspace": m.organisation.workspace.slug,
                    "organisation": m.organisation.slug,
                    "role": m.role,
                }
                for m in user.memberships.all()
            ],
        }
        for user in users
    ]
    lines = [
        f"{row['email']}\t"
        + ", ".join(f"{p['role']} of {p['workspace']}/{p['organisation']}" for p in row["parts"])
        for row in rows
    ]
    return rows, "\n".join(lines) or "There are no accounts yet: 'lodeline user add' makes one."


def _key(args: argparse.Namespace) -> tuple[Any, str]:
    from lodeline_server.kit.clock import now
    from lodeline_server.parties.actions import create_api_key

    key, secret = create_api_key(
        actor=platform(),
        organisation=_find(args.organisation, args.workspace),
        name=args.name,
        role=Role(args.role),
        scopes=[Permission(scope) for scope in args.scope],
        now=now(),
        expires_at=args.expires,
    )
    answer = {"key": secret, "prefix": key.prefix, "organisation": args.organisation, "role": key.role}
    return answer, secret


def _workspace(args: argparse.Namespace) -> tuple[Any, str]:
    from lodeline_server.kit.clock import now
    from lodeline_server.parties.actions import create_workspace

    row = create_workspace(actor=platform(), slug=args.slug, name=args.name, now=now())
    return {"slug": row.slug, "name": row.name}, f"Workspace {row.slug} is ready."


def _organisation(args: argparse.Namespace) -> tuple[Any, str]:
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.actions import create_organisation
    from lodeline_server.parties.models import Workspace

    workspace = Workspace.objects.filter(slug=args.workspace).first()
    if workspace is None:
        raise Problem(404, "There is no such workspace", detail=args.workspace)
    row = create_organisation(
        actor=platform(),
        workspace=workspace,
        slug=args.slug,
        name=args.name,
        party=args.party,
        country=args.country,
        now=now(),
    )
    return {
        "slug": row.slug,
        "workspace": workspace.slug,
        "party": row.party,
    }, f"Organisation {row.slug} is ready."


def _find(slug: str, workspace: str) -> Organisation:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Organisation

    rows = list(
        Organisation.objects.filter(slug=slug, **({"workspace__slug": workspace} if workspace else {}))[:2]
    )
    if not rows:
        raise Problem(404, "There is no such organisation", detail=slug)
    if len(rows) > 1:
        raise Problem(
            409, "Several workspaces have an organisation of this short name", detail="name one: --workspace"
        )
    return rows[0]


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
