"""Which statements an actor may open: those of the workspace; a supplier its own and those about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.access import Permission
from lodeline.sealing import Unreadable
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries
from lodeline_server.log.models import Entry

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline_server.log.queries import Statement


def listed(actor: Actor) -> QuerySet[Entry]:
    """The entries an actor finds in the explorer; a supplier those that its organisation captured."""
    rows = Entry.objects.filter(workspace=actor.workspace)
    if not actor.only_own:
        return rows
    return rows.none() if actor.organisation is None else rows.filter(organisation=actor.organisation)


def open_statement(actor: Actor, position: int) -> Statement | None:
    """The statement at `position`, or None when there is none for this actor.

    A damaged one is a `Problem` 500 that says so: the log is not what it was, and an operator must look.
    """
    if actor.workspace is None:
        return None
    try:
        found = queries.get(position, actor.workspace)
    except Unreadable as damage:
        raise Problem(
            500,
            "This entry is damaged",
            detail=f"position {position}: {damage}. 'lodeline log fsck' tells more.",
        ) from None
    return found if found is None or readable(actor, found) else None


def may_prove(actor: Actor, position: int) -> bool:
    """Whether the actor may take away the leaf and its way. They say nothing of the statement: its workspace may.

    A supplier only where it may read the statement itself.
    """
    if actor.only_own:
        return open_statement(actor, position) is not None
    if actor.workspace is None or not 0 <= position < queries.LARGEST:
        return False
    return Entry.objects.filter(position=position, workspace=actor.workspace).exists()


def readable(actor: Actor, statement: Statement) -> bool:
    """Its own statements and those about it; those of others with EVIDENCE_VIEW, and never for a supplier.

    A financier reads scores, not what stands behind them; a recycler reads passports.
    """
    own = actor.organisation is not None and statement.organisation == actor.organisation
    if own or (actor.may(Permission.EVIDENCE_VIEW) and not actor.only_own):
        return True
    body = statement.payload.get("body")
    subject = body.get("subject") if isinstance(body, dict) else None
    return bool(actor.party) and actor.party in {statement.payload.get("issuer"), subject}
