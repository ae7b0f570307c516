"""Queued work of capture."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from lodeline_server.events import processing
from lodeline_server.events.subscriptions import running
from lodeline_server.kit.clock import now
from lodeline_server.log import projections

BETWEEN = 2.0
"""Seconds between two rounds of the projections while documents wait: what came meanwhile is still in memory."""
BATCH = 250
"""Statements to a transaction of the projections; shorter ones let others write sooner."""
WORKING, RESTING = 0.2, 0.12
"""Seconds of work after which the worker makes room for waiting writers, and for how long."""
_followed = _rested = 0.0
LEFT_ALONE = timedelta(minutes=1)
"""After this an open job is taken to be left behind by a crash."""


@task
def process_captures() -> str:
    """Put the waiting documents into the log, and bring the projections up.

    While more documents wait, the projections follow at most every few seconds: capture comes first.
    """
    global _followed  # noqa: PLW0603 - of this process; another one only follows more often
    seen: set[int] = set()
    errors: list[Exception] = []
    while group := processing.waiting(seen):
        seen |= {job.pk for job in group}
        errors += processing.process_group(group, now()).errors
        make_room()
        if time.monotonic() - _followed > BETWEEN:
            projections.follow_all(batch=BATCH, between=make_room)
            _followed = time.monotonic()
    running.wake()  # who asked to be told is told from the log, not from the projections
    projections.follow_all(batch=BATCH, between=make_room)
    _followed = time.monotonic()
    if errors:
        raise errors[0]  # so that it is listed
    return f"{len(seen)} processed"


def ask() -> None:
    """Have the waiting documents processed: one task that has not started yet does it for all that come until then.

    Inside the transaction that writes the job. On SQLite nothing else writes meanwhile; on PostgreSQL the row of that
    task is held, so that it cannot start before the job can be seen.
    """
    queued = DBTaskResult.objects.filter(
        task_path=process_captures.module_path,
        status=TaskResultStatus.READY,
        queue_name=process_captures.queue_name,
    )
    if not queued.select_for_update().exists():
        process_captures.enqueue()


def make_room() -> None:
    """Let waiting writers in, now and then. SQLite has one writer, and who waits asks every tenth of a second."""
    global _rested  # noqa: PLW0603 - of this process
    if (
        connection.vendor == "sqlite"
        and time.monotonic() - _rested > WORKING
        and not connection.in_atomic_block
    ):
        time.sleep(RESTING)
        _rested = time.monotonic()


@task
def process_left_behind(at: str) -> str:
    """Process what a crash left behind. Rings every minute."""
    before = datetime.fromisoformat(at) - LEFT_ALONE
    return f"{len(processing.process_pending(now(), before=before))} processed"
