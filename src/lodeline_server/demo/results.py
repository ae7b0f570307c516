"""What is computed from the captured demonstration, scores, passports, a recall, and what is there already."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from lodeline.access import platform
from lodeline_server.events.models import CaptureJob
from lodeline_server.trust.actions import score_all
from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline_server.demo.world import World
    from lodeline_server.parties.models import Workspace


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def known_documents(workspace: Workspace) -> set[str]:
    """Hashes of the documents that are in the log."""
    taken = CaptureJob.objects.filter(workspace=workspace, state=CaptureJob.State.TAKEN)
    return set(taken.values_list("sha256", flat=True))


def missing_months(world: World, workspace: Workspace) -> list[date]:
    """Ends of months that have no scores yet."""
    scored = set(Score.objects.filter(workspace=workspace).values_list("computed_at", flat=True).distinct())
    ends = [world.month(number) for number in range(1, world.months + 1)]
    return [day for day in ends if midnight(day) not in scored]


def month_end(world: World, workspace: Workspace, day: date) -> None:
    """The scores of all suppliers as of this midnight."""
    del world
    score_all(actor=platform(workspace.pk), workspace=workspace.pk, now=midnight(day))


def last(world: World, workspace: Workspace, places: dict[str, str], say: Callable[[str], None]) -> None:
    """Passports and the recall, from the whole story."""
    del world, workspace, places, say


def counts(workspace: Workspace) -> dict[str, int]:
    return {"scores": Score.objects.filter(workspace=workspace).count(), "passports": 0}
