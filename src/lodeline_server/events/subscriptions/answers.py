"""Named queries and subscriptions in GS1's words; beyond them, how deliveries go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.events.subscriptions.models import NamedQuery, Subscription


def named(row: NamedQuery) -> dict[str, Any]:
    return {"name": row.name, "query": row.definition}


def subscription(row: Subscription) -> dict[str, Any]:
    """GS1's members first, without the token; then ours."""
    said = {
        "subscriptionID": str(row.uuid),
        "queryName": row.query.name,
        "dest": row.dest,
        "createdAt": row.created_at,
        "initialRecordTime": row.initial_record_time or row.created_at,
        "minRecordTime": looked_until(row),
        "lastNotifiedAt": row.notified_at,
        **({"stream": True} if row.stream else {"schedule": row.schedule}),
        "reportIfEmpty": row.report_if_empty,
        "state": row.state,
        "reason": row.reason or None,
        "deliveredEvents": row.delivered,
        "signed": row.sealed is not None,
        "nextTryAt": row.next_at,
        "lastTriedAt": row.last_tried_at,
        "failures": row.failures,
        "lastError": row.last_error or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def looked_until(row: Subscription) -> datetime:
    """GS1's minRecordTime: what was recorded before this was told, or did not answer."""
    if row.last_tried_at and not row.failures:
        return row.last_tried_at
    return row.notified_at or row.initial_record_time or row.created_at
