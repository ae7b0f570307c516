"""Queued work of capture."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django_tasks import task

from lodeline_server.events import actions, queries
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.clock import now
from lodeline_server.log import projections

BETWEEN = 10.0
"""Seconds between two rounds of the projections while documents wait."""
_followed = 0.0
LEFT_ALONE = timedelta(minutes=1)
"""After this an open job is taken to be left behind by a crash."""


@task
def process_capture(job: str) -> str:
    """Put one submitted document into the log, and bring the projections up.

    While more documents wait, the projections follow at most every few seconds: capture comes first.
    """
    global _followed  # noqa: PLW0603 - of this process; another one only follows more often
    row = CaptureJob.objects.defer("raw").get(uuid=job)
    state = actions.process(row, now(), follow=False).state
    if time.monotonic() - _followed > BETWEEN or not queries.open_jobs().exists():
        projections.follow_all()
        _followed = time.monotonic()
    return state


@task
def process_left_behind(at: str) -> str:
    """Process what a crash left behind. Rings every minute."""
    before = datetime.fromisoformat(at) - LEFT_ALONE
    return f"{len(actions.process_pending(now(), before=before))} processed"
