from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

SUMMARY = SUMMARIES["keys"]
WHAT = ("kek", "tenant", "log", "audit")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    status = steps.add_parser(
        "status", help="which keys are in use and where they lie", description="list keys"
    )
    rotate = steps.add_parser("rotate", help="take a new key into use", description="take a new key into use")
    rotate.add_argument("what", choices=WHAT)
    rotate.add_argument("--workspace", help="short name, for tenant")
    make = steps.add_parser(
        "make",
        help="make missing keys inside the PKCS#11 token",
        description="make missing keys in the token",
    )
    for step in (status, rotate, make):
        step.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.sealing import Unreadable
    from lodeline_server.kit import audit
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log.backend import LogInconsistent

    try:
        code = {"status": _status, "rotate": _rotate, "make": _make}[args.step](args)
        if args.step != "status":  # showing them changes nothing
            audit.command(
                f"keys {args.step}",
                {"what": getattr(args, "what", "token")},
                outcome=audit.Outcome.REFUSED if code else audit.Outcome.OK,
            )
    except Problem as problem:
        value, said, code = problem.as_dict(), f"{problem}: {problem.detail}", REFUSED
    except (KeyUnusable, Unreadable, LogInconsistent) as error:
        value, said, code = {"error": str(error)}, str(error), REFUSED
    except DatabaseError as error:
        value, said, code = {"error": str(error)}, f"{error}. 'lodeline doctor' tells more.", UNUSABLE
    else:
        return code
    _say(args, value, f"lodeline keys: {said}")
    return code


def _status(args: argparse.Namespace) -> int:
    from lodeline_server.log import rotation

    found = rotation.status()
    lines = []
    for one in found["kek"]:
        mark = ", wraps what is new" if one["current"] else ""
        lines.append(f"kek    {one['id']}  {one['source']}: wraps {one['wraps']} workspace keys{mark}")
    lines += [
        f"kek    {one['kek'] or '?'}  IN NO SOURCE: workspace {one['workspace']} version {one['version']}"
        for one in found["unreadable"]
    ]
    for book in found["books"]:
        for key in book["keys"]:
            where = key["source"] or "only its public part is kept"
            lines.append(f"{book['book']:6} {key['publicKey']}  from size {key['fromSize']}: {where}")
        if not book["signs"]:
            lines.append(f"{book['book']:6} THE KEY THAT SIGNS IS IN NO SOURCE")
    _say(args, found, "\n".join(lines))
    return REFUSED if found["unreadable"] or not all(book["signs"] for book in found["books"]) else GOOD


def _rotate(args: argparse.Namespace) -> int:
    from django.apps import apps

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import rotation
    from lodeline_server.log.books import AUDIT, MAIN

    if args.what == "kek":
        done = rotation.rotate_kek(actor=platform())
    elif args.what == "tenant":
        rows = apps.get_model("parties", "Workspace").objects
        space = rows.filter(slug=args.workspace or "").values_list("pk", flat=True).first()
        if space is None:
            _say(args, {"error": "no such workspace"}, "lodeline keys: --workspace names no workspace")
            return UNUSABLE
        done = rotation.rotate_tenant(actor=platform(), workspace=space, now=now())
    else:
        book = MAIN if args.what == "log" else AUDIT
        done = rotation.rotate_log(actor=platform(), book=book, now=now())
    place = "" if done.position is None else f", on record at position {done.position}"
    said = f"{done.what}: {done.key} in {done.source}; {done.changed} wrapped anew{place}"
    if done.position is not None:
        said = f"{done.what}: {done.key} in {done.source}{place}; tell it to everybody who verifies"
    _say(args, done.as_dict(), said)
    return GOOD


def _make(args: argparse.Namespace) -> int:
    import os

    from lodeline_server.kit import tokens
    from lodeline_server.kit.keystores import AUDIT, KEK, LOG, KeyUnusable

    if not os.environ.get("LODELINE_PKCS11_MODULE"):
        raise KeyUnusable("LODELINE_PKCS11_MODULE is not set: keys in files are made by themselves")
    token = tokens.open_token(os.environ)
    kinds = {KEK: "SECRET_KEY", LOG: "PRIVATE_KEY", AUDIT: "PRIVATE_KEY"}
    made = [token.make(name) for name, kind in kinds.items() if not token.found(name, kind)]
    _say(args, {"made": made}, f"made {', '.join(made)}" if made else "nothing is missing")
    return GOOD


def _say(args: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)
