"""Nightly work: every party's score again, so that age and expiry show without anybody asking."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline.access import platform
from lodeline_server.parties.models import Workspace
from lodeline_server.trust import actions


@task
def score_everybody(now: str) -> int:
    """Score all parties of all workspaces as of `now` (ISO 8601); the number of scores."""
    moment = datetime.fromisoformat(now)
    return sum(
        len(actions.score_all(actor=platform(), workspace=space, now=moment))
        for space in Workspace.objects.values_list("pk", flat=True)
    )
