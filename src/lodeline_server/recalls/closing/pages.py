"""What follows a recall, for people: whom to tell, what became of it, the closing and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lodeline.access import Permission
from lodeline.recalls.closure import Mark, Outcome
from lodeline_server.kit import pdf
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import csv_response
from lodeline_server.kit.templatetags.lode import groups
from lodeline_server.recalls import queries as recalls
from lodeline_server.recalls.closing import actions, lists, queries, report
from lodeline_server.recalls.closing.forms import CloseForm, MarkForm, OutcomeForm, name_of
from lodeline_server.recalls.closing.models import MARKS, OUTCOMES

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.recalls.closing.queries import Addressee
    from lodeline_server.recalls.models import Recall

SHOWN = 8
"""Names of things shown for each holder; the CSV has all."""


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.RECALLS_VIEW)
def notices(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, people = _recall(request, pk)
    form = MarkForm(request.POST if request.method == "POST" else None, people=people)
    if request.method == "POST":
        _actor(request).require(Permission.RECALLS_RUN)
        if form.is_valid():
            at = now()
            marking = actions.Marking(
                mark=Mark(form.cleaned_data["mark"]),
                parties=form.parties_named(),
                on=form.cleaned_data["on"] or at,
                note=form.cleaned_data["note"],
            )
            try:
                said = actions.mark(actor=_actor(request), recall=row, marking=marking, now=at)
            except Problem as problem:
                form.add_error(None, f"{problem.title}. {problem.detail}")
            else:
                words = ngettext("One mark was put on record.", "%(n)s marks were put on record.", said)
                messages.success(request, words % {"n": said})
                return redirect("recall_notices", pk)
    sent = sum("sent" in one.marks for one in people)
    return render(
        request,
        "recalls/notices.html",
        {
            "recall": row,
            "closed": queries.closure(row),
            "holders": [_shown(one) for one in people],
            "sent": sent,
            "acknowledged": sum("acknowledged" in one.marks for one in people),
            "answered": sum("answered" in one.marks for one in people),
            "items": sum(one.items for one in people),
            "lots": sum(one.lots for one in people),
            "heading": _heading(people, sent),
            "form": form,
            "may_run": _actor(request).may(Permission.RECALLS_RUN),
        },
        status=422 if form.errors else 200,
    )


def _heading(people: list[Addressee], sent: int) -> str:
    if not people:
        return _("There is nobody to tell.")
    if sent == len(people):
        return ngettext("The one holder was told.", "All %(n)s holders were told.", sent) % {
            "n": groups(sent)
        }
    words = ngettext(
        "%(sent)s of %(n)s holder was told.", "%(sent)s of %(n)s holders were told.", len(people)
    )
    return words % {"sent": groups(sent), "n": groups(len(people))}


def _shown(one: Addressee) -> dict[str, Any]:
    return {
        "name": name_of(one),
        "party": one.party,
        "country": one.country,
        "contact": one.contact,
        "items": one.items,
        "lots": one.lots,
        "mass": one.mass,
        "open": one.open,
        "labels": ", ".join(case.label for case in one.cases[:SHOWN]),
        "more": max(len(one.cases) - SHOWN, 0),
        "marks": [(words, one.marks.get(mark)) for mark, words in MARKS.items()],
    }


@require_safe
@page(Permission.RECALLS_VIEW)
def notices_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, people = _recall(request, pk)
    return csv_response(lists.rows(people), f"{row.number}-notices")


@require_safe
@page(Permission.RECALLS_VIEW)
def closing(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, people = _recall(request, pk)
    return _closing(request, row, people)


def _closing(
    request: HttpRequest,
    row: Recall,
    people: list[Addressee],
    outcome: OutcomeForm | None = None,
    close: CloseForm | None = None,
) -> HttpResponseBase:
    closed = queries.closure(row)
    weighed = queries.weighed([case for one in people for case in one.cases])
    outcome = outcome or OutcomeForm(people=people)
    close = close or CloseForm(people=people)
    left = weighed.all.things - weighed.settled
    context = {
        "recall": row,
        "closed": closed,
        "told": report.as_dict(closed) if closed else None,
        "pairs": lists.pairs(closed) if closed else [],
        "left": lists.left(closed) if closed else [],
        "heading": lists.heading(closed) if closed else _progress(left, weighed.all.things),
        "outcomes": [(OUTCOMES[name], weighed.by_outcome.get(name)) for name in Outcome],
        "holders": [_shown(one) for one in people if one.open],
        "open": left,
        "all": weighed.all.things,
        "settled": weighed.share,
        "reconciled": recalls.masses(row).reconciled,
        "sent": sum("sent" in one.marks for one in people),
        "of_holders": len(people),
        "outcome_form": outcome,
        "close_form": close,
        "may_run": _actor(request).may(Permission.RECALLS_RUN),
    }
    wrong = outcome.errors or close.errors
    return render(request, "recalls/closure.html", context, status=422 if wrong else 200)


def _progress(left: int, whole: int) -> str:
    if not whole:
        return _("Nothing was reached: the recall can be closed.")
    if not left:
        return _("It is known of everything what became of it: the recall can be closed.")
    words = ngettext(
        "Of %(n)s of %(of)s things it is open what became of it.",
        "Of %(n)s of %(of)s things it is open what became of them.",
        left,
    )
    return words % {"n": groups(left), "of": groups(whole)}


@require_POST
@page(Permission.RECALLS_RUN)
def outcome(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, people = _recall(request, pk)
    form = OutcomeForm(request.POST, people=people)
    if form.is_valid():
        at, data = now(), form.cleaned_data
        settling = actions.Settling(
            outcome=Outcome(data["outcome"]), keys=data["things"] or (), holder=form.holder_named(),
            on=data["on"] or at, note=data["note"],
        )  # fmt: skip
        try:
            said = actions.settle(actor=_actor(request), recall=row, settling=settling, now=at)
        except Problem as problem:
            form.add_error(None, f"{problem.title}. {problem.detail}")
        else:
            words = ngettext("Of one thing", "Of %(n)s things", said) % {"n": groups(said)}
            messages.success(request, _("%(things)s it is on record what became.") % {"things": words})
            return redirect("recall_closing", pk)
    return _closing(request, row, people, outcome=form)


@require_POST
@page(Permission.RECALLS_RUN)
def close(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, people = _recall(request, pk)
    form: Form = CloseForm(request.POST, people=people)
    assert isinstance(form, CloseForm)
    if form.is_valid():
        try:
            actions.close(
                actor=_actor(request),
                recall=row,
                reasons=form.reasons(),
                signed_off_by=form.cleaned_data["signed_off_by"],
                now=now(),
            )
        except Problem as problem:
            form.add_error(None, f"{problem.title}. {problem.detail}")
        else:
            messages.success(request, _("The recall is closed. Its report is on record."))
            return redirect("recall_closing", pk)
    return _closing(request, row, people, close=form)


@require_safe
@page(Permission.RECALLS_VIEW)
def closure_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, _people = _recall(request, pk)
    found = _closed(row)
    content = pdf.render(
        "recalls/closure.typ", lists.printed(row, found, report.as_dict(found)), now=found.closed_at
    )
    disposition = {"Content-Disposition": f'inline; filename="{row.number}-closing.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


@require_safe
@page(Permission.RECALLS_VIEW)
def closure_json(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, _people = _recall(request, pk)
    disposition = {"Content-Disposition": f'attachment; filename="{row.number}-closing.json"'}
    return JsonResponse(report.as_dict(_closed(row)), headers=disposition)


def _closed(row: Recall) -> Any:
    found = queries.closure(row)
    if found is None:
        raise Problem(404, _("This recall is not closed yet"), detail=row.number)
    return found


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _recall(request: HttpRequest, pk: int) -> tuple[Recall, list[Addressee]]:
    row: Recall = get_object_or_404(recalls.visible(_actor(request)), pk=pk)
    return row, queries.addressees(row)
