"""Looking at the record and keeping cases about what does not fit. Nothing on record is adjusted by any of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from lodeline.access import Permission
from lodeline.lots.mismatch import Cause
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log import queries as log
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.lots import rows
from lodeline_server.lots.reconciling import deciding, queries
from lodeline_server.lots.reconciling.projection import CHANGED, CURED, DECIDED, OPENED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from lodeline.access import Actor
    from lodeline.lots.mismatch import Mismatch
    from lodeline_server.lots.reconciling.deciding import Outcome
    from lodeline_server.lots.reconciling.models import Case

PLATFORM: Final = "urn:x-lodeline:platform"
TERM: Final = timedelta(days=14)
LONGEST_WORDS: Final = 2000
LONGEST_REFERENCE: Final = 500
DIGITS: Final = 18


def reconcile(*, actor: Actor, now: datetime) -> Outcome:
    """Look at everything on record; open, change and close cases accordingly. Raises `Denied`, `Problem` (409)."""
    actor.require(Permission.CASES_WORK)
    if actor.workspace is None:
        raise Problem(409, "Reconciliation looks at one workspace")
    projections.follow_all()
    found = deciding.compare(actor.workspace, now)
    about = {"at": now.isoformat(), "by": actor.id, "position": found.position}
    due = (now + TERM).date().isoformat()
    statements = [
        *(_new(OPENED, _told(one, due) | about) for one in found.opened),
        *(_new(CHANGED, _told(one, due) | about) for one in found.changed),
        *(_new(CURED, _touched(case) | about) for case in found.cured),
    ]
    with transaction.atomic():
        append(actor=actor, workspace=actor.workspace, statements=statements, now=now)
        audit.record(
            audit.Kind.CHANGE,
            "reconcile",
            actor=actor,
            workspace=actor.workspace,
            objects={
                "opened": len(found.opened),
                "changed": len(found.changed),
                "cured": len(found.cured),
                "position": found.position,
            },
            now=now,
        )
    projections.follow_all()
    return found


def assign(
    *, actor: Actor, case: Case, owner: str, now: datetime, due: date | None = None, words: str = ""
) -> Case:
    """Give a case to somebody of the workspace, with a day. Raises `Denied`, `Problem` (404, 409, 422)."""
    _may(actor, case)
    if owner not in queries.people(case.workspace_id):
        raise Problem(
            422, "Nobody of this workspace is called that", detail="Give the id of a member: user:7."
        )
    _require(case, waiting=True)
    return _decide(
        actor, case, "assigned", now, owner=owner, words=_text(words), due=due.isoformat() if due else ""
    )


def comment(*, actor: Actor, case: Case, words: str, now: datetime) -> Case:
    """Say something about a case; also a supplier whom it concerns. Raises `Denied`, `Problem` (404, 422)."""
    actor.require(Permission.CASES_COMMENT)
    _own(actor, case)
    if not words.strip():
        raise Problem(422, "A comment needs words")
    return _decide(actor, case, "commented", now, words=_text(words))


def resolve(
    *,
    actor: Actor,
    case: Case,
    cause: str,
    words: str,
    now: datetime,
    reference: str = "",
    dismissed: bool = False,
) -> Case:
    """Close a case: what was behind it, in a class and in words, and the event or statement that corrects it.

    `dismissed`: nothing was wrong. Raises `Denied`, `Problem` (404, 409, 422).
    """
    _may(actor, case)
    if cause not in {one.value for one in Cause}:
        raise Problem(
            422, "This is no class of causes", detail=f"Give one of {', '.join(one.value for one in Cause)}."
        )
    if not words.strip():
        raise Problem(422, "Say in a sentence what was behind it")
    _require(case, waiting=True)
    reference = reference.strip()
    _require_known(case, reference)
    what = "dismissed" if dismissed else "resolved"
    return _decide(actor, case, what, now, cause=cause, words=_text(words), reference=reference)


def reopen(*, actor: Actor, case: Case, words: str, now: datetime) -> Case:
    """Look at it again. Raises `Denied`, `Problem` (404, 409)."""
    _may(actor, case)
    _require(case, waiting=False)
    return _decide(actor, case, "reopened", now, words=_text(words))


def _may(actor: Actor, case: Case) -> None:
    actor.require(Permission.CASES_WORK)
    _own(actor, case)


def _own(actor: Actor, case: Case) -> None:
    if not queries.visible(actor).filter(pk=case.pk).exists():
        raise Problem(404, "There is no such case")


def _require(case: Case, *, waiting: bool) -> None:
    case.refresh_from_db()
    if case.waiting != waiting:
        detail = "Reopen it first." if waiting else "It waits already."
        raise Problem(409, f"The case is {case.get_state_display()}", detail=detail)


def _require_known(case: Case, reference: str) -> None:
    """A reference names an event or a log position of this workspace."""
    if not reference:
        return
    if reference.isascii() and reference.isdigit():
        found = len(reference) <= DIGITS and log.get(int(reference), case.workspace_id) is not None
    else:
        found = (
            reference.isprintable()
            and len(reference) <= LONGEST_REFERENCE
            and bool(rows.events_known(case.workspace_id, [reference]))
        )
    if not found:
        raise Problem(
            422,
            "Nothing on record is called that",
            detail="Give the id of the correcting event, or the log position of the correcting statement.",
        )


def _text(words: str) -> str:
    words = words.strip()
    if len(words) > LONGEST_WORDS or "\x00" in words:
        raise Problem(422, f"At most {LONGEST_WORDS} characters")
    return words


def _told(one: Mismatch, due: str) -> dict[str, Any]:
    about = {"case": one.id, "rule": one.rule, "subject": one.subject, "period": one.period}
    return {**about, "finding": one.as_dict(), "due": due}


def _touched(case: Case) -> dict[str, Any]:
    return {"case": case.ref, "rule": case.rule, "subject": case.subject, "period": case.period}


def _decide(actor: Actor, case: Case, decision: str, now: datetime, **more: Any) -> Case:
    body = {**_touched(case), "decision": decision, "at": now.isoformat(), "by": actor.id, **more}
    with transaction.atomic():
        append(actor=actor, workspace=case.workspace_id, statements=[_new(DECIDED, body)], now=now)
        audit.record(
            audit.Kind.CHANGE,
            f"case {decision}",
            actor=actor,
            workspace=case.workspace_id,
            objects={"case": case.ref, "rule": case.rule},
            now=now,
        )
    projections.follow_all()
    case.refresh_from_db()
    return case


def _new(kind: str, body: dict[str, Any]) -> NewStatement:
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": PLATFORM,
        "captured_by": "",
        "document": "",
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, **body},
    }
    return NewStatement(type=kind, payload=payload)


def workspaces() -> Sequence[int]:
    """Where the nightly look goes."""
    from lodeline_server.parties.models import Workspace

    return list(Workspace.objects.order_by("pk").values_list("pk", flat=True))
