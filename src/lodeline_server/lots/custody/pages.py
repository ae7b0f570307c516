"""Books of credits: the list, one period of a book, one entry with what lies behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lodeline.access import Permission
from lodeline.evidence import Severity
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import csv_response, table_page
from lodeline_server.lots.custody import actions, answers, drawing, queries, shown
from lodeline_server.lots.custody.findings import noticed
from lodeline_server.lots.custody.tables import BookTable, row

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline.lots.schemes import Period
    from lodeline_server.lots.custody.findings import CustodyFinding
    from lodeline_server.lots.custody.models import CustodyBook

MOST = 100


@require_safe
@page(Permission.CUSTODY_READ)
def books(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    moment, found = now(), _noticed(actor)
    rows = list(queries.books(actor))
    places = shown.names(actor)
    errors = [one for one in found if one.severity is not Severity.NOTE]
    return table_page(
        request,
        template="lots/custody_books.html",
        table_class=BookTable,
        queryset=[row(one, places, found, moment) for one in rows],
        context={
            "number": len(rows),
            "errors": len(errors),
            "findings": shown.findings(errors[:MOST], actor),
            "more": max(len(errors) - MOST, 0),
            "schemes": queries.schemes(actor),
            "position": queries.position(),
        },
        filename="books-of-credits",
    )


@require_safe
@page(Permission.CUSTODY_READ)
def book(request: HttpRequest, ref: str) -> HttpResponseBase:
    one, moment = _book(request, ref), now()
    spans = queries.periods(one, moment)
    span = _chosen(spans, request.GET.get("period", ""))
    if request.GET.get("format") == "csv":
        return csv_response(
            answers.table(queries.paged(one, span, moment), one), f"book-{one.ref}-{span.start:%Y-%m-%d}"
        )
    return _shown(request, one, spans, span)


def _shown(
    request: HttpRequest, one: CustodyBook, spans: list[Period], span: Period, problem: Problem | None = None
) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    moment = now()
    paged = queries.paged(one, span, moment)
    begun = f"{span.start:%Y-%m-%d}"
    found = [two for two in _noticed(actor) if two.book == one.ref and two.period in {begun, ""}]
    mark, words = shown.state(one, span.end, moment)
    credited, debited = sum(paged.credited.values()), sum(paged.debited.values())
    open_ = [two for two in found if two.severity is Severity.ERROR]
    context: dict[str, Any] = {
        "book": one,
        "paged": paged,
        "left": queries.ledger(one.workspace_id).balance(queries.account(one), moment).left,
        "site": shown.names(actor).get(one.site, one.site),
        "substance": shown.substance(one, span),
        "model": shown.model(one.model),
        "characteristics": shown.characteristics(one),
        "mark": mark,
        "state": words,
        "credited": credited,
        "debited": debited,
        "sums": [
            *((shown.kind(name), mass, "") for name, mass in sorted(paged.credited.items())),
            *((shown.kind(name), "", mass) for name, mass in sorted(paged.debited.items())),
            *([(shown.kind("ended"), "", paged.expired)] if paged.expired else []),
        ],
        "lines": shown.lines(paged, one, actor),
        "undone": queries.entries_named(actor, {two.id for two in paged.undone}),
        "chart": drawing.balance(paged, moment),
        "findings": shown.findings(found, actor),
        "errors": len(open_),
        "spans": [(two, two.start == span.start) for two in reversed(spans)],
        "closing": queries.closings(one).filter(start=span.start).first(),
        "may_close": actor.may(Permission.CUSTODY_CLOSE)
        and words != _("closed")
        and span.end <= moment
        and (actor.kind == "platform" or one.site in queries.own_sites(actor)),
        "problem": problem,
        "begun": begun,
        "position": queries.position(),
    }
    return render(request, "lots/custody_book.html", context, status=problem.status if problem else 200)


@require_POST
@page(Permission.CUSTODY_CLOSE)
def book_close(request: HttpRequest, ref: str) -> HttpResponseBase:
    """Close a period; what speaks against it is shown on the book's page, with the choice to accept it."""
    one, moment = _book(request, ref), now()
    spans = queries.periods(one, moment)
    span = _chosen(spans, request.POST.get("period", ""))
    try:
        actions.close(
            actor=request.actor,  # type: ignore[attr-defined]
            ref=one.ref,
            day=span.start,
            now=moment,
            accept=request.POST.get("accept") == "1",
        )
    except Problem as problem:
        if problem.status != 409:
            raise
        return _shown(request, one, spans, span, problem)
    messages.success(request, _("The period is closed. Nothing in it changes any more."))
    return redirect(shown.book_href(one.ref, f"{span.start:%Y-%m-%d}"))


@require_safe
@page(Permission.CUSTODY_READ)
def entry(request: HttpRequest, position: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    one = queries.entry_at(actor, position)
    if one is None:
        raise Http404("there is no such entry")
    wrong = queries.entry(actor, one.reverses) if one.reverses else None
    undone = queries.entry_at(actor, one.reversed_by) if one.reversed_by is not None else None
    found = [two for two in _noticed(actor) if two.entry == one.ref]
    context = {
        "entry": one,
        "kind": shown.kind(one.kind),
        "site": shown.names(actor).get(one.book.site, one.book.site),
        "model": shown.model(one.book.model),
        "characteristics": shown.characteristics(one.book),
        "proof": one.content["evidence"],
        "said": one.content,
        "remark": queries.remark(one),
        "wrong": wrong,
        "undone": undone,
        "receipt": shown.receipt(one, actor),
        "lots": shown.behind(one, actor),
        "findings": shown.findings(found, actor),
    }
    return render(request, "lots/custody_entry.html", context)


def _noticed(actor: Actor) -> list[CustodyFinding]:
    found = noticed(actor.workspace or 0, now())
    if not actor.only_own:
        return found
    own = set(queries.books(actor).values_list("ref", flat=True))
    return [one for one in found if one.book in own]


def _book(request: HttpRequest, ref: str) -> CustodyBook:
    one = queries.one(request.actor, ref)  # type: ignore[attr-defined]
    if one is None:
        raise Http404("there is no such book")
    return one


def _chosen(spans: list[Period], text: str) -> Period:
    """The period that holds a day, else the newest."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return spans[-1]
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return next((one for one in spans if one.holds(at)), spans[-1])
