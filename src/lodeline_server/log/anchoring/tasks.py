"""Queued work of anchors: one clock queues what moved and brings on what waits."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline.access import platform
from lodeline_server.log.anchoring import actions


@task
def anchor(now: str) -> str:
    """Anchor the newest checkpoints of both books where they are due, and follow those under way.

    A target that fails is no failed job: it is tried again, and the operator's pages list it.
    """
    moment = datetime.fromisoformat(now)
    fresh = actions.queue(actor=platform(), now=moment)
    done = actions.work(actor=platform(), now=moment)
    return f"{len(fresh)} queued, {done.looked_at} looked at, {done.final} final, {done.failing} failing"
