"""Queued work on lots."""

from __future__ import annotations

from django_tasks import task

from lodeline_server.lots import standing
from lodeline_server.parties.models import Workspace

WORTH = 1_000
"""Changes below which a process that starts takes them up itself."""


@task
def settle_graphs(at: str) -> str:  # noqa: ARG001 - clocks pass the instant they ring for
    """Write snapshots of the lot graphs that have moved on."""
    written = 0
    for workspace in Workspace.objects.order_by("pk").values_list("pk", flat=True):
        if standing.behind(workspace) >= WORTH and standing.write(workspace) is not None:
            written += 1
    return f"{written} snapshots written"
