"""Queued work: erasures that a crash, a busy database or a restored backup left open."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline_server.log import erasing


@task
def finish_erasures(at: str) -> str:
    """Rings every hour; fails, and so is listed, while something cannot be cleaned."""
    outcomes = erasing.again(datetime.fromisoformat(at))
    if left := [said for one in outcomes for said in one.left]:
        raise RuntimeError("; ".join(left))
    return f"{len(outcomes)} finished"
