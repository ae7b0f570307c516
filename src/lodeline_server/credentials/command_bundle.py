"""`lodeline credential bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, organisation, read, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    words = "gather all that the verification of a credential needs into one file, sealed by an organisation"
    bundle = add(steps, "bundle", words, _bundle)
    bundle.add_argument("credential", help="id of a credential that the organisation issued, or a file")
    bundle.add_argument("-o", dest="out", type=Path, required=True, metavar="FILE", help="where to write it")


def _bundle(args: argparse.Namespace) -> int:
    from lodeline import strictjson
    from lodeline.access import platform
    from lodeline_server.credentials import bundle_actions, bundling, queries
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    issuer = queries.issuer_of(home.pk)
    row = queries.credential(issuer, args.credential) if issuer else None
    item = bundling.stored(row) if row else read(args.credential)
    if item is None:
        said = "the file is neither JSON nor a token"
        return fail(args, {"error": said}, said, UNUSABLE)
    made, verdict = bundle_actions.bundle(
        actor=platform(home.workspace_id), organisation=home, item=item, now=now()
    )
    data = strictjson.canonical(made)
    args.out.write_bytes(data)
    told = {"file": str(args.out), "bytes": len(data), "held": verdict.holds}
    note = "" if verdict.holds else "; the credential does not hold, and the bundle says so"
    say(args, told, f"{args.out}: {len(data)} bytes{note}")
    return GOOD
