"""What asks for somebody in the daily work: recalls, passports, captured documents, jobs of the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline_server.events import queries as events
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.charts.numbers import dose
from lodeline_server.kit.templatetags.lode import days_left, groups
from lodeline_server.passports import queries as issued
from lodeline_server.recalls import queries as recalled
from lodeline_server.web.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.web.scene import Scene

RECENT: Final = timedelta(days=30)
MANY: Final = 3  # of one kind; the rest is one line


def recalls(scene: Scene) -> Iterator[Task]:
    """Open recalls of the last 30 days that reached batteries."""
    rows = recalled.visible(scene.actor).filter(closure__isnull=True)
    for row in rows.filter(computed_at__gte=scene.now - RECENT, affected__gt=0)[:MANY]:
        said = {
            "number": row.number,
            "n": groups(row.affected),
            "lot": row.label,
            "dose": dose(row.threshold),
        }
        template = ngettext(
            "Recall %(number)s: %(n)s battery holds %(dose)s or more of lot %(lot)s",
            "Recall %(number)s: %(n)s batteries hold %(dose)s or more of lot %(lot)s",
            row.affected,
        )
        yield Task(
            kind="bad",
            title=template % said,
            detail=row.reason or _("No reason is stated"),
            short=_("batteries to block"),
            when=days_left(row.computed_at.date(), scene.now),
            days=-1,
            href=row.get_absolute_url(),
            action=_("Open recall"),
        )


def passports(scene: Scene) -> Iterator[Task]:
    """Batteries of a stated model without a passport, for those who issue them."""
    waiting = issued.waiting(scene.actor).filter(party=scene.actor.party).count() if scene.actor.party else 0
    if waiting:
        yield Task(
            kind="waiting",
            title=ngettext(
                "%(n)s battery of yours has no passport yet",
                "%(n)s batteries of yours have no passport yet",
                waiting,
            )
            % {"n": groups(waiting)},
            detail=_("A passport is asked for when a battery is placed on the market"),
            short=_("batteries without a passport"),
            href=reverse("passports_waiting"),
            action=_("Show batteries"),
        )


def captures(scene: Scene) -> Iterator[Task]:
    """Documents of the last 30 days that were refused or failed, and what was taken with warnings."""
    jobs = events.jobs(scene.actor).filter(created_at__gte=scene.now - RECENT)
    lost = jobs.filter(state__in=[CaptureJob.State.REFUSED, CaptureJob.State.FAILED])
    for job in lost[:MANY]:
        errors = sum(1 for finding in job.findings if finding.get("severity") == "error")
        name = job.name or job.kind or _("document")
        first = next(
            (finding["message"] for finding in job.findings if finding.get("severity") == "error"), ""
        )
        days = (scene.now - job.created_at).days
        yield Task(
            kind="bad",
            title=_("“%(name)s” from %(who)s was refused") % {"name": name, "who": job.organisation.name},
            detail=first or ngettext("%(n)s error", "%(n)s errors", errors) % {"n": groups(errors)},
            short=_("a refused document"),
            when=days_left(job.created_at.date(), scene.now),
            days=days,
            href=reverse("capture", args=[job.uuid]),
            action=_("Read findings"),
        )
    rest = lost.count() - MANY
    if rest > 0:
        yield Task(
            kind="bad",
            title=_("%(n)s more documents were refused") % {"n": groups(rest)},
            detail=_("In the last 30 days"),
            short=_("refused documents"),
            href=reverse("captures") + "?state=refused",
            action=_("Show all"),
        )
    warned = jobs.filter(state=CaptureJob.State.TAKEN).exclude(findings=[]).count()
    if warned:
        yield Task(
            kind="waiting",
            title=ngettext(
                "%(n)s document was taken with findings", "%(n)s documents were taken with findings", warned
            )
            % {"n": groups(warned)},
            detail=_("In the last 30 days; they are on record, and worth a look"),
            short=_("findings in captured documents"),
            href=reverse("captures") + "?state=taken",
            action=_("Show captures"),
        )


def jobs_failed(_scene: Scene) -> Iterator[Task]:
    """Work of the platform itself that failed."""
    from django_tasks_db.models import DBTaskResult

    failed = DBTaskResult.objects.failed().count()
    if failed:
        yield Task(
            kind="warn",
            title=ngettext("%(n)s job failed", "%(n)s jobs failed", failed) % {"n": groups(failed)},
            detail=_("Each can be run again"),
            short=_("failed jobs"),
            href=reverse("operator"),
            action=_("Show jobs"),
        )
