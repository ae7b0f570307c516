"""What is computed from the captured demonstration, scores, passports, a recall, and what is there already."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING

from lodeline.access import Role, platform
from lodeline_server.demo.people import email
from lodeline_server.events.models import CaptureJob
from lodeline_server.lots.reconciling.actions import reconcile
from lodeline_server.parties.models import Membership
from lodeline_server.parties.queries import actor_of
from lodeline_server.passports.actions import issue_all
from lodeline_server.passports.models import Passport
from lodeline_server.recalls.actions import compute
from lodeline_server.recalls.deciding import Order
from lodeline_server.recalls.models import Recall
from lodeline_server.trust.actions import score_all
from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline_server.demo.world import World
    from lodeline_server.parties.models import Workspace

THRESHOLD = Fraction(1, 1000)
REASON = "Sodium above specification: 410 mg/kg, limit 100 mg/kg (invented)"


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
    """The scores of all suppliers as of this midnight.

    After a third of the story also the passports of the batteries there are, so that those which get a second life
    or are recycled had one before.
    """
    actor = platform(workspace.pk)
    if day == world.month(world.months // 3):
        issue_all(actor=actor, workspace=workspace.pk, now=midnight(day))
    score_all(actor=actor, workspace=workspace.pk, now=midnight(day))


def finish(world: World, workspace: Workspace, lot: str, say: Callable[[str], None]) -> None:
    """All passports, and then the recall of the contaminated lot; it stands for "everything is there"."""
    if Recall.objects.filter(workspace=workspace, lot=lot).exists():
        return
    now = midnight(world.anchor)
    say("issuing the passports")
    issue_all(actor=platform(workspace.pk), workspace=workspace.pk, now=now)
    say("looking at what does not fit")
    reconcile(actor=platform(workspace.pk), now=now)
    say("computing the recall")
    quality = Membership.objects.select_related("organisation", "user").get(
        organisation__workspace=workspace, role=Role.QUALITY.value, user__email=email(Role.QUALITY)
    )
    order = Order(lot=lot, threshold=THRESHOLD, reason=REASON)
    compute(actor=actor_of(quality), order=order, now=now, timer=perf_counter)


def counts(workspace: Workspace) -> dict[str, int]:
    """How much has been computed."""
    return {
        "scores": Score.objects.filter(workspace=workspace).count(),
        "passports": Passport.objects.filter(workspace=workspace).count(),
    }
