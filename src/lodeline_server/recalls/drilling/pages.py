"""Drills for people: the history with its figures, drawing a lot, the running clock, the answer."""

from __future__ import annotations

import secrets
from time import perf_counter
from typing import TYPE_CHECKING, Any

import django_tables2
from django import forms
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import NumberColumn, Table, table_page
from lodeline_server.kit.templatetags.lode import groups, moment, receipt, share_tag, span, status
from lodeline_server.recalls.asking.forms import Names
from lodeline_server.recalls.drilling import actions, queries
from lodeline_server.recalls.drilling.models import Drill

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor

MOST = 10_000
SHOWN = 100
NOTHING = "none"


class DrawForm(forms.Form):
    hours = forms.DecimalField(
        label=gettext_lazy("Time to answer, hours"), min_value=0, max_value=720, max_digits=8, decimal_places=3,
        initial=4, help_text=gettext_lazy("Many schemes ask for four hours. The clock starts when the lot is drawn."),
    )  # fmt: skip
    ticket = forms.RegexField(
        r"^[0-9]{1,20}$", label=gettext_lazy("Ticket of an earlier drill"), required=False,
        help_text=gettext_lazy("Only to hold the same drill again. Empty: a lot is drawn at random."),
    )  # fmt: skip


class AnswerForm(forms.Form):
    listed = Names(
        label=gettext_lazy("What your people found"), most=MOST, required=False,
        help_text=gettext_lazy("Serials, one a line. Empty: Lodeline lists them. Write none for no item."),
    )  # fmt: skip
    truth = Names(
        label=gettext_lazy("The list to hold it against"), most=MOST, required=False,
        help_text=gettext_lazy(
            "From packing lists or another system, kept apart. Empty: what is on record here. Write none for no item."
        ),
    )  # fmt: skip

    def given(self) -> actions.Answer:
        return actions.Answer(listed=self._list("listed"), truth=self._list("truth"))

    def _list(self, name: str) -> list[str] | None:
        words: list[str] = self.cleaned_data[name]
        if not words:
            return None
        return [] if words == [NOTHING] else words


class DrillTable(Table):
    number = django_tables2.Column(verbose_name=gettext_lazy("Drill"))
    label = django_tables2.Column(verbose_name=gettext_lazy("Lot"))
    ticket = django_tables2.Column(verbose_name=gettext_lazy("Ticket"))
    drawn_at = django_tables2.Column(verbose_name=gettext_lazy("Drawn"))
    state = django_tables2.Column(verbose_name=gettext_lazy("Result"))
    seconds = NumberColumn(verbose_name=gettext_lazy("Time"), default="–")
    completeness = NumberColumn(verbose_name=gettext_lazy("Found of the list"), default="–")
    precision = NumberColumn(verbose_name=gettext_lazy("Right of the answer"), default="–")
    reconciled = NumberColumn(verbose_name=gettext_lazy("Mass located"), default="–")
    position = django_tables2.Column(verbose_name=gettext_lazy("Receipt"))

    class Meta(Table.Meta):
        model = Drill
        fields = (
            "number", "label", "ticket", "drawn_at", "state", "seconds", "completeness", "precision", "reconciled",
            "position",
        )  # fmt: skip
        order_by = "-position"
        empty_text = gettext_lazy("No drill was held yet. Draw a lot to hold the first.")

    def render_number(self, record: Drill) -> str:
        return format_html('<a href="{}">{}</a>', record.get_absolute_url(), record.number)

    def value_number(self, value: str) -> str:
        return value

    def render_drawn_at(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: Drill) -> str:
        return verdict(record)

    def value_state(self, record: Drill) -> str:
        return record.state if record.passed is None else ("passed" if record.passed else "not passed")

    def render_seconds(self, value: Any) -> str:
        return span(value)

    def value_seconds(self, value: Any) -> str:
        return str(value)

    def render_completeness(self, value: Any) -> str:
        return share_tag(value)

    def render_precision(self, value: Any) -> str:
        return share_tag(value)

    def render_reconciled(self, value: Any) -> str:
        return share_tag(value)

    def render_position(self, value: int) -> str:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value


def verdict(row: Drill) -> str:
    if row.state == Drill.State.OPEN:
        return status("waiting", _("the clock runs"))
    if row.state == Drill.State.ABANDONED:
        return status("barred", _("abandoned"))
    return status("ok", _("passed")) if row.passed else status("bad", _("not passed"))


@require_safe
@page(Permission.RECALLS_VIEW)
def drills(request: HttpRequest) -> HttpResponseBase:
    return _list(request, DrawForm())


def _list(request: HttpRequest, form: DrawForm) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.visible(actor)
    figures = queries.figures(rows)
    last = rows.exclude(state=Drill.State.OPEN).first()
    response = table_page(
        request,
        template="recalls/drills.html",
        table_class=DrillTable,
        queryset=rows,
        context={
            "figures": figures,
            "last": last,
            "heading": _heading(last) if last else _("No recall drill was held yet."),
            "running": rows.filter(state=Drill.State.OPEN).first(),
            "form": form,
            "may_run": actor.may(Permission.RECALLS_RUN),
        },
        filename="drills",
    )
    response.status_code = 422 if form.errors else 200
    return response


@require_POST
@page(Permission.RECALLS_RUN)
def drill_draw(request: HttpRequest) -> HttpResponseBase:
    form = DrawForm(request.POST)
    if form.is_valid():
        try:
            return redirect(
                actions.draw(
                    actor=request.actor,  # type: ignore[attr-defined]
                    limit=max(int(form.cleaned_data["hours"] * 3600), 1),
                    ticket=form.cleaned_data["ticket"],
                    now=now(),
                    random=secrets.randbelow,
                )
            )
        except Problem as problem:
            form.add_error(None, f"{problem.title}. {problem.detail}")
    return _list(request, form)


@require_safe
@page(Permission.RECALLS_VIEW)
def drill(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _one(request, _row(request, pk), AnswerForm())


def _one(request: HttpRequest, row: Drill, form: AnswerForm) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    instant = now()
    return render(
        request,
        "recalls/drill.html",
        {
            "row": row,
            "verdict": verdict(row),
            "heading": _heading(row),
            "form": form,
            "running": row.state == Drill.State.OPEN,
            "elapsed": span((instant - row.drawn_at).total_seconds()),
            "took": span(row.seconds or 0),
            "limit": span(row.limit),
            "others": [
                (other, verdict(other), span(other.seconds or 0)) for other in queries.same_ticket(row)
            ],
            "missed": row.missed[:SHOWN],
            "wrong": row.wrong[:SHOWN],
            "may_run": actor.may(Permission.RECALLS_RUN),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@page(Permission.RECALLS_RUN)
def drill_answer(request: HttpRequest, pk: int) -> HttpResponseBase:
    row, form = _row(request, pk), AnswerForm(request.POST)
    if form.is_valid():
        try:
            return redirect(
                actions.answer(
                    actor=request.actor,  # type: ignore[attr-defined]
                    row=row,
                    given=form.given(),
                    now=now(),
                    timer=perf_counter,
                )
            )
        except Problem as problem:
            form.add_error(None, f"{problem.title}. {problem.detail}")
    row.refresh_from_db()
    return _one(request, row, form)


@require_POST
@page(Permission.RECALLS_RUN)
def drill_abandon(request: HttpRequest, pk: int) -> HttpResponseBase:
    row = _row(request, pk)
    reason = request.POST.get("reason", "")[:500].replace("\x00", "")
    return redirect(actions.abandon(actor=request.actor, row=row, reason=reason, now=now()))  # type: ignore[attr-defined]


def _row(request: HttpRequest, pk: int) -> Drill:
    found: Drill = get_object_or_404(queries.visible(request.actor), pk=pk)  # type: ignore[attr-defined]
    return found


def _heading(row: Drill) -> str:
    """The answer in one sentence."""
    said = {
        "number": row.number,
        "lot": row.label,
        "n": groups((row.truth or 0) - row.missed_count),
        "of": groups(row.truth or 0),
        "took": span(row.seconds or 0),
        "limit": span(row.limit),
    }
    if row.state == Drill.State.OPEN:
        return _("Drill %(number)s runs: what did lot %(lot)s reach?") % said
    if row.state == Drill.State.ABANDONED:
        return _("Drill %(number)s on lot %(lot)s was abandoned.") % said
    if row.passed:
        return (
            _("Drill %(number)s passed: all %(of)s items of lot %(lot)s were found within %(took)s.") % said
        )
    return (
        _("Drill %(number)s found %(n)s of %(of)s items of lot %(lot)s in %(took)s, of %(limit)s allowed.")
        % said
    )
