"""Reading scores. A supplier sees its own; nothing crosses a workspace's border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.log import queries as log
from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from lodeline.access import Actor


def visible(actor: Actor) -> QuerySet[Score]:
    """All scores the actor may see, old ones included."""
    rows = Score.objects.filter(workspace_id=actor.workspace)
    return rows.filter(party=actor.party) if actor.only_own else rows


def latest(actor: Actor) -> QuerySet[Score]:
    """The newest score of every party the actor may see."""
    return visible(actor).filter(latest=True).order_by("name", "party")


def history(actor: Actor, party: str) -> QuerySet[Score]:
    """Scores of one party, oldest first."""
    return visible(actor).filter(party=party).order_by("computed_at", "position")


def league(actor: Actor, segment: str) -> QuerySet[Score]:
    """The newest scores of one segment: rated ones by score, then the others by their upper bound."""
    return latest(actor).filter(segment=segment).order_by("-rated", "-score", "-bound_high", "name")


def heads(workspace: int, parties: Collection[str]) -> dict[str, Score]:
    """The newest score of each of the parties, by party."""
    rows = Score.objects.filter(workspace_id=workspace, latest=True, party__in=list(parties))
    return {row.party: row for row in rows}


def body(score: Score) -> dict[str, Any]:
    """Result, change and evidence bundle of a score, from the log itself. Empty when they were erased."""
    statement = log.get(score.position, score.workspace_id)
    return {} if statement is None or statement.erased else dict(statement.payload["body"])
