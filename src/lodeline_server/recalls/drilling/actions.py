"""Drills: drawn at random on record, the clock from there, judged against a list that was kept elsewhere."""

from __future__ import annotations

import uuid
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db import transaction

from lodeline.access import Permission
from lodeline.recalls.drill import METHOD, drill, fingerprint
from lodeline.recalls.drill import draw as drawn
from lodeline_server.kit.problems import Problem
from lodeline_server.log import backend, projections
from lodeline_server.log import queries as log
from lodeline_server.log.actions import append
from lodeline_server.log.books import MAIN
from lodeline_server.log.own import statement
from lodeline_server.lots import queries as lots
from lodeline_server.lots.folding import label
from lodeline_server.recalls.deciding import Order, decide
from lodeline_server.recalls.drilling import queries
from lodeline_server.recalls.drilling.models import Drill
from lodeline_server.recalls.spelling import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from lodeline.access import Actor

DRAWN, FINISHED = "recall.drill-drawn", "recall.drill-finished"
TICKETS = 2**64
LISTED = 1_000
"""So many missed and wrongly listed things stand in the statement; all are counted."""


@frozen(kw_only=True)
class Answer:
    """`listed`: what people say the lot reached; None: Lodeline lists it.

    `truth`: the list to hold it against; None: the record. One of the two is needed.
    """

    listed: Sequence[str] | None
    truth: Sequence[str] | None


def draw(*, actor: Actor, limit: int, now: datetime, random: Callable[[int], int], ticket: str = "") -> Drill:
    """Draw a lot, on record; the clock runs from here. With the `ticket` of an earlier drill: the same lot again.

    A ticket cannot be chosen, and not drawn anew while a drill is open: it is answered or abandoned, on record.
    Raises `Denied`, and `Problem` (404, 409).
    """
    actor.require(Permission.RECALLS_RUN)
    workspace = _workspace(actor)
    projections.follow_all()
    _none_runs(workspace)
    if ticket:
        body = _again(workspace, ticket)
    else:
        keys, position = queries.population(workspace)
        if not keys:
            raise Problem(404, "There is no lot to draw", detail="No lot on record went into anything yet.")
        number = random(TICKETS)
        lot = drawn(keys, number)
        body = {
            "ticket": str(number), "repeats": None, "subject": lot, "label": label(lot)[:200], "population": len(keys),
            "populationHash": fingerprint(keys), "position": position,
        }  # fmt: skip
    body |= {"method": METHOD, "limitSeconds": limit, "at": now.isoformat(), "by": actor.id}
    position = _tell(actor, workspace, DRAWN, body, now, lambda: _none_runs(workspace))
    return Drill.objects.get(position=position)


def _none_runs(workspace: int) -> None:
    running = queries.open_(workspace)
    if running is not None:
        raise Problem(
            409, "A drill is running", detail=f"{running.number}: answer or abandon it before another is drawn."
        )  # fmt: skip


def _again(workspace: int, ticket: str) -> dict[str, Any]:
    first = queries.first(workspace, ticket)
    if first is None:
        raise Problem(
            404, "No drill has this ticket", detail="A drill can be repeated; a ticket cannot be chosen."
        )
    if lots.lot(workspace, first.lot) is None:
        raise Problem(409, "The lot of this ticket is not on record any more", detail=first.lot)
    return {
        "ticket": ticket, "repeats": first.position, "subject": first.lot, "label": first.label,
        "population": first.population, "populationHash": first.population_hash, "position": lots.position(),
    }  # fmt: skip


def answer(*, actor: Actor, row: Drill, given: Answer, now: datetime, timer: Callable[[], float]) -> Drill:
    """Stop the clock and judge. `timer` counts seconds: how long Lodeline itself took.

    Raises `Denied`, and `Problem` (409 when the drill is over, 422 without a list).
    """
    actor.require(Permission.RECALLS_RUN)
    workspace = _running(actor, row)
    if given.listed is None and given.truth is None:
        raise Problem(
            422, "A list is needed", detail="Give what people found, or the list to hold Lodeline's against."
        )
    started = timer()
    body = decide(workspace, Order(lot=row.lot, threshold=Fraction(0)))
    took = timer() - started
    known = {one["key"]: one for one in body["reached"] if one["item"]}
    listed = set(known) if given.listed is None else set(spelled(actor, given.listed))
    truth = set(known) if given.truth is None else set(spelled(actor, given.truth))
    instants = iter((row.drawn_at.timestamp(), max(now, row.drawn_at).timestamp()))
    found = drill(row.lot, lambda: (listed, _located(body)), truth, clock=instants.__next__, limit=row.limit)
    placed = sum(1 for key in listed if known.get(key, {}).get("site"))
    said = {
        "state": Drill.State.ANSWERED.value,
        "seconds": f"{found.seconds:.3f}",
        "milliseconds": f"{took * 1000:.1f}",
        "method": METHOD,
        "position": body["position"],
        "byPeople": given.listed is not None,
        "againstRecord": given.truth is None,
        "found": found.found,
        "truth": found.truth,
        "truthHash": fingerprint(truth),
        "missed": list(found.missed[:LISTED]),
        "wrong": list(found.wrong[:LISTED]),
        "missedCount": len(found.missed),
        "wrongCount": len(found.wrong),
        "completeness": f"{found.completeness:.8f}",
        "precision": f"{found.precision:.8f}",
        "reconciled": None if found.reconciled is None else f"{found.reconciled:.8f}",
        "placed": f"{placed / len(listed):.8f}" if listed else None,
        "passed": found.passed,
    }
    return _finish(actor, row, said, now)


def abandon(*, actor: Actor, row: Drill, reason: str, now: datetime) -> Drill:
    """End a drill without an answer. It stays in the history, with the reason.

    Raises `Denied`, and `Problem` (409, 422).
    """
    actor.require(Permission.RECALLS_RUN)
    _running(actor, row)
    if not reason.strip():
        raise Problem(422, "A reason is needed", detail="An abandoned drill stays in the history.")
    return _finish(actor, row, {"state": Drill.State.ABANDONED.value, "reason": reason.strip()[:500]}, now)


def _running(actor: Actor, row: Drill) -> int:
    workspace = _workspace(actor)
    if row.workspace_id != workspace:
        raise Problem(404, "This drill is not on record")
    projections.follow_all()
    _still_runs(row)
    return workspace


def _still_runs(row: Drill) -> None:
    row.refresh_from_db()
    if row.state != Drill.State.OPEN:
        raise Problem(409, "This drill is over", detail=f"{row.number} was {row.state}.")


def _finish(actor: Actor, row: Drill, said: dict[str, Any], now: datetime) -> Drill:
    body = {
        "drill": row.position,
        "number": row.number,
        "subject": row.lot,
        "at": now.isoformat(),
        "by": actor.id,
    }
    _tell(actor, row.workspace_id, FINISHED, body | said, now, lambda: _still_runs(row))
    row.refresh_from_db()
    return row


def _tell(
    actor: Actor, workspace: int, kind: str, body: dict[str, Any], now: datetime, holds: Callable[[], None]
) -> int:
    """Put it on record, if under the log's lock it `holds` still: two people may decide in the same instant."""
    with transaction.atomic():
        backend.lock(MAIN.lock)
        _nothing_later(workspace)
        holds()
        (at,) = append(
            actor=actor,
            workspace=workspace,
            statements=[statement(kind, f"urn:uuid:{uuid.uuid4()}", body)],
            now=now,
        )
    projections.follow_all()
    return at.position


def _nothing_later(workspace: int) -> None:
    """Nothing of drills stands in the log that the rows do not show yet."""
    later = log.read(projections.position("recalls"), types={DRAWN, FINISHED}, workspace=workspace, limit=1)
    if next(later, None) is not None:
        raise Problem(
            409, "Another drill was drawn or ended just now", detail="Look at the drills, then decide."
        )


def _located(body: dict[str, Any]) -> float | None:
    """Share of the lot's mass that stands somewhere on record."""
    held = sum(int(one["heldMg"] or 0) for one in body["reached"]) + int(body["heldMg"] or 0)
    whole = int(body["massMg"] or 0)
    return held / whole if whole else None


def _workspace(actor: Actor) -> int:
    if actor.workspace is None:
        raise Problem(409, "A drill is held in a workspace")
    return actor.workspace
