"""The nightly look at everything on record."""

from __future__ import annotations

from datetime import datetime

import structlog
from django_tasks import task

from lodeline.access import platform
from lodeline_server.lots.reconciling import actions

log = structlog.get_logger(__name__)


@task
def reconcile_all(at: str) -> str:
    """Every workspace; one that fails stops no other, and is told at the end."""
    failed: list[Exception] = []
    opened = closed = 0
    for workspace in actions.workspaces():
        try:
            found = actions.reconcile(actor=platform(workspace), now=datetime.fromisoformat(at))
        except Exception as error:
            log.exception("reconciliation failed", workspace=workspace)
            failed.append(error)
        else:
            opened, closed = opened + len(found.opened), closed + len(found.cured)
    if failed:
        raise failed[0]  # so that it is listed
    return f"{opened} opened, {closed} closed"
