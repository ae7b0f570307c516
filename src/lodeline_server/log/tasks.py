"""Queued work of the log: keeping the projections up."""

from __future__ import annotations

from django_tasks import task

from lodeline_server.log import projections


@task
def follow(now: str) -> str:  # noqa: ARG001 - clocks pass the instant they ring for
    """Bring every projection to the log's end; fails, and so is listed, when one cannot go on."""
    failures = projections.follow_all()
    if failures:
        said = "; ".join(f"{one.projection} at {one.position}: {one.error!r}" for one in failures)
        raise RuntimeError(f"projections stand still: {said}")
    return "up to date"
