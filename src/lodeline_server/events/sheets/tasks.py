"""What is done by the clock."""

from __future__ import annotations

from datetime import datetime

from django_tasks import task

from lodeline_server.events.sheets import actions


@task
def forget_previews(at: str) -> str:
    """Delete the previews of sheets whose time is over. Rings every hour."""
    return f"{actions.forget_ended(datetime.fromisoformat(at))} gone"
