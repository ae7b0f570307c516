"""What follows a recall, on record: notices, outcomes, the closing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db import transaction

from lodeline.access import Permission
from lodeline.recalls.closure import Mark, marked_in_order
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log.actions import append
from lodeline_server.log.own import statement
from lodeline_server.recalls.closing import queries
from lodeline_server.recalls.closing import report as reports

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.recalls.closure import Outcome
    from lodeline_server.recalls.closing.models import Closure
    from lodeline_server.recalls.models import Recall

NOTICE, OUTCOME, CLOSED = "recall.notice", "recall.outcome", "recall.closed"
LONGEST, NAME = 500, 200
MOST = 10_000
"""Things named in one order."""


@frozen(kw_only=True)
class Marking:
    """`parties`: holders as the list of notices names them; "" for those not known. `on`: when it happened."""

    mark: Mark
    parties: Sequence[str]
    on: datetime
    note: str = ""


@frozen(kw_only=True)
class Settling:
    """What became of the `keys`, or without any of all that is open at `holder` (None: anywhere)."""

    outcome: Outcome
    on: datetime
    keys: Sequence[str] = ()
    holder: str | None = None
    note: str = ""


def mark(*, actor: Actor, recall: Recall, marking: Marking, now: datetime) -> int:
    """Say that notices were sent, acknowledged or answered: one statement for each holder. How many were said.

    Raises `Denied`, and `Problem` (404, 409, 422).
    """
    _may(actor, recall)
    _happened(recall, marking.on, now)
    people = {one.party: one for one in queries.addressees(recall)}
    wanted = list(dict.fromkeys(marking.parties))
    if not wanted:
        raise Problem(422, "Nobody is named", detail="Name at least one holder of the list.")
    for party in wanted:
        if party not in people:
            raise Problem(404, "This recall reached nothing of theirs", detail=party)
        if not marked_in_order(marking.mark, [Mark(one) for one in people[party].marks]):
            raise Problem(
                409, "No notice was sent to them", detail=f"{people[party].name or party}: mark it as sent first."
            )  # fmt: skip
    bodies = [
        {**_head(actor, recall), "party": party, "mark": marking.mark.value, "on": marking.on.isoformat(),
         "note": marking.note.strip()[:LONGEST]}
        for party in wanted
    ]  # fmt: skip
    _tell(actor, recall, NOTICE, bodies, now)
    return len(bodies)


def settle(*, actor: Actor, recall: Recall, settling: Settling, now: datetime) -> int:
    """Say what became of things that were reached: one statement. How many things it names.

    Raises `Denied`, and `Problem` (404, 409, 422).
    """
    _may(actor, recall)
    _happened(recall, settling.on, now)
    found = queries.cases(recall)
    keys = _named(settling, found)
    if not keys:
        raise Problem(409, "Nothing is open there", detail="What became of everything is on record already.")
    if len(keys) > MOST:
        raise Problem(
            422, "Too many things at once", detail=f"{len(keys)} are named; at most {MOST} in one order."
        )
    body = {
        **_head(actor, recall), "outcome": settling.outcome.value, "things": keys, "on": settling.on.isoformat(),
        "note": settling.note.strip()[:LONGEST],
    }  # fmt: skip
    _tell(actor, recall, OUTCOME, [body], now)
    return len(keys)


def _named(settling: Settling, found: list[queries.Case]) -> list[str]:
    if not settling.keys:
        return [
            case.thing.key
            for case in found
            if case.thing.outcome is None and settling.holder in {None, case.thing.holder}
        ]
    known: dict[str, str] = {}
    for case in found:
        known[case.label] = case.thing.key
    known |= {case.thing.key: case.thing.key for case in found}
    unknown = [word for word in settling.keys if word not in known]
    if unknown:
        raise Problem(404, "Not on the list of this recall", detail=", ".join(unknown[:5]))
    return list(dict.fromkeys(known[word] for word in settling.keys))


def close(
    *, actor: Actor, recall: Recall, reasons: Mapping[str, str], signed_off_by: str, now: datetime
) -> Closure:
    """Close a recall: the report and the hash of its evidence go on record. `reasons`: by holder of open things.

    Raises `Denied`, and `Problem` (409 while something is open without a reason, 422).
    """
    _may(actor, recall)
    name = signed_off_by.strip()
    if not name:
        raise Problem(422, "Nobody signs it off", detail="Say who does: a role or function.")
    if len(name) > NAME or any(len(one) > LONGEST for one in reasons.values()):
        raise Problem(
            422, "A text is too long", detail=f"Names have at most {NAME} characters, reasons {LONGEST}."
        )
    weighed = queries.weighed(queries.cases(recall))
    unknown = sorted(set(reasons) - set(weighed.open))
    if unknown:
        raise Problem(
            422, "A reason is given for what is not open", detail=", ".join(unknown[:5]) or "holder not known"
        )
    missing = weighed.unexplained(reasons)
    if missing:
        left = sum(weighed.open[one].things for one in missing)
        named = ", ".join(one or "holder not known" for one in missing[:5])
        raise Problem(
            409,
            "Something is still open",
            detail=f"{left} things at {len(missing)} holders ({named}): say what became of them, or give a reason for "
            "each holder.",
        )
    said = reports.report(recall, reasons, name, now)
    rests_on = reports.evidence(queries.statements(recall))
    body = {
        **_head(actor, recall), "report": said, "evidence": [one["position"] for one in rests_on],
        "bundle": reports.bundle(said, rests_on), "signedOffBy": name,
    }  # fmt: skip
    _tell(actor, recall, CLOSED, [body], now)
    found = queries.closure(recall)
    assert found is not None  # it was just told
    return found


def _may(actor: Actor, recall: Recall) -> None:
    actor.require(Permission.RECALLS_RUN)
    if recall.workspace_id != actor.workspace:
        raise Problem(404, "This recall is not on record")
    projections.follow_all()
    if queries.closure(recall) is not None:
        raise Problem(409, "This recall is closed", detail=f"{recall.number}: compute a new recall to go on.")


def _happened(recall: Recall, on: datetime, now: datetime) -> None:
    if on > now:
        raise Problem(422, "That is in the future", detail=on.isoformat())
    if on < recall.computed_at.replace(second=0, microsecond=0):  # people write minutes
        raise Problem(
            422,
            "That is before the recall was computed",
            detail=f"{on.isoformat()} is before {recall.computed_at.isoformat()}",
        )


def _head(actor: Actor, recall: Recall) -> dict[str, Any]:
    return {"recall": recall.position, "number": recall.number, "subject": recall.lot, "by": actor.id}


def _tell(actor: Actor, recall: Recall, kind: str, bodies: list[dict[str, Any]], now: datetime) -> None:
    with transaction.atomic():
        append(
            actor=actor,
            workspace=recall.workspace_id,
            statements=[
                statement(kind, f"urn:uuid:{uuid.uuid4()}", {**body, "at": now.isoformat()})
                for body in bodies
            ],
            now=now,
        )
    projections.follow_all()
