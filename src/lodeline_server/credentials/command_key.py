"""`lodeline credential key list|add|revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD
from lodeline_server.credentials.command_step import add, organisation, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    key = add(
        steps, "key", "the organisation's DID and keys", _key, changes=lambda args: bool(args.what != "list")
    )
    key.add_argument("what", choices=["list", "add", "revoke"])
    key.add_argument("name", nargs="?", default="", help="name of the key, to revoke it")
    key.add_argument("--algorithm", choices=["Ed25519", "P-256"], default="Ed25519", help="default: Ed25519")


def _key(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials import dates, did_key
    from lodeline_server.credentials import actions, addresses, keyring, queries
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    actor = platform(home.workspace_id)
    if args.what == "add":
        actions.add_key(actor=actor, organisation=home, algorithm=args.algorithm, now=now())
    elif args.what == "revoke":
        actions.revoke_key(actor=actor, organisation=home, name=args.name, now=now())
    issuer = queries.issuer_of(home.pk)
    rows = list(issuer.keys.order_by("pk")) if issuer else []
    told: dict[str, Any] = {
        "did": addresses.did_of(issuer.name) if issuer else None,
        "keys": [
            {
                "name": row.name,
                "algorithm": row.algorithm,
                "didKey": did_key.did(keyring.public(row)),
                "since": dates.write(row.valid_from),
                "revoked": dates.write(row.revoked_at) if row.revoked_at else None,
            }
            for row in rows
        ],
    }
    lines = [told["did"] or "no keys yet: 'lodeline credential key add'"]
    lines += [
        f"{key['name']}  {key['algorithm']}  since {key['since']}"
        + (f", revoked {key['revoked']}" if key["revoked"] else "")
        for key in told["keys"]
    ]
    say(args, told, "\n".join(lines))
    return GOOD
