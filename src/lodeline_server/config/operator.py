"""The operator's page: what doctor finds, failed jobs, clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_tasks_db.models import DBTaskResult

from lodeline.access import Permission
from lodeline_server.config import doctor
from lodeline_server.kit import scheduler
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.log import health

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

LISTED = 50


def _job(row: DBTaskResult[Any, Any]) -> dict[str, Any]:
    last = row.traceback.strip().splitlines()
    return {
        "id": row.pk,
        "name": row.task_name,
        "finished_at": row.finished_at,
        "error": last[-1] if last else "",
        "traceback": row.traceback,
    }


@require_GET
@page(Permission.OPERATE)
def overview(request: HttpRequest) -> HttpResponse:
    moment = now()
    findings = doctor.examine(settings.DATA, moment)
    failed = DBTaskResult.objects.failed().order_by("-finished_at")
    count = failed.count()
    return render(
        request,
        "config/operator.html",
        {
            "findings": findings,
            "log": health.lines(moment),
            "heading": ngettext("%d thing needs a look.", "%d things need a look.", len(findings))
            % len(findings)
            if findings
            else _("This installation is sound."),
            "failed": [_job(row) for row in failed[:LISTED]],
            "failed_count": count,
            "waiting": DBTaskResult.objects.ready().count(),
            "clocks": [
                {"name": clock.name, "every": clock.every, "last": scheduler.last_run(clock)}
                for clock in scheduler.clocks()
            ],
            "data": settings.DATA,
            "moment": moment,
        },
    )


@require_POST
@page(Permission.OPERATE)
def again(request: HttpRequest, job: UUID) -> HttpResponse:
    """Enqueue a failed job once more; the failed row goes, its successor stands for it."""
    row = DBTaskResult.objects.failed().filter(pk=job).first()
    if row is None:
        raise Http404("no failed job of this id")
    row.task.enqueue(*row.args_kwargs["args"], **row.args_kwargs["kwargs"])
    row.delete()
    messages.success(request, _("The job waits for the worker again."))
    return redirect("operator")
