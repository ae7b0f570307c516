"""The inbox of reconciliation, a case, and decisions about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import table_page
from lodeline_server.lots import queries as lots
from lodeline_server.lots.reconciling import actions, forms, queries, shown, wording
from lodeline_server.lots.reconciling.tables import CaseFilter, CaseTable

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.lots.reconciling.models import Case

DECISIONS = ("assign", "comment", "resolve", "dismiss", "reopen")


@require_safe
@page(Permission.CASES_VIEW)
def cases(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return table_page(
        request,
        template="lots/cases.html",
        table_class=CaseTable,
        queryset=queries.visible(actor),
        filterset_class=CaseFilter,
        context={
            "totals": queries.totals(actor, now()),
            "rules": [(code, wording.rule(code), n) for code, n in queries.by_rule(actor)],
            "position": lots.position(),
            "may_look": actor.may(Permission.CASES_WORK),
        },
        filename="reconciliation",
    )


@require_POST
@page(Permission.CASES_WORK)
def cases_look(request: HttpRequest) -> HttpResponseBase:
    """Look at the record now."""
    found = actions.reconcile(actor=request.actor, now=now())  # type: ignore[attr-defined]
    opened = ngettext("%(n)s case opened", "%(n)s cases opened", len(found.opened)) % {"n": len(found.opened)}
    messages.success(
        request,
        _("%(opened)s, %(changed)s changed, %(cured)s closed by the record.")
        % {"opened": opened, "changed": len(found.changed), "cured": len(found.cured)},
    )
    return redirect("cases")


@require_safe
@page(Permission.CASES_VIEW)
def case(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return _page(request, get_object_or_404(queries.visible(actor), pk=pk))


@require_POST
@page(Permission.CASES_COMMENT)
def case_decide(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One of the forms of the case page; `decision` says which."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    decision = request.POST.get("decision", "")
    if decision not in DECISIONS:
        raise Problem(422, "This is no decision", detail=f"Send one of {', '.join(DECISIONS)}.")
    form = _forms(row, actor, request.POST, only=decision)["resolve" if decision == "dismiss" else decision]
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        _act(actor, row, decision, form.cleaned_data)
    except Problem as problem:
        form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))
        return _page(request, row, form, status=problem.status)
    messages.success(request, _("Noted in the log."))
    return redirect(row)


def _act(actor: Actor, row: Case, decision: str, said: dict[str, Any]) -> None:
    if decision == "assign":
        actions.assign(actor=actor, case=row, owner=said["owner"], due=said["due"], now=now())
    elif decision == "comment":
        actions.comment(actor=actor, case=row, words=said["words"], now=now())
    elif decision == "reopen":
        actions.reopen(actor=actor, case=row, words=said["words"], now=now())
    else:
        actions.resolve(
            actor=actor,
            case=row,
            cause=said["cause"],
            words=said["words"],
            reference=said["reference"],
            dismissed=decision == "dismiss",
            now=now(),
        )


def _forms(row: Case, actor: Actor, data: Any = None, only: str = "") -> dict[str, Form]:
    people = {} if actor.only_own else queries.people(row.workspace_id)
    start = {"owner": row.owner or actor.id, "due": row.due}
    posted = "resolve" if only == "dismiss" else only
    return {
        "assign": forms.AssignForm(data if posted == "assign" else None, people=people, initial=start),
        "comment": forms.CommentForm(data if posted == "comment" else None),
        "resolve": forms.ResolveForm(
            data if posted == "resolve" else None, initial={"cause": row.cause or None}
        ),
        "reopen": forms.ReopenForm(data if posted == "reopen" else None),
    }


def _page(request: HttpRequest, row: Case, wrong: Form | None = None, status: int = 200) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    every = _forms(row, actor)
    if wrong is not None:
        every = {name: wrong if type(form) is type(wrong) else form for name, form in every.items()}
    context = {
        "case": row,
        "shown": shown.case(row, actor),
        "mark": wording.MARKS[row.State(row.state)],
        "forms": every,
        "wrong": wrong,
        "may_comment": actor.may(Permission.CASES_COMMENT),
        "may_decide": actor.may(Permission.CASES_WORK),
        "today": now().date(),
    }
    return render(request, "lots/case.html", context, status=status)
