"""Nightly work: every party's score again, so that age and expiry show without anybody asking."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline.access import platform
from lodeline_server.parties.models import Workspace
from lodeline_server.trust import actions


@task
def score_everybody(now: str) -> int:
    """Score all parties of all workspaces as of `now` (ISO 8601); how many were looked at.

    A score that did not move is not put on record every night: the log keeps what it is given for ever.
    """
    moment = datetime.fromisoformat(now)
    return sum(
        len(actions.score_all(actor=platform(), workspace=space, now=moment, only_changed=True))
        for space in Workspace.objects.values_list("pk", flat=True)
    )
