"""Which statements an actor may open: those of the workspace; a supplier its own and those about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.log import queries
from lodeline_server.log.models import Entry

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline_server.log.queries import Statement


def listed(actor: Actor) -> QuerySet[Entry]:
    """The entries an actor finds in the explorer; a supplier those that its organisation captured."""
    rows = Entry.objects.filter(workspace=actor.workspace)
    return rows.filter(organisation=actor.organisation) if actor.only_own else rows


def open_statement(actor: Actor, position: int) -> Statement | None:
    """The statement at `position`, or None when there is none for this actor."""
    if actor.workspace is None:
        return None
    found = queries.get(position, actor.workspace)
    return found if found is None or readable(actor, found) else None


def readable(actor: Actor, statement: Statement) -> bool:
    """True unless the actor is a supplier and the statement neither its own nor about it."""
    if not actor.only_own or (
        actor.organisation is not None and statement.organisation == actor.organisation
    ):
        return True
    body = statement.payload.get("body")
    subject = body.get("subject") if isinstance(body, dict) else None
    return bool(actor.party) and actor.party in {statement.payload.get("issuer"), subject}
