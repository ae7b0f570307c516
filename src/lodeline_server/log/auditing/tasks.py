"""Queued work of the audit trail. Its lines are sequenced by the worker's tick, or here on demand."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline_server.log.auditing import crossing, sequencer


@task
def sequence(now: str) -> int:
    """Give every waiting line its place; how many."""
    return sequencer.sequence(datetime.fromisoformat(now))


@task
def cross(now: str) -> list[str]:
    """State each book's checkpoint in the other; the names of those that were."""
    return [one.of for one in crossing.cross(datetime.fromisoformat(now))]
