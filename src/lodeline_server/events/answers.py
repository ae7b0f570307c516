"""Jobs and events in the words of the API."""

from __future__ import annotations

from typing import Any

from lodeline.keys import SignatureRefused, b64url, unb64url
from lodeline_server.events.models import CaptureJob, SigningKey
from lodeline_server.events.outcomes import NAMES


def job(row: CaptureJob, *, outcomes: bool = False) -> dict[str, Any]:
    """GS1's members first: `running`, `success` and `errors`; then ours. `outcomes`: with a word for each event."""
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
        "outcomes": [NAMES[one] for one in row.outcomes] if outcomes else [],
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
