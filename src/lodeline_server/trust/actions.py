"""Computing scores and putting them on record."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from lodeline.access import Permission
from lodeline.trust import bundle, explain, method
from lodeline.trust.evaluate import evaluate
from lodeline.trust.normalise import rounded
from lodeline.trust.score import written as score_of
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.trust import queries
from lodeline_server.trust.gathering import gather, with_peers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.trust.evaluate import Evaluation
    from lodeline_server.trust.models import Score

PLATFORM = "urn:x-lodeline:platform"
VERSION = method.VERSIONS[-1]
MONTH = timedelta(days=28)


def score(*, actor: Actor, party: str, now: datetime, position: int | None = None) -> Score:
    """Compute one party's score from what is known at `now` (up to log `position`) and put it on record.

    The same evidence at the same time is not put on record twice. Raises Denied, and Problem: 404 for a party that is
    not on record, 409 for one whose role is not scored.
    """
    actor.require(Permission.SCORES_RUN)
    if actor.workspace is None:
        raise Problem(409, "A score is computed in a workspace")
    rows = _run(actor, actor.workspace, [party], now, position)
    return rows[0]


def score_all(*, actor: Actor, workspace: int, now: datetime, only_changed: bool = False) -> list[Score]:
    """Compute and put on record the scores of all parties whose role is scored, at `now`.

    `only_changed`: a score that came out as the one before is put on record again after a month only. Answers the
    newest score of each party.
    """
    actor.require(Permission.SCORES_RUN)
    if actor.workspace not in {None, workspace}:
        raise Problem(404, "There is no such workspace")
    return _run(actor, workspace, None, now, None, only_changed=only_changed)


def _run(
    actor: Actor,
    workspace: int,
    wanted: Sequence[str] | None,
    now: datetime,
    position: int | None,
    *,
    only_changed: bool = False,
) -> list[Score]:
    projections.follow_all()
    chosen = method.load(VERSION)
    found = gather(workspace, method=chosen, now=now, position=position)
    scored = found.scored()
    for party in wanted or ():
        if party not in found.parties:
            raise Problem(404, "This party is not on record", detail=party)
        if party not in scored:
            raise Problem(
                409, "This party's role is not scored", detail=", ".join(found.parties[party].roles)
            )
    bundles = with_peers([found.snapshot(party) for party in scored], chosen)
    if wanted is not None:
        bundles = [(snapshot, cells) for snapshot, cells in bundles if snapshot.party in wanted]
    parties = [snapshot.party for snapshot, _cells in bundles]
    held = queries.heads(workspace, parties)
    fresh = []
    for snapshot, cells in bundles:  # before the transaction: it holds the database's only write lock
        written = bundle.to_dict(snapshot)
        before = held.get(snapshot.party)
        if before is not None and before.snapshot_hash == bundle.bundle_hash(written):
            continue
        evaluated = evaluate(snapshot, chosen, cells)
        if not (only_changed and before is not None and _as_before(evaluated, before)):
            fresh.append(_statement(evaluated, written, before))
    with transaction.atomic():
        append(actor=actor, workspace=workspace, statements=fresh, now=now)
    projections.follow_all()
    heads = queries.heads(workspace, parties)
    return [heads[party] for party in parties]


def _as_before(found: Evaluation, before: Score) -> bool:
    """True when nothing a reader is shown has moved and the score before is younger than a month."""
    gates = [(verdict.gate.id, verdict.position.value) for verdict in found.verdicts]
    return (
        found.snapshot.now - before.computed_at < MONTH
        and before.method_hash == found.method.hash
        and gates == [(gate["id"], gate["state"]) for gate in before.gates]
        and before.rated == found.rated
        and before.score == (rounded(found.points) if found.rated else None)
        and before.bound_low == rounded(found.under_gates(found.whole.lower))
        and before.bound_high == rounded(found.under_gates(found.whole.upper))
        and before.coverage == rounded(found.whole.coverage)
        and before.confidence == rounded(found.whole.confidence)
    )


def _statement(found: Evaluation, written: dict[str, Any], before: Score | None) -> NewStatement:
    result = score_of(found)
    return NewStatement(
        type="score",
        payload={
            "id": f"urn:x-lodeline:score:{result['interval']['seed']}",
            "issuer": PLATFORM,
            "captured_by": "",
            "document": "",
            "signature": {"by": "platform", "kid": ""},
            "body": {
                "kind": "score",
                "subject": found.snapshot.party,
                "result": result,
                "change": _change(found, result, before),
                "bundle": written,
            },
        },
    )


def _change(found: Evaluation, result: dict[str, Any], before: Score | None) -> dict[str, Any] | None:
    """What moved the points since the score before; None for the first one or another method.

    The parts add up to the difference of the two published figures.
    """
    if before is None or before.method_hash != found.method.hash:
        return None
    earlier = queries.body(before)
    if not earlier:
        return None
    aged, fresh, last = map(rounded, explain.between(bundle.from_dict(earlier["bundle"]), found))
    first = _points(earlier["result"])
    parts = {"data": fresh - aged, "expiry": aged - first, "peers": last - fresh, "method": Decimal("0.00")}
    return {
        "since": earlier["result"]["computedAt"],
        "position": before.position,
        "from": str(first),
        "to": str(last),
        "rated": before.rated and result["rated"],
        "parts": {name: str(part) for name, part in parts.items()},
    }


def _points(result: dict[str, Any]) -> Decimal:
    return Decimal(result["estimate"]) - Decimal(result["gateLoss"])
