"""What the actions of this folder share: the statement in the log, the line in the audit trail."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from lodeline_server.kit import audit
from lodeline_server.log.actions import NewStatement, append

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.parties.models import Organisation


def record(actor: Actor, organisation: Organisation, kind: str, body: dict[str, Any], now: datetime) -> int:
    """The statement in the log; its position."""
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": organisation.party,
        "captured_by": actor.id,
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, "subject": organisation.party, **body},
    }
    statement = NewStatement(type=kind, payload=payload)
    return append(actor=actor, workspace=organisation.workspace_id, statements=[statement], now=now)[
        0
    ].position


def told(
    actor: Actor,
    organisation: Organisation,
    action: str,
    now: datetime,
    kind: audit.Kind = audit.Kind.CHANGE,
    outcome: audit.Outcome = audit.Outcome.OK,
    **objects: object,
) -> None:
    audit.record(
        kind,
        action,
        actor=actor,
        workspace=organisation.workspace_id,
        objects={"organisation": organisation.pk, **objects},
        outcome=outcome,
        now=now,
    )
