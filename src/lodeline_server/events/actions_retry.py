"""Try a failed capture again. Its bytes are still there: they go only when the log has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from lodeline.access import Permission
from lodeline_server.events import queries
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor

log = structlog.get_logger(__name__)


def retry(*, actor: Actor, job: CaptureJob, now: datetime) -> CaptureJob:
    """Put a failed job back among those that wait. Raises `Problem`: 404 not the organisation's own, 409 not failed."""
    actor.require(Permission.CAPTURE_SUBMIT)
    from lodeline_server.events.tasks import ask

    with transaction.atomic():
        rows = queries.jobs(actor).filter(organisation_id=actor.organisation)
        row = CaptureJob.objects.select_for_update().filter(pk__in=rows.values("pk"), pk=job.pk).first()
        if row is None:
            raise Problem(404, "No such capture")
        if row.state != CaptureJob.State.FAILED or row.raw is None:
            raise Problem(
                409,
                "Only what failed is tried again",
                detail="A document that was refused has to be corrected and sent again.",
            )
        row.state, row.attempts, row.finished_at = CaptureJob.State.WAITING, 0, None
        row.findings = [found for found in row.findings if found["rule"] != "capture.failed"]
        row.save(update_fields=["state", "attempts", "finished_at", "findings"])
        audit.record(audit.Kind.CHANGE, "capture_retry", actor=actor, now=now, objects={"uuid": row.uuid})
        ask()
    log.info("capture tried again", job=str(row.uuid), by=actor.id)
    return row
