"""Sheets for people: templates to download, an upload, what it would become, and capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from lodeline.access import Permission
from lodeline.events.sheet_grid import CellFinding, SheetLimits
from lodeline.events.sheet_templates import TEMPLATES
from lodeline.events.sheet_write import findings_csv
from lodeline_server.events.sheets import actions, answers, queries
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.stalled import watched
from lodeline_server.kit.templatetags.lode import groups
from lodeline_server.kit.uploads import peer, seconds, too_large

if TYPE_CHECKING:
    from typing import Any
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline_server.events.sheets.models import SheetPreview

FORM_ROOM = 64 * 1024
MARKS = {"error": "bad", "warning": "warn", "note": "none"}
STATES = {
    "new": ("ok", gettext_lazy("new")),
    "duplicate": ("none", gettext_lazy("known already")),
    "correction": ("warn", gettext_lazy("a correction")),
    "conflict": ("bad", gettext_lazy("on record otherwise")),
}


class SheetForm(forms.Form):
    template = forms.ChoiceField(
        label=gettext_lazy("Template"), choices=[(one.name, one.title) for one in TEMPLATES.values()]
    )
    sheet = forms.FileField(
        label=gettext_lazy("Filled sheet"),
        help_text=gettext_lazy("XLSX, or CSV in UTF-8. At most 8 MB and 10,000 rows."),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("Where the sheet does not say it: Europe/Helsinki, UTC or +02:00."),
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimal mark"),
        required=False,
        choices=[
            ("", gettext_lazy("as the sheet says")),
            (".", gettext_lazy("point")),
            (",", gettext_lazy("comma")),
        ],
        help_text=gettext_lazy("Of numbers kept as text. It is never guessed."),
    )


@require_safe
@page(Permission.CAPTURE_SUBMIT)
def sheets(request: HttpRequest) -> HttpResponse:
    """The templates, a place to upload, and previews that wait for a decision."""
    actor = request.actor  # type: ignore[attr-defined]
    chosen = request.GET.get("template", "")
    initial = {"template": chosen} if chosen in TEMPLATES else {}
    return render(
        request,
        "events/sheets/list.html",
        {
            "templates": TEMPLATES.values(),
            "form": SheetForm(initial=initial),
            "waiting": queries.previews(actor, now()).filter(job=None)[: actions.MOST_OPEN],
        },
    )


@require_safe
@page(Permission.CAPTURE_SUBMIT)
def sheet_template(request: HttpRequest, name: str, form: str) -> HttpResponse:  # noqa: ARG001
    data, media_type = answers.file(actions.template_of(name), form)
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="lodeline-{name}.{form}"'
    return response


@csrf_exempt  # checked below, after the size: reading the token reads the whole form
@require_POST
@page(Permission.CAPTURE_SUBMIT)
def sheet_upload(request: HttpRequest) -> HttpResponseBase:
    """The form's target. A form larger than a sheet may be is refused before anything of it is read."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    most = SheetLimits().max_bytes
    if not declared.isdigit() or int(declared) > most + FORM_ROOM:
        raise too_large(most)
    with watched(peer(request), seconds()):
        return cast("HttpResponseBase", _upload(request))


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponseBase:
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        detail = " ".join(word for words in form.errors.values() for word in words)
        raise Problem(400, _("Choose a template and a sheet first"), detail=detail)
    file = form.cleaned_data["sheet"]
    upload = actions.Upload(
        data=file.read(),
        template=form.cleaned_data["template"],
        name=file.name or "",
        zone=form.cleaned_data["zone"],
        decimal=form.cleaned_data["decimal"],
    )
    row = actions.preview(actor=request.actor, upload=upload, now=now())  # type: ignore[attr-defined]
    return redirect("sheet", uuid=row.uuid)


@require_safe
@page(Permission.CAPTURE_SUBMIT)
def sheet(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a sheet would become: rows, findings beside their cells, counts of all."""
    row = _own(request, uuid)
    lines = answers.lines(row)
    for line in lines:
        line["mark"], line["words"] = STATES.get(line["state"], ("", ""))
    findings = [{**found, "mark": MARKS[found["severity"]]} for found in row.findings]
    return render(
        request,
        "events/sheets/preview.html",
        {
            "row": row,
            "heading": _headline(row),
            "lines": lines,
            "findings": findings,
            "corrections": row.count(actions.CORRECTION),
            "known": row.count(actions.DUPLICATE),
            "fresh": row.count(actions.NEW),
            "template": TEMPLATES[row.template.partition("/")[0]],
        },
    )


def _headline(row: SheetPreview) -> str:
    if row.job:
        return str(_("This sheet was captured."))
    if row.errors:
        words = ngettext(
            "One error stands in the way: nothing of this sheet can be captured yet.",
            "%(n)s errors stand in the way: nothing of this sheet can be captured yet.",
            row.errors,
        )
        return words % {"n": groups(row.errors)}
    made = row.count(actions.NEW) + row.count(actions.CORRECTION)
    if not made:
        return str(_("All of this sheet is on record already: capturing it adds nothing."))
    if row.template.startswith("assays"):
        words = ngettext("This sheet becomes one statement.", "This sheet becomes %(n)s statements.", made)
    else:
        words = ngettext("This sheet becomes one event.", "This sheet becomes %(n)s events.", made)
    return words % {"n": groups(made)}


@require_safe
@page(Permission.CAPTURE_SUBMIT)
def sheet_findings(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """All findings as CSV, to work through beside the sheet."""
    row = _own(request, uuid)
    data = findings_csv(CellFinding.from_dict(found) for found in row.findings)
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="findings.csv"'
    return response


@require_POST
@page(Permission.CAPTURE_SUBMIT)
def sheet_confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    job = actions.confirm(
        actor=request.actor,  # type: ignore[attr-defined]
        preview=_own(request, uuid),
        now=now(),
        correct=request.POST.get("correct") == "yes",
    )
    messages.success(request, _("The sheet is being captured."))
    return redirect("capture", uuid=job.uuid)


@require_POST
@page(Permission.CAPTURE_SUBMIT)
def sheet_drop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    actions.drop(actor=request.actor, preview=_own(request, uuid), now=now())  # type: ignore[attr-defined]
    messages.success(request, _("The preview is gone. Nothing of it was captured."))
    return redirect("sheets")


def _own(request: HttpRequest, uuid: UUID) -> Any:
    rows = queries.previews(request.actor, now()).select_related("job")  # type: ignore[attr-defined]
    return get_object_or_404(rows, uuid=uuid)
