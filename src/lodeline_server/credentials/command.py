"""`lodeline credential`: verify, issue, revoke, and the keys that sign."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline_server.parties.models import Organisation

SUMMARY = SUMMARIES["credential"]
FORMS = ("eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt")
ACTS = ("suspend", "reinstate", "revoke")
MAX_FILE = 8 * 1024 * 1024
MARKS = {True: "good", False: "REFUSED", None: "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")

    def step(name: str, words: str, *, acting: bool = True) -> argparse.ArgumentParser:
        sub = steps.add_parser(name, help=words, description=words)
        sub.add_argument("--json", action="store_true", help="answer as JSON")
        if acting:
            sub.add_argument("--as", dest="organisation", required=True, metavar="ORG", help="its short name")
        return sub

    verify = step("verify", "judge a credential or presentation, step by step", acting=False)
    verify.add_argument("file", help="JSON or a token; - reads standard input")
    verify.add_argument("--signature-only", action="store_true", help="leave out status and dates")
    verify.add_argument("--challenge", help="what the presentation must answer")
    verify.add_argument("--domain", help="whom the presentation must be meant for")
    issue = step("issue", "sign a credential of an organisation; prints what was signed")
    issue.add_argument("file", help="the unsigned credential as JSON; - reads standard input")
    issue.add_argument("--form", choices=FORMS, default=FORMS[0], help=f"default: {FORMS[0]}")
    for act in ACTS:
        sub = step(act, f"{act} a credential that the organisation issued")
        sub.add_argument("id", help="id of the credential")
        sub.add_argument("--reason", default="", help="stands in the log")
    key = step("key", "the organisation's DID and keys")
    key.add_argument("what", choices=["list", "add", "revoke"])
    key.add_argument("name", nargs="?", default="", help="name of the key, to revoke it")
    key.add_argument("--algorithm", choices=["Ed25519", "P-256"], default="Ed25519", help="default: Ed25519")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.credentials.verdict import CredentialRefused
    from lodeline.sealing import Unreadable
    from lodeline_server.kit import audit
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.kit.problems import Problem

    run_step = {"verify": _verify, "issue": _issue, "key": _key}.get(args.step, _change)
    try:
        code = run_step(args)
        if args.step != "verify" and getattr(args, "what", "") != "list":
            audit.command(f"credential {args.step}", {"organisation": args.organisation})
    except Problem as problem:
        unusable = problem.status in {404, 422} and args.step in {"issue", "verify", "key"}
        return _fail(
            args, problem.as_dict(), f"{problem}: {problem.detail}", UNUSABLE if unusable else REFUSED
        )
    except CredentialRefused as error:
        told = {"step": error.step, "error": error.message}
        return _fail(args, told, f"refused at the step {error.step}: {error.message}", REFUSED)
    except (KeyUnusable, Unreadable) as error:
        return _fail(args, {"error": str(error)}, str(error), REFUSED)
    except (DatabaseError, OSError, UnicodeDecodeError) as error:
        return _fail(args, {"error": str(error)}, str(error), UNUSABLE)
    return code


def _verify(args: argparse.Namespace) -> int:
    from lodeline_server.credentials import checking, verifying
    from lodeline_server.kit.clock import now

    item = _read(args.file)
    if item is None:
        return _fail(
            args, {"error": "neither JSON nor a token"}, "the file is neither JSON nor a token", UNUSABLE
        )
    whole = not args.signature_only
    asked = checking.Asked(now=now(), status=whole, times=whole, challenge=args.challenge, domain=args.domain)
    judge = verifying.presentation if _is_presentation(item) else verifying.credential
    verdict = judge(item, asked)
    if args.json:
        print(json.dumps(verdict.as_dict(), ensure_ascii=False, indent=1))
    else:
        for one in verdict.steps:
            print(f"{one.step:<10} {MARKS[one.good]:<8} {one.said}")
        print("It holds." if verdict.holds else "It does not hold.")
    return GOOD if verdict.holds else REFUSED


def _issue(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.credentials import actions
    from lodeline_server.kit.clock import now

    plain = _read(args.file)
    if not isinstance(plain, dict):
        return _fail(args, {"error": "no JSON object"}, "the file holds no JSON object", UNUSABLE)
    home = _organisation(args.organisation)
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

    home = _organisation(args.organisation)
    row = actions.set_status(
        actor=platform(home.workspace_id),
        organisation=home,
        identifier=args.id,
        act=Act(args.step),
        now=now(),
        reason=args.reason,
    )
    said = {"credential": row.identifier, "act": args.step}
    print(json.dumps(said) if args.json else f"{args.step}: {row.identifier}; the status lists are published")
    return GOOD


def _key(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline.credentials import dates, did_key
    from lodeline_server.credentials import actions, addresses, keyring, queries
    from lodeline_server.kit.clock import now

    home = _organisation(args.organisation)
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
    print(json.dumps(told, indent=1) if args.json else "\n".join(lines))
    return GOOD


def _read(name: str) -> Any:
    """JSON, or the text of a token; None for what is neither. Raises OSError, UnicodeDecodeError."""
    from lodeline import strictjson
    from lodeline.credentials.verdict import CredentialRefused

    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise OSError(f"{name} has more than {MAX_FILE} bytes")
    text = data.decode().strip()
    if text[:1] in {"{", "[", '"'}:
        try:
            found = strictjson.loads(data, max_depth=64)
        except strictjson.StrictJSONError as error:
            raise CredentialRefused("structure", f"the JSON cannot be read: {error}") from None
        inner = (
            found.get("verifiableCredential") if isinstance(found, dict) and "@context" not in found else None
        )
        return inner or found  # as the VC-API wraps it
    return text if text.count(".") >= 2 and not any(sign.isspace() for sign in text) else None


def _is_presentation(item: Any) -> bool:
    kinds = item.get("type") if isinstance(item, dict) else None
    return any(
        isinstance(kind, str) and kind.endswith("VerifiablePresentation")
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _organisation(slug: str) -> Organisation:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Organisation

    found = list(Organisation.objects.select_related("workspace").filter(slug=slug)[:2])
    if len(found) == 1:
        return found[0]
    raise Problem(
        404,
        "Several workspaces have such an organisation" if found else "There is no such organisation",
        detail=slug,
    )


def _fail(args: argparse.Namespace, told: dict[str, Any], said: str, code: int) -> int:
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"lodeline credential: {said}", file=sys.stderr)
    return code
