"""`lodeline credential threshold`: seal numbers, ask, prove, verify."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, organisation, read, say

if TYPE_CHECKING:
    import argparse


def add_steps(steps: Any) -> None:
    words = "prove that a sealed number passes a threshold, and show nothing else"
    parts = steps.add_parser("threshold", help=words, description=words).add_subparsers(
        dest="part", required=True, metavar="STEP"
    )
    add(parts, "claims", "the allow-list: what may be asked", _claims, acting=False)
    seal = add(parts, "seal", "sign a credential with sealed numbers; prints what was signed", _seal)
    seal.add_argument("file", help="the unsigned credential as JSON; - reads standard input")
    seal.add_argument(
        "--number",
        action="append",
        required=True,
        metavar="PATH=VALUE",
        help="for example /credentialSubject/recycledShareCobalt=17.3; again for more",
    )
    seal.add_argument("--unit", default="%", help="of the numbers (default: %%)")
    seal.add_argument(
        "--part-of",
        action="append",
        default=[],
        metavar="PATH=PATH",
        help="the first is contained in the second, and you have seen that",
    )
    seal.add_argument("--owner", default="", help="who is to answer questions (default: who signs)")
    seal.add_argument(
        "--openings", metavar="FILE", help="write the openings to this new file instead of the database"
    )
    numbers = add(
        parts,
        "numbers",
        "your sealed numbers",
        _numbers,
        changes=lambda args: bool(args.at_once or args.ask_me),
    )
    numbers.add_argument(
        "--at-once", metavar="CREDENTIAL", help="answer questions about it without asking me"
    )
    numbers.add_argument("--ask-me", metavar="CREDENTIAL", help="let questions about it wait for me")
    grant = add(parts, "grant", "let another organisation put a sum together with your numbers", _grant)
    grant.add_argument("credential", help="id of the credential")
    grant.add_argument("--to", required=True, metavar="ORG", help="its short name, identifier or DID")
    grant.add_argument("--claim", action="append", required=True, help="for this claim; again for more")
    grant.add_argument("--days", type=int, default=30, help="default: 30")
    ask = add(parts, "ask", "ask a question of the allow-list", _ask)
    ask.add_argument("claim", help="id of a claim: see claims")
    ask.add_argument("credential", nargs="+", help="ids of the credentials it is about")
    ask.add_argument(
        "--to", default="", metavar="ORG", help="who answers (default: the owner of the first number)"
    )
    ask.add_argument("--nonce", default="", help="yours, fresh (default: made up)")
    ask.add_argument("--minutes", type=int, default=7 * 24 * 60, help="how long it stands (default: a week)")
    questions = add(
        parts, "questions", "questions you asked or are to answer", _questions, changes=lambda _: False
    )
    questions.add_argument("number", type=int, nargs="?", help="one of them, with its proof")
    prove = add(parts, "prove", "answer a question: a proof, or a refusal that tells nothing", _prove)
    prove.add_argument("number", type=int, help="number of the question")
    prove.add_argument("--openings", metavar="FILE", help="file of openings that you keep")
    prove.add_argument("--decline", action="store_true", help="refuse without a look")
    verify = add(parts, "verify", "judge a proof that you asked for; what holds uses up its nonce", _verify)
    verify.add_argument(
        "file", help="the question with its proof, or the proof, as JSON; - reads standard input"
    )


def _as(args: argparse.Namespace) -> dict[str, Any]:
    from lodeline.access import platform
    from lodeline_server.kit.clock import now

    home = organisation(args.organisation)
    return {"actor": platform(home.workspace_id), "organisation": home, "now": now()}


def _claims(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import allowed

    found = [one.write() for one in allowed.policy().claims]
    lines = [
        f"{one['id']}: {one['kind']} {one['operator']} {one['threshold']}"
        f" {'%' if one['kind'] == 'share' else one['unit']} ({one['source']})"
        for one in found
    ]
    say(args, {"claims": found, "questionsAYear": allowed.budget().most}, "\n".join(lines))
    return GOOD


def _seal(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import actions_seal, queries
    from lodeline_server.kit.problems import Problem

    plain = read(args.file)
    if not isinstance(plain, dict):
        return fail(args, {"error": "no JSON object"}, "the file holds no JSON object", UNUSABLE)
    whole = dict(_pair(text) for text in args.part_of)
    numbers = [
        actions_seal.Number(path=path, value=value, unit=args.unit, part_of=whole.get(path))
        for path, value in map(_pair, args.number)
    ]
    who = _as(args)
    owner = queries.organisation(who["organisation"].workspace_id, args.owner or args.organisation)
    if owner is None:
        raise Problem(404, "There is no such organisation", detail=args.owner)
    keep = _fresh(args.openings) if args.openings else None
    try:
        made = actions_seal.seal(
            **who, owner=owner, credential=plain, numbers=numbers, in_file=keep is not None
        )
    except BaseException:
        if keep is not None:
            keep.close()
            Path(args.openings).unlink()
        raise
    if keep is not None:
        with keep:
            json.dump(made.openings, keep, indent=1)
    print(json.dumps(made.issued.secured, ensure_ascii=False, indent=1))
    return GOOD


def _fresh(name: str) -> TextIO:
    """A new file that only its owner reads. Raises OSError, also where there is one: it may be the only copy."""
    return os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")


def _pair(text: str) -> tuple[str, str]:
    from lodeline_server.kit.problems import Problem

    path, sign, value = text.rpartition("=")
    if not sign:
        raise Problem(422, "PATH=VALUE is wanted", detail=text[:200])
    return path, value


def _numbers(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import actions_seal, queries, shown

    who = _as(args)
    for identifier, at_once in ((args.at_once, True), (args.ask_me, False)):
        if identifier:
            actions_seal.set_at_once(**who, identifier=identifier, at_once=at_once)
    found = [shown.number(row) for row in queries.owned(who["organisation"].pk)]
    lines = [
        f"{one['path']} of {one['credential']}: {'answered at once' if one['atOnce'] else 'asks you'}, opening in the"
        f" {one['opening']}"
        for one in found
    ]
    say(args, {"numbers": found}, "\n".join(lines) or "no sealed numbers")
    return GOOD


def _grant(args: argparse.Namespace) -> int:
    from datetime import timedelta

    from lodeline_server.credentials.thresholds import actions_grant, shown

    who = _as(args)
    rows = actions_grant.grant(
        **who,
        credential=args.credential,
        to=args.to,
        claims=args.claim,
        until=who["now"] + timedelta(days=min(max(args.days, 0), 10_000)),
    )
    found = [shown.grant(row) for row in rows]
    say(args, {"grants": found}, f"{args.to} may use {len(found)} sealed numbers until {found[0]['until']}")
    return GOOD


def _ask(args: argparse.Namespace) -> int:
    from datetime import timedelta

    from lodeline_server.credentials.thresholds import actions_ask

    who = _as(args)
    asked = actions_ask.Asked(
        claim=args.claim,
        credentials=tuple(args.credential),
        nonce=args.nonce,
        expires=who["now"] + timedelta(minutes=min(max(args.minutes, 0), 10**7)),
        prover=args.to,
    )
    row = actions_ask.ask(**who, asked=asked)
    return _shown(args, row, who)


def _questions(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import queries, shown
    from lodeline_server.kit.problems import Problem

    who = _as(args)
    rows = queries.seen_by(who["organisation"].pk)
    if args.number is not None:
        row = rows.filter(pk=args.number).first() if 0 < args.number < 2**63 else None
        if row is None:
            raise Problem(404, "There is no such question", detail=str(args.number)[:40])
        return _shown(args, row, who)
    found = [shown.question(row, who["organisation"].pk, who["now"]) for row in rows[:200]]
    lines = [f"{one['id']}  {one['state']}  {one['claim']}  asked by {one['verifier']}" for one in found]
    say(args, {"questions": found}, "\n".join(lines) or "no questions")
    return GOOD


def _prove(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import actions_answer, openings
    from lodeline_server.kit.problems import Problem

    who = _as(args)
    if not 0 < args.number < 2**63:
        raise Problem(404, "There is no such question")
    given = openings.read(read(args.openings)) if args.openings else {}
    row = actions_answer.answer(**who, question=args.number, openings=given, decline=args.decline)
    return _shown(args, row, who)


def _shown(args: argparse.Namespace, row: Any, who: dict[str, Any]) -> int:
    from lodeline_server.credentials.thresholds import shown

    said = shown.question(row, who["organisation"].pk, who["now"])
    text = f"question {said['id']}: {said['state']}"
    if "refusal" in said:
        text += f"; {said['refusal']}" + (f" ({said['reason']})" if said.get("reason") else "")
    say(args, said, text)
    return REFUSED if said["state"] == "refused" else GOOD


def _verify(args: argparse.Namespace) -> int:
    from lodeline_server.credentials.thresholds import actions_verify, api, shown

    found = read(args.file)
    if isinstance(found, dict) and isinstance(found.get("proof"), dict):
        found = found["proof"]
    message, bounds, credentials = api.parts(found)
    judged = actions_verify.judge(**_as(args), message=message, bounds=bounds, credentials=credentials)
    said = shown.judged(judged)
    if judged.holds:
        rule = said["claim"]
        text = f"It holds: {rule['id']}, {rule['operator']} {rule['threshold']}, as signed by " + ", ".join(
            sorted({one["issuer"] for one in said["terms"]})
        )
        if said["weight"] == "statement":
            text += (
                ".\nNot every issuer is on a trust list that is believed here: take it as a mere statement"
            )
        text += "."
    else:
        text = f"It does not hold. Refused at the step {judged.step}: {judged.said}"
    say(args, said, text)
    return GOOD if judged.holds else REFUSED
