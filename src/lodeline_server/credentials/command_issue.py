"""`lodeline credential issue|suspend|reinstate|revoke`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, organisation, read, say

if TYPE_CHECKING:
    import argparse

FORMS = ("eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt")
ACTS = ("suspend", "reinstate", "revoke")


def add_steps(steps: Any) -> None:
    issue = add(steps, "issue", "sign a credential of an organisation; prints what was signed", _issue)
    issue.add_argument("file", help="the unsigned credential as JSON; - reads standard input")
    issue.add_argument("--form", choices=FORMS, default=FORMS[0], help=f"default: {FORMS[0]}")
    for act in ACTS:
        sub = add(steps, act, f"{act} a credential that the organisation issued", _change)
        sub.add_argument("id", help="id of the credential")
        sub.add_argument("--reason", default="", help="stands in the log")


def _issue(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import actions
    from lodeline_server.kit.clock import now

    plain = read(args.file)
    if not isinstance(plain, dict):
        return fail(args, {"error": "no JSON object"}, "the file holds no JSON object", UNUSABLE)
    home = organisation(args.organisation)
    issued = actions.issue(
        actor=platform(home.workspace_id), organisation=home, credential=plain, now=now(), form=args.form
    )
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
