"""`lodeline credential did make|show|move`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD
from lodeline_server.credentials.command_step import add, fail, organisation, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    did = add(
        steps,
        "did",
        "DIDs: make one before its first key, show a document, enter a new address into all of them",
        _did,
        acting=False,
    )
    did.add_argument("what", choices=["make", "show", "history", "move"])
    did.add_argument(
        "did", nargs="?", default="", help="any DID, to show its document; one of ours for its history"
    )
    did.add_argument(
        "--as", dest="organisation", default="", metavar="ORG", help="short name, in place of a DID"
    )
    did.set_defaults(changes=lambda args: bool(args.what in {"make", "move"}))


def _did(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import actions, addresses, queries
    from lodeline_server.kit.clock import now

    if args.what == "show":
        return _show(args)
    if args.what == "history":
        return _history(args)
    if args.what == "make":
        home = organisation(args.organisation)
        issuer = actions.make_did(actor=platform(home.workspace_id), organisation=home, now=now())
        newest = queries.newest_entry(issuer)
        told = {"did": addresses.did_of(issuer.name), "history": newest.did if newest else None}
        say(args, told, "\n".join(filter(None, told.values())))
        return GOOD
    moved = actions.move(actor=platform(), now=now())
    told = {"from": moved.old, "to": moved.new, "issuers": moved.issuers, "batteries": moved.batteries}
    words = (
        f"nothing to move: our DIDs say {moved.new}"
        if moved.old is None
        else f"moved from {moved.old} to {moved.new} (issuers: {moved.issuers}, batteries: {moved.batteries})"
    )
    say(args, told, words)
    return GOOD


def _names(slug: str) -> tuple[str, str]:
    """did:web and did:webvh of an organisation. `Problem` 404 without."""
    from lodeline_server.credentials import addresses, queries
    from lodeline_server.kit.problems import Problem

    issuer = queries.issuer_of(organisation(slug).pk)
    newest = queries.newest_entry(issuer) if issuer else None
    if issuer is None or newest is None:
        raise Problem(404, "This organisation has no DID yet", detail=slug)
    return addresses.did_of(issuer.name), newest.did


def _show(args: argparse.Namespace) -> int:
    """The document as the resolver finds it: ours from the database, others from the hosts that may be asked."""
    import json

    from lodeline_server.credentials import material

    found = material.resolver()(args.did or _names(args.organisation)[0])
    print(json.dumps(dict(found.raw), ensure_ascii=False, indent=1))
    return GOOD


def _history(args: argparse.Namespace) -> int:
    """The did:webvh log of one of ours, to be kept at an address that is left."""
    from lodeline.cli import UNUSABLE
    from lodeline_server.credentials import dids

    found = dids.own_log(args.did or _names(args.organisation)[1])
    if found is None:
        return fail(args, {"error": "not a did:webvh of ours"}, "that is no did:webvh of ours", UNUSABLE)
    sys.stdout.write(found.decode())
    return GOOD
