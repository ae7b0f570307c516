"""Recalls: the list, the order, the result."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from time import perf_counter
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from lodeline.access import Permission
from lodeline_server.kit import charts, pdf
from lodeline_server.kit.charts.numbers import dose
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import csv_response, table_page
from lodeline_server.lots.queries import visible
from lodeline_server.recalls import actions, lists, queries
from lodeline_server.recalls.forms import RecallForm
from lodeline_server.recalls.tables import HitTable, RecallFilter, RecallTable

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.recalls.models import Recall

MOST_WAITING = 20
SECOND = 1000  # milliseconds


@require_safe
@page(Permission.RECALLS_VIEW)
def recalls(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.visible(actor).select_related("closure")
    return table_page(
        request,
        template="recalls/recalls.html",
        table_class=RecallTable,
        queryset=rows,
        filterset_class=RecallFilter,
        context={"number": rows.count(), "may_run": actor.may(Permission.RECALLS_RUN)},
        filename="recalls",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.RECALLS_RUN)
def recall_new(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    posted = request.method == "POST"
    form = RecallForm(
        request.POST if posted else None,
        rows=visible(actor),
        initial={"lot": request.GET.get("lot", "")[:500]},
    )
    if posted and form.is_valid():
        try:
            return redirect(actions.compute(actor=actor, order=form.order(), now=now(), timer=perf_counter))
        except Problem as problem:
            form.add_error(None, f"{problem.title}. {problem.detail}")
    return render(request, "recalls/new.html", {"form": form}, status=422 if posted else 200)


@require_safe
@page(Permission.RECALLS_VIEW)
def recall(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row: Recall = get_object_or_404(queries.visible(actor), pk=pk)
    threshold = _threshold(request.GET.get("threshold", ""), row)
    hits = queries.hits(row, threshold)
    masses = queries.masses(row, threshold)
    affected = hits.count()
    waiting = queries.waiting(row)
    shares = list(row.hits.filter(item=True).order_by("rank").values_list("share", flat=True))
    return table_page(
        request,
        template="recalls/recall.html",
        table_class=HitTable,
        queryset=hits,
        context={
            "recall": row,
            "threshold": threshold,
            "percent": lists.plain(threshold * 100),
            "what_if": threshold != row.threshold,
            "heading": lists.heading(row, affected, threshold),
            "carried": lists.carried(masses) if affected else "",
            "of": lists.of_what(row),
            "took": _took(row.milliseconds),
            "affected": affected,
            "reached": len(shares),
            "located": hits.exclude(site="").count(),
            "masses": masses,
            "share_affected": masses.share(masses.affected),
            "share_below": masses.share(masses.below),
            "chart": charts.dose_curve(shares, threshold),
            "lines": [(dose(line), number, line == threshold) for line, number in queries.lines(row)],
            "holders": queries.holders(hits),
            "closed": getattr(row, "closure", None),
            "waiting": list(waiting[:MOST_WAITING]),
            "waiting_more": max(waiting.count() - MOST_WAITING, 0),
            "may_run": actor.may(Permission.RECALLS_RUN),
        },
        filename=row.number,
    )


@require_safe
@page(Permission.RECALLS_VIEW)
def recall_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(queries.visible(request.actor), pk=pk)  # type: ignore[attr-defined]
    return csv_response(lists.rows(row), row.number)


@require_safe
@page(Permission.RECALLS_VIEW)
def recall_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = get_object_or_404(queries.visible(request.actor), pk=pk)  # type: ignore[attr-defined]
    content = pdf.render("recalls/list.typ", lists.printed(row), now=row.computed_at)
    disposition = {"Content-Disposition": f'inline; filename="{row.number}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=disposition)


def _took(milliseconds: Decimal) -> tuple[str, str]:
    """Figure and unit of a length of time."""
    return (f"{milliseconds / 1000:.1f}", "s") if milliseconds >= SECOND else (f"{milliseconds:.0f}", "ms")


def _threshold(text: str, row: Recall) -> Decimal:
    """The threshold of the page's form, in percent; the recall's own when it is no share."""
    try:
        value = Decimal(text.strip().replace(",", ".")) / 100
    except (InvalidOperation, ValueError):
        return row.threshold
    return value if value.is_finite() and 0 <= value <= 1 else row.threshold
