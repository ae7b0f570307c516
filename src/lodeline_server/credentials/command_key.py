"""`lodeline credential key list|add|rotate|revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD
from lodeline_server.credentials.command_step import add, organisation, say

if TYPE_CHECKING:
    import argparse

PURPOSES = ("assertionMethod", "authentication")


def add_steps(steps: Any) -> None:
    key = add(
        steps, "key", "the organisation's DID and keys", _key, changes=lambda args: bool(args.what != "list")
    )
    key.add_argument("what", choices=["list", "add", "rotate", "revoke"])
    key.add_argument("name", nargs="?", default="", help="name of the key, to rotate or revoke it")
    key.add_argument("--algorithm", choices=["Ed25519", "P-256"], default="Ed25519", help="default: Ed25519")
    key.add_argument(
        "--purpose", action="append", choices=PURPOSES, help="what a new key is for (default: both)"
    )


def _key(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials import dates, did_key
    from lodeline_server.credentials import actions, addresses, keyring, queries
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    who = {"actor": platform(home.workspace_id), "organisation": home, "now": now()}
    if args.what == "add":
        actions.add_key(**who, algorithm=args.algorithm, purposes=args.purpose or PURPOSES)
    elif args.what == "rotate":
        actions.rotate_key(**who, name=args.name)
    elif args.what == "revoke":
        actions.revoke_key(**who, name=args.name)
    issuer = queries.issuer_of(home.pk)
    newest = queries.newest_entry(issuer) if issuer else None
    rows = list(issuer.keys.order_by("pk")) if issuer else []
    told: dict[str, Any] = {
        "did": addresses.did_of(issuer.name) if issuer and newest else None,
        "history": newest.did if newest else None,
        "keys": [
            {
                "name": row.name,
                "algorithm": row.algorithm,
                "purposes": row.purposes,
                "didKey": did_key.did(keyring.public(row)),
                "since": dates.write(row.valid_from),
                "until": dates.write(row.valid_until) if row.valid_until else None,
                "revoked": dates.write(row.revoked_at) if row.revoked_at else None,
            }
            for row in rows
        ],
    }
    lines = [told["did"] or "no keys yet: 'lodeline credential key add'"]
    lines += [told["history"]] if newest else []
    lines += [
        f"{key['name']}  {key['algorithm']}  since {key['since']}"
        + (f", until {key['until']}" if key["until"] else "")
        + (f", revoked {key['revoked']}" if key["revoked"] else "")
        for key in told["keys"]
    ]
    say(args, told, "\n".join(lines))
    return GOOD
