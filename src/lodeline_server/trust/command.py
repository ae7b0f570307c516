from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline_server.trust.models import Score

SUMMARY = SUMMARIES["score"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    compute = steps.add_parser(
        "compute", help="compute a score and put it on record", description="compute scores"
    )
    compute.add_argument("party", nargs="?", help="identifier or name of a party")
    compute.add_argument("--all", action="store_true", help="every party whose role is scored")
    compute.add_argument("--now", metavar="TIME", help="compute as of this moment, ISO 8601 with offset")
    show = steps.add_parser(
        "show", help="the newest score of a party, with reasons", description="show a score"
    )
    show.add_argument("party", help="identifier or name of a party")
    again = steps.add_parser(
        "recompute",
        help="compute a score again from its evidence bundle and compare the bytes",
        description="compute a score again from the bundle in its statement; ends with 1 when the bytes differ",
    )
    again.add_argument(
        "target", metavar="POSITION|FILE", help="log position of a score, or a bundle that was saved"
    )
    for step in (compute, show):
        step.add_argument("--workspace", default="", help="needed only when there are several")
    for step in (compute, show, again):
        step.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    if args.step == "recompute" and not args.target.isdigit():
        return _recompute_file(args)
    from lodeline_server.kit.setup import django

    django(lean=True)
    from lodeline_server.kit.problems import Problem

    try:
        return {"compute": _compute, "show": _show, "recompute": _recompute_position}[args.step](args)
    except Problem as problem:
        if args.json:
            print(json.dumps(problem.as_dict()))
        else:
            print(" ".join(filter(None, [f"lodeline score: {problem}.", problem.detail])), file=sys.stderr)
        return REFUSED


def _compute(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.kit.problems import Problem
    from lodeline_server.trust import actions

    if bool(args.party) == args.all:
        raise Problem(422, "Name one party, or --all")
    workspace, moment = _workspace(args.workspace), _moment(args.now)
    actor = platform(workspace)
    if args.all:
        rows = actions.score_all(actor=actor, workspace=workspace, now=moment)
    else:
        rows = [actions.score(actor=actor, party=_party(workspace, args.party), now=moment)]
    if args.json:
        print(json.dumps([_head(row) for row in rows], ensure_ascii=False))
    else:
        print("\n".join(_line(row) for row in rows))
    return GOOD


def _show(args: argparse.Namespace) -> int:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.trust import queries, words

    workspace = _workspace(args.workspace)
    uri = _party(workspace, args.party)
    score = queries.heads(workspace, [uri]).get(uri)
    if score is None:
        raise Problem(404, "This party has no score yet", detail=uri)
    body = queries.body(score)
    result = body.get("result", {})
    if args.json:
        print(
            json.dumps({**_head(score), "result": result, "change": body.get("change")}, ensure_ascii=False)
        )
        return GOOD
    lines = [_line(score), f"coverage {score.coverage}, confidence {score.confidence}, method {score.method}"]
    lines += [f"  {gate['id']} {gate['name']}: {words.gate(gate)}" for gate in result.get("gates", ())]
    for group in result.get("indicators", ()):
        lines.append(f"{group['code']} {group['name']}: {group['points']} of {group['max']}")
        lines += [
            f"  {sub['id']} {sub['points']:>5}/{sub['max']:<5} {sub['level']} {words.value(sub)}. {words.reason(sub)}"
            for sub in group["subs"]
        ]
    print("\n".join(lines))
    return GOOD


def _recompute_position(args: argparse.Namespace) -> int:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.log import queries as log

    found = log.get(int(args.target)) if len(args.target) < 19 else None
    if found is None or found.type != "score" or found.erased:
        raise Problem(404, "There is no score at this position", detail=args.target)
    return _compare(args, found.payload["body"])


def _recompute_file(args: argparse.Namespace) -> int:
    """Needs no database: a bundle that was saved from a page or the API."""
    from pathlib import Path

    from lodeline.strictjson import StrictJSONError, loads

    try:
        body: Any = loads(Path(args.target).read_bytes())
        return _compare(args, body)
    except (OSError, StrictJSONError, KeyError, TypeError, ValueError) as error:
        print(f"lodeline score: {args.target} is no saved score: {error}", file=sys.stderr)
        return UNUSABLE


def _compare(args: argparse.Namespace, body: dict[str, Any]) -> int:
    from lodeline.strictjson import canonical
    from lodeline.trust import bundle, method
    from lodeline.trust.score import score

    stored = body["result"]
    chosen = method.load(stored["method"]["id"])
    result = score(bundle.from_dict(body["bundle"]), chosen)
    differing = sorted(key for key in {*stored, *result} if stored.get(key) != result.get(key))
    equal = canonical(result) == canonical(stored)
    answer = {
        "party": stored["party"],
        "equal": equal,
        "differing": differing,
        "stored": stored["score"],
        "recomputed": result["score"],
        "method": {"stored": stored["method"]["hash"], "here": chosen.hash},
        "snapshotHash": result["snapshotHash"],
    }
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
    elif equal:
        print(f"{stored['name']}: equal bytes; bundle {result['snapshotHash']}, method {chosen.hash}")
    else:
        print(f"{stored['name']}: differs in {', '.join(differing)}")
    return GOOD if equal else REFUSED


def _workspace(slug: str) -> int:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Workspace

    rows = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.all()
    found = list(rows.order_by("pk")[:2])
    if not found:
        raise Problem(404, "There is no such workspace", detail=slug)
    if len(found) > 1:
        raise Problem(409, "There are several workspaces", detail="Say which one with --workspace.")
    return found[0].pk


def _party(workspace: int, word: str) -> str:
    """A party by identifier, or by the beginning of its name when only one fits."""
    from lodeline_server.evidence.queries import parties
    from lodeline_server.kit.problems import Problem

    rows = parties(workspace)
    found = list(rows.filter(uri=word)[:1]) or list(rows.filter(name__istartswith=word)[:3])
    if not found:
        raise Problem(404, "This party is not on record", detail=word)
    if len(found) > 1:
        raise Problem(409, "Several parties fit", detail=", ".join(party.name for party in found))
    return found[0].uri


def _moment(text: str | None) -> Any:
    from datetime import datetime

    from lodeline_server.kit.clock import now
    from lodeline_server.kit.problems import Problem

    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(422, "This is no moment", detail=f"{text}; for example 2026-11-01T12:00:00Z") from None
    if moment.tzinfo is None:
        raise Problem(422, "The moment needs an offset", detail=f"{text}Z, if you mean UTC")
    return moment


def _head(score: Score) -> dict[str, Any]:
    from lodeline_server.trust.answers import head

    return head(score)


def _line(score: Score) -> str:
    shown = f"{score.score} band {score.band}" if score.rated else "not rated"
    reason = f", gate {score.capped_by} caps" if score.capped_by else ""
    withheld = f", withheld by {' '.join(score.withheld_by)}" if score.withheld_by else ""
    return (
        f"{score.name}: {shown}{reason}{withheld}, likely {score.low} to {score.high}, "
        f"bounds {score.bound_low} to {score.bound_high}, log position {score.position}"
    )
