"""What a repository knows: types, steps, dispositions, places and things of the events that an actor may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.access import Permission
from lodeline.events import vocabulary
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.terms import fit
from lodeline_server.lots import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from lodeline.access import Actor

HASHED: Final = "ni:///sha-256;"
STANDARD: Final[dict[str, Sequence[str]]] = {
    Posting.TYPE: vocabulary.EVENT_TYPES,
    Posting.STEP: vocabulary.BIZ_STEPS,
    Posting.DISPOSITION: vocabulary.DISPOSITIONS,
}
"""Words that are known without any event."""


def members(actor: Actor, kind: str, beyond: str, limit: int) -> list[str]:
    """Values of a kind, the standard's words first, then others in order; those behind `beyond`. Raises `Denied`."""
    actor.require(Permission.CAPTURE_VIEW)
    standard = list(STANDARD.get(kind, ()))
    found = standard[standard.index(beyond) + 1 :] if beyond in standard else [] if beyond else standard
    found = found[:limit]
    if len(found) == limit or actor.workspace is None:
        return found
    start = "" if beyond in standard else beyond
    if kind == Posting.THING:
        return _things(actor, start, limit)
    rows = _postings(actor, kind).filter(value__gt=start).exclude(value__in=standard)
    rows = rows.exclude(value__startswith=HASHED)
    return found + list(
        rows.order_by("value").values_list("value", flat=True).distinct()[: limit - len(found)]
    )


def is_known(actor: Actor, kind: str, value: str) -> bool:
    """Whether the value is one of `members`. Raises `Denied`."""
    actor.require(Permission.CAPTURE_VIEW)
    if actor.workspace is None:
        return False
    if value in STANDARD.get(kind, ()) or _postings(actor, kind).filter(value=fit(value)).exists():
        return True
    return kind == Posting.THING and places.is_named(actor.workspace, value, captured_by=_own(actor))


def _postings(actor: Actor, kind: str) -> QuerySet[Posting]:
    rows = Posting.objects.filter(workspace_id=actor.workspace, kind=kind)
    return rows.filter(organisation=actor.organisation) if actor.only_own else rows


def _own(actor: Actor) -> int | None:
    return (actor.organisation or 0) if actor.only_own else None


def _things(actor: Actor, start: str, limit: int) -> list[str]:
    """What lots know, and what only declarations, editions and transactions name."""
    named = places.known(actor.workspace or 0, beyond=start, limit=limit, captured_by=_own(actor))
    rows = _postings(actor, Posting.THING).filter(value__gt=start).exclude(value__startswith=HASHED)
    apart = rows.order_by("value").values_list("value", flat=True).distinct()[:limit]
    merged = dict.fromkeys((*named, *apart))
    return sorted(merged)[:limit] if len(merged) > len(named) else named
