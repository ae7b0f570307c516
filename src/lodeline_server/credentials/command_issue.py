"""`lodeline credential issue|suspend|reinstate|revoke`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, organisation, read, say

if TYPE_CHECKING:
    import argparse

FORMS = ("eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt", "vc+sd-jwt")
KINDS = ("identity", "facility", "events", "conformity", "passport", "membership")
VERSIONS = ("0.7", "0.6")
AUDIENCES = ("public", "legitimate-interest", "authority")
CHOICES = ("role", "did", "holder", "inputs")
ACTS = ("suspend", "reinstate", "revoke")


def add_steps(steps: Any) -> None:
    issue = add(steps, "issue", "sign a credential of an organisation; prints what was signed", _issue)
    issue.add_argument("file", nargs="?", help="the unsigned credential as JSON; - reads standard input")
    issue.add_argument("--form", choices=FORMS, default=FORMS[0], help=f"default: {FORMS[0]}")
    issue.add_argument("--kind", choices=KINDS, help="made of what is on record, in place of a file")
    issue.add_argument(
        "--about",
        default="",
        help="what about: identifier of a site, lot or battery, number of a certificate",
    )
    issue.add_argument(
        "--vocabulary", choices=VERSIONS, default=VERSIONS[0], help="version of UNTP (default: 0.7)"
    )
    issue.add_argument(
        "--audience", choices=AUDIENCES, default="", help="who may learn of it where it hangs on a battery"
    )
    issue.add_argument("--holder", help="with vc+sd-jwt: the did:key that alone may present it")
    issue.add_argument("--role", help="with membership: which of the person's roles")
    issue.add_argument("--did", help="with membership: the DID of the person's own key")
    issue.add_argument("--inputs", choices=["yes"], help="with events: say also what went in")
    for act in ACTS:
        sub = add(steps, act, f"{act} a credential that the organisation issued", _change)
        sub.add_argument("id", help="id of the credential")
        sub.add_argument("--reason", default="", help="stands in the log")


def _issue(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import actions
    from lodeline_server.kit.clock import now

    if (args.file is None) == (args.kind is None):
        return fail(args, {"error": "file or --kind"}, "name a file, or a kind with --kind", UNUSABLE)
    home = organisation(args.organisation)
    who = {"actor": platform(home.workspace_id), "organisation": home, "now": now(), "form": args.form}
    if args.kind is not None:
        choices = {name: getattr(args, name) for name in CHOICES if getattr(args, name) is not None}
        issued = actions.issue_kind(
            **who,
            kind=args.kind,
            about=args.about,
            version=args.vocabulary,
            audience=args.audience,
            choices=choices,
        )
    else:
        plain = read(args.file)
        if not isinstance(plain, dict):
            return fail(args, {"error": "no JSON object"}, "the file holds no JSON object", UNUSABLE)
        hidden = actions.Hidden(holder=args.holder)
        issued = actions.issue(**who, credential=plain, hidden=hidden, audience=args.audience)
    print(json.dumps(issued.secured, ensure_ascii=False, indent=1))
    return GOOD


def _change(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials.statusbook import Act
    from lodeline_server.credentials import actions
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    row = actions.set_status(
        actor=platform(home.workspace_id),
        organisation=home,
        identifier=args.id,
        act=Act(args.step),
        now=now(),
        reason=args.reason,
    )
    said = {"credential": row.identifier, "act": args.step}
    say(args, said, f"{args.step}: {row.identifier}; the status lists are published")
    return GOOD
