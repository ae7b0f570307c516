"""Captures: what came in, how it ended, and a place to upload a document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import django_filters
import django_tables2
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from lodeline.access import Permission
from lodeline_server.events import actions, actions_retry, inbox, queries
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.stalled import watched
from lodeline_server.kit.tables import NumberColumn, Table, table_page
from lodeline_server.kit.templatetags.lode import groups, moment, status
from lodeline_server.kit.uploads import peer, seconds, too_large

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

MARKS = {
    "waiting": "waiting", "running": "waiting", "filed": "waiting", "taken": "ok", "projected": "ok", "refused": "bad",
    "failed": "bad",
}  # fmt: skip
STEPS = {
    "waiting": gettext_lazy("waiting"),
    "running": gettext_lazy("running"),
    "filed": gettext_lazy("in the log, being read"),
    "projected": gettext_lazy("in the log and in every view"),
    "refused": gettext_lazy("refused"),
    "failed": gettext_lazy("failed"),
}
OUTCOMES = {
    "accepted": ("ok", gettext_lazy("accepted")),
    "duplicate": ("none", gettext_lazy("known already")),
    "rejected": ("bad", gettext_lazy("refused")),
    "withheld": ("warn", gettext_lazy("left out with the others")),
}
SEVERITIES = {"error": "bad", "warning": "warn", "note": "none"}
FORM_ROOM = 64 * 1024
"""What a form adds to the document it carries."""
SHOWN = 50
"""Events on one page of a job."""


def _parties(request: HttpRequest) -> Any:
    """The parties whose documents one may see."""
    return queries.parties(request.actor)  # type: ignore[attr-defined]


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=CaptureJob.State.choices, empty_label=gettext_lazy("all")
    )

    party = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Captured by"), field_name="organisation", queryset=_parties, to_field_name="slug",
        empty_label=gettext_lazy("all"),
    )  # fmt: skip

    class Meta:
        model = CaptureJob
        fields = ["state", "party"]


class JobTable(Table):
    name = django_tables2.Column(verbose_name=gettext_lazy("Document"), empty_values=(), order_by="id")
    organisation = django_tables2.Column(
        verbose_name=gettext_lazy("Captured by"), accessor="organisation__name"
    )
    kind = django_tables2.Column(verbose_name=gettext_lazy("Type"))
    created_at = django_tables2.Column(verbose_name=gettext_lazy("Came in"))
    state = django_tables2.Column(verbose_name=gettext_lazy("State"))
    accepted = NumberColumn(verbose_name=gettext_lazy("New"))
    duplicates = NumberColumn(verbose_name=gettext_lazy("Known already"))
    rejected = NumberColumn(verbose_name=gettext_lazy("Refused"))
    findings = NumberColumn(verbose_name=gettext_lazy("Findings"), orderable=False)

    class Meta(Table.Meta):
        model = CaptureJob
        fields = (
            "name",
            "organisation",
            "kind",
            "created_at",
            "state",
            "accepted",
            "duplicates",
            "rejected",
            "findings",
        )
        empty_text = gettext_lazy(
            "Nothing has been captured yet. Upload a document below, or send it to /epcis/capture."
        )

    def render_name(self, record: CaptureJob) -> str:
        return format_html(
            '<a href="/app/captures/{}/">{}</a>', record.uuid, record.name or record.sha256[:12]
        )

    def value_name(self, record: CaptureJob) -> str:
        return record.name or record.sha256

    def render_created_at(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: Any) -> str:
        step = record.state
        if step == CaptureJob.State.TAKEN:
            behind = record.last_position is not None and record.last_position >= self.read_until
            step = "filed" if behind else "projected"
        return status(MARKS[step], STEPS[step])

    def value_state(self, record: CaptureJob) -> str:
        return record.state

    def render_findings(self, value: list[Any]) -> str:
        return groups(len(value))

    def value_findings(self, value: list[Any]) -> int:
        return len(value)

    @cached_property
    def read_until(self) -> int:
        """The position that every projection has read up to."""
        return min(inbox.read_until().values(), default=0)


class UploadForm(forms.Form):
    document = forms.FileField(
        label=gettext_lazy("Document"),
        help_text=gettext_lazy("EPCIS 2.0 as JSON-LD, or a statement document."),
    )


@require_safe
@page(Permission.CAPTURE_VIEW)
def captures(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    counts = queries.job_counts(actor)
    waiting = counts["waiting"] + counts["running"]
    bad = counts["refused"] + counts["failed"]
    total = sum(counts.values())
    if not total:
        heading = _("No document has come in yet.")
    elif bad:
        heading = ngettext(
            "One of %(all)s documents was refused.", "%(n)s of %(all)s documents were refused.", bad
        )
    elif waiting:
        heading = ngettext(
            "One document is being processed.", "%(n)s documents are being processed.", waiting
        )
    else:
        heading = ngettext(
            "One document came in, and it is in the log.", "All %(all)s documents are in the log.", total
        )
    return table_page(
        request,
        template="events/captures.html",
        table_class=JobTable,
        queryset=inbox.with_last(queries.jobs(actor)),
        filterset_class=JobFilter,
        context={
            "heading": heading % {"n": groups(bad or waiting or total), "all": groups(total)},
            "counts": counts,
            "waiting": waiting,
            "bad": bad,
            "live": "running" if waiting else "done",
            "form": UploadForm() if actor.may(Permission.CAPTURE_SUBMIT) else None,
            "limits": actions.limits(),
        },
        filename="captures",
    )


@require_safe
@page(Permission.CAPTURE_VIEW)
def capture(request: HttpRequest, uuid: UUID) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    job = get_object_or_404(queries.jobs(actor), uuid=uuid)
    how = inbox.progress(job)
    outcome = request.GET.get("outcome", "")
    places = inbox.places(job, outcome)
    part = Paginator(places, SHOWN).get_page(request.GET.get("page"))
    return render(
        request,
        "events/capture.html",
        {
            "job": job,
            "heading": _headline(job),
            "mark": MARKS[how.step],
            "progress": how,
            "said": STEPS[how.step],
            "live": "running" if how.open else "done",
            "findings": [{**found, "mark": SEVERITIES[found["severity"]]} for found in job.findings],
            "part": part,
            "results": [(one, *OUTCOMES[one.outcome]) for one in inbox.results(job, part.object_list)],
            "outcomes": [(name, OUTCOMES[name][1], n) for name, n in inbox.counts(job).items() if n],
            "chosen": outcome,
            "sheet": job.sheets.filter(organisation_id=actor.organisation).first(),
            "may_retry": job.state == CaptureJob.State.FAILED
            and job.organisation_id == actor.organisation
            and actor.may(Permission.CAPTURE_SUBMIT),
        },
    )


@require_POST
@page(Permission.CAPTURE_SUBMIT)
def capture_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Try again what failed through no fault of the document."""
    actor = request.actor  # type: ignore[attr-defined]
    job = get_object_or_404(queries.jobs(actor), uuid=uuid)
    actions_retry.retry(actor=actor, job=job, now=now())
    messages.success(request, _("The document waits to be processed again."))
    return redirect("capture", uuid=job.uuid)


def _headline(job: CaptureJob) -> str:
    match job.state:
        case CaptureJob.State.TAKEN if job.accepted:
            words = ngettext(
                "One statement of this document is in the log.",
                "%(n)s statements of this document are in the log.",
                job.accepted,
            )
        case CaptureJob.State.TAKEN:
            words = _("This document added nothing: all of it is on record already.")
        case CaptureJob.State.REFUSED:
            words = _("This document was refused; nothing of it is in the log.")
        case CaptureJob.State.FAILED:
            words = _("This document could not be processed; nothing of it is in the log.")
        case _other:
            words = _("This document is being processed.")
    return words % {"n": groups(job.accepted)}


@csrf_exempt  # checked below, after the size: reading the token reads the whole form
@require_POST
@page(Permission.CAPTURE_SUBMIT)
def upload(request: HttpRequest) -> HttpResponseBase:
    """The form's target. A form larger than a document may be is refused before anything of it is read."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    most = actions.limits().max_bytes
    if not declared.isdigit() or int(declared) > most + FORM_ROOM:
        raise too_large(most)
    with watched(peer(request), seconds()):
        return cast("HttpResponseBase", _upload(request))


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Problem(400, _("Choose a document first"), detail=" ".join(form.errors.get("document", ())))
    file = form.cleaned_data["document"]
    document = actions.Document(data=file.read(), name=file.name or "")
    job = actions.submit(actor=actor, document=document, now=now())
    messages.success(request, _("The document passed the check and is being processed."))
    return redirect("capture", uuid=job.uuid)
