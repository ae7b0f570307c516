"""`lodeline credential import|wallet`: credentials that were made elsewhere, and what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED
from lodeline_server.credentials.command_step import add, organisation, read_bytes, say

if TYPE_CHECKING:
    import argparse

MARKS = {True: "good", False: "REFUSED", None: "-"}


def add_steps(steps: Any) -> None:
    taken = add(steps, "import", "take in a credential that was made elsewhere, with its verdict", _import)
    taken.add_argument("file", help="JSON or a token; - reads standard input")
    add(steps, "wallet", "what an organisation issued, and holds of others", _wallet, changes=lambda _: False)


def _import(args: argparse.Namespace) -> int:
    from pathlib import Path

    from lodeline.access import platform
    from lodeline_server.credentials import actions, actions_wallet
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    item = actions_wallet.read(read_bytes(args.file))
    name = "" if args.file == "-" else Path(args.file).name
    row = actions.take_in(
        actor=platform(home.workspace_id), organisation=home, item=item, now=now(), name=name
    )
    lines = [f"{step['step']:<10} {MARKS[step['good']]:<8} {step['said']}" for step in row.verdict["steps"]]
    lines.append(
        f"It held at entry. Kept as number {row.pk}."
        if row.holds
        else f"It did not hold at entry. Kept as number {row.pk}, and marked so."
    )
    told = {"number": row.pk, "id": row.identifier, "holds": row.holds, "verdict": row.verdict}
    say(args, told, "\n".join(lines))
    return GOOD if row.holds else REFUSED


def _wallet(args: argparse.Namespace) -> int:
    from lodeline_server.credentials import queries_wallet
    from lodeline_server.credentials.models import Credential, Held
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    moment = now()
    issued = [
        {
            "number": row.pk,
            "id": row.identifier,
            "type": row.kind,
            "form": row.form,
            "status": queries_wallet.standing(row, moment),
        }
        for row in Credential.objects.filter(issuer__organisation=home)
        .prefetch_related("changes")
        .order_by("pk")
    ]
    held = [
        {
            "number": row.pk,
            "id": row.identifier,
            "type": row.kind,
            "issuer": row.issuer,
            "holds": row.holds,
        }
        for row in Held.objects.filter(organisation=home).order_by("pk")
    ]
    lines = [f"issued  {one['number']}  {one['type']}  {one['status']}  {one['id']}" for one in issued]
    lines += [
        f"held    {one['number']}  {one['type'] or 'unreadable'}  "
        f"{'held at entry' if one['holds'] else 'DID NOT HOLD'}  {one['id']}  {one['issuer']}"
        for one in held
    ]
    say(args, {"issued": issued, "held": held}, "\n".join(lines) or "nothing yet")
    return GOOD
