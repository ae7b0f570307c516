"""Queued work of capture."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_tasks import task

from lodeline_server.events import actions
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.clock import now

LEFT_ALONE = timedelta(minutes=1)
"""After this an open job is taken to be left behind by a crash."""


@task
def process_capture(job: str) -> str:
    """Put one submitted document into the log."""
    row = CaptureJob.objects.defer("raw").get(uuid=job)
    return actions.process(row, now()).state


@task
def process_left_behind(at: str) -> str:
    """Process what a crash left behind. Rings every minute."""
    before = datetime.fromisoformat(at) - LEFT_ALONE
    return f"{len(actions.process_pending(now(), before=before))} processed"
