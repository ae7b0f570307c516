"""`lodeline passport sign|present|grant`: the passport as a credential, and what a reader is handed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from lodeline_server.parties.models import Workspace
    from lodeline_server.passports.models import Passport

    Step = Callable[[str, str], argparse.ArgumentParser]
    Find = Callable[[str, Any, str], str]


def add_steps(step: Step, audiences: tuple[str, ...]) -> None:
    key = "identifier, Digital Link path, or serial number"
    sign = step(
        "sign", "sign a passport as one credential for all readers, and publish what everybody may read"
    )
    sign.add_argument("key", help=key)
    present = step("present", "take out what a reader may see of the signed passport")
    present.add_argument("key", help=key)
    present.add_argument(
        "--audience", choices=audiences, default="public", help="who reads (default: public)"
    )
    present.add_argument(
        "--only", action="append", help="element or step of a threshold ladder; again for more (default: all)"
    )
    grant = step("grant", "let an organisation read a passport as one with a legitimate interest")
    grant.add_argument("key", help=key)
    grant.add_argument("--to", required=True, metavar="ORG", help="its short name or identifier")
    grant.add_argument("--purpose", required=True, help="stands in the log")
    grant.add_argument("--days", type=int, default=30, help="default: 30")


def run(args: argparse.Namespace, space: Workspace, find: Find) -> tuple[Any, list[str]]:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.lots.queries import items
    from lodeline_server.passports.models import Passport

    key = find(args.key, items(space.pk), "battery")
    row = Passport.objects.filter(workspace=space, key=key).first()
    if row is None:
        raise Problem(404, "No passport is on record for this battery", detail=key)
    return {"sign": _sign, "present": _present, "grant": _grant}[args.step](args, row)


def _sign(args: argparse.Namespace, row: Passport) -> tuple[Any, list[str]]:
    from lodeline.access import platform
    from lodeline.credentials.verdict import CredentialRefused
    from lodeline_server.kit import audit
    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem
    from lodeline_server.passports import actions_disclosure

    del args
    try:
        made = actions_disclosure.issue_credential(actor=platform(row.workspace_id), passport=row, now=now())
    except CredentialRefused as error:
        raise Problem(409, f"Refused at the step {error.step}", detail=error.message) from None
    audit.command("passport sign", {"passport": row.key})
    said = {"credential": made.credential.identifier, "position": made.credential.position}
    return said, [f"signed: {said['credential']}, log position {said['position']}"]


def _present(args: argparse.Namespace, row: Passport) -> tuple[Any, list[str]]:
    from lodeline.passports.access import Audience
    from lodeline_server.kit import audit
    from lodeline_server.kit.problems import Problem
    from lodeline_server.passports import disclosure

    there = disclosure.current(row)
    if there is None:
        raise Problem(404, "No credential of this passport is signed", detail="lodeline passport sign")
    audience = Audience(args.audience)
    token = disclosure.present(there, audience, args.only)
    audit.command("passport present", {"passport": row.key, "audience": audience})
    return {"presentation": token, "subject": disclosure.shown(token, audience)}, [token]


def _grant(args: argparse.Namespace, row: Passport) -> tuple[Any, list[str]]:
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.passports import actions_disclosure

    made = actions_disclosure.grant(
        actor=platform(row.workspace_id),
        passport=row,
        to=args.to,
        purpose=args.purpose,
        days=min(max(args.days, 0), 10_000),
        now=now(),
    )
    said = {"to": made.to.party, "until": made.until.isoformat(), "position": made.position}
    return said, [f"{args.to} may read it until {said['until']}"]
