"""Jobs and events in the words of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.events.context import EPCIS_CONTEXT
from lodeline.keys import SignatureRefused, b64url, unb64url
from lodeline_server.events import queries
from lodeline_server.events.models import CaptureJob, SigningKey
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor

MOST_EVENTS = 100


def job(row: CaptureJob) -> dict[str, Any]:
    """GS1's members first: `running`, `success` and `errors`; then ours."""
    errors = [
        {
            "type": "epcisException:ValidationException",
            "title": found["message"],
            "detail": f"{found['rule']} at {found['pointer'] or '/'}",
        }
        for found in row.findings
        if found["severity"] == "error"
    ]
    return {
        "captureID": row.uuid,
        "createdAt": row.created_at,
        "finishedAt": row.finished_at,
        "running": not row.done,
        "success": row.state == CaptureJob.State.TAKEN and not row.rejected,
        "captureErrorBehaviour": row.behaviour,
        "errors": errors,
        "state": row.state,
        "name": row.name,
        "sha256": row.sha256,
        "size": row.size,
        "documentType": row.kind,
        "signature": f"party:{row.kid}" if row.kid else "platform-on-behalf",
        "accepted": row.accepted,
        "duplicates": row.duplicates,
        "rejected": row.rejected,
        "findings": row.findings,
        "repairs": row.repairs,
    }


def signing_key(row: SigningKey) -> dict[str, Any]:
    return {
        "kid": row.kid,
        "public_key": b64url(bytes(row.public_key)),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }


def bytes_of(text: str) -> bytes:
    """Base64url to bytes; what is none gives no bytes, which the action refuses."""
    try:
        return unb64url(text)
    except SignatureRefused:
        return b""


def events(actor: Actor, event_id: str, now: datetime) -> dict[str, Any] | None:
    """What is on record under an event id, as an EPCISQueryDocument; None when there is nothing."""
    rows = queries.records(actor).filter(event_id=event_id).exclude(kind="statement")
    found = []
    for position in rows.values_list("position", flat=True)[:MOST_EVENTS]:
        statement = log.get(position, actor.workspace)
        if statement is None or not statement.payload:
            continue
        body = statement.payload["body"]
        raw = {**body["event"], "recordTime": statement.time.isoformat()}
        own = [entry for entry in body.get("context") or () if entry not in (None, EPCIS_CONTEXT)]
        if own:
            raw["@context"] = [*own, *_entries(raw.get("@context"))]
        found.append(raw)
    if not found:
        return None
    return {
        "@context": [EPCIS_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": found}}},
    }


def _entries(context: Any) -> list[Any]:
    if context is None:
        return []
    return context if isinstance(context, list) else [context]
