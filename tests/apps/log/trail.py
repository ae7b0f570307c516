"""What tests ask of the audit trail."""

from __future__ import annotations

import json


def waiting():
    """Write what waits in memory, and tell the lines of the outbox as (type, workspace, payload)."""
    from lodeline_server.log.auditing.outbox import OUTBOX
    from lodeline_server.log.models import AuditOutbox

    OUTBOX.flush()
    return [
        (row.kind, row.workspace, json.loads(row.payload))
        for row in AuditOutbox.objects.order_by("created_at", "pk")
    ]


def clear():
    from lodeline_server.log.auditing.outbox import OUTBOX
    from lodeline_server.log.models import AuditOutbox

    OUTBOX.forget()
    AuditOutbox.objects.all().delete()


def said(lines=None):
    """Type, action and outcome of each line."""
    return [
        (kind, line["action"], line["outcome"]) for kind, _, line in (waiting() if lines is None else lines)
    ]
