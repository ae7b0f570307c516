"""Computing a recall and putting it on record."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction

from lodeline.access import Permission
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.recalls.deciding import Order, decide
from lodeline_server.recalls.models import Recall

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lodeline.access import Actor

PLATFORM = "urn:x-lodeline:platform"


def weigh(*, actor: Actor, order: Order, timer: Callable[[], float]) -> dict[str, Any]:
    """What a lot reached, without putting it on record. `timer` counts seconds; it says how long it took.

    Raises `Denied`, and `Problem` (404, 422).
    """
    actor.require(Permission.RECALLS_RUN)
    if actor.workspace is None:
        raise Problem(409, "A recall is computed in a workspace")
    started = timer()
    projections.follow_all()
    body = decide(actor.workspace, order)
    return {**body, "milliseconds": f"{(timer() - started) * 1000:.1f}"}


def compute(*, actor: Actor, order: Order, now: datetime, timer: Callable[[], float]) -> Recall:
    """Find what a lot reached and put the list on record: a `recall.computed` statement. Returns its row.

    Raises `Denied`, and `Problem` (404, 422).
    """
    actor.require(Permission.RECALLS_RUN)
    body = weigh(actor=actor, order=order, timer=timer)
    workspace = actor.workspace
    assert workspace is not None  # weigh refused
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": PLATFORM,
        "captured_by": "",
        "document": "",
        "signature": {"by": "platform", "kid": ""},
        "body": {**body, "computedAt": now.isoformat(), "by": actor.id},
    }
    with transaction.atomic():
        (at,) = append(
            actor=actor,
            workspace=workspace,
            statements=[NewStatement(type="recall.computed", payload=payload)],
            now=now,
        )
    projections.follow_all()
    return Recall.objects.get(position=at.position)
