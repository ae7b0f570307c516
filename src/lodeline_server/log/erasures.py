"""Reading which erasures there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.log.models import Erasure

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lodeline.access import Actor


def of(actor: Actor) -> QuerySet[Erasure]:
    """Those in the actor's workspace, newest first."""
    rows = Erasure.objects.select_related("key").filter(key__workspace=actor.workspace)
    return rows.order_by("-erased_at", "-pk")


def as_dict(one: Erasure) -> dict[str, Any]:
    """Without anything that leads to the person."""
    return {
        "pseudonym": one.key.pseudonym,
        "position": one.position,
        "reason": one.reason,
        "count": one.count,
        "erasedAt": one.erased_at.isoformat(),
        "finished": one.purged_at is not None and one.cleaned_at is not None,
    }
