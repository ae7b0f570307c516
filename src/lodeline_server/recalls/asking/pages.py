"""Questions before a recall, for people. They put nothing on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from lodeline.access import Permission
from lodeline.lots.values import SUBSTANCES
from lodeline_server.kit.charts.numbers import dose
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.templatetags.lode import groups
from lodeline_server.lots.queries import lot_address
from lodeline_server.recalls import causing, contributing, exploring, wording
from lodeline_server.recalls.asking.forms import CauseForm, ContributionForm, WhatIfForm, keys

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor

SHOWN = 200
FACTORS = 6


def of_what(substance: str) -> str:
    return _("mass") if substance == exploring.BY_MASS else _(SUBSTANCES[substance])


@require_safe
@page(Permission.RECALLS_RUN)
def what_if(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = WhatIfForm(request.GET if "lots" in request.GET else None)
    found, heading = None, _("What would these lots reach?")
    if form.is_bound and form.is_valid():
        suspects = keys(form, actor, "lots", form.cleaned_data["lots"])
        if suspects and actor.workspace is not None:
            substance = exploring.column(form.cleaned_data["substance"], suspects, actor.workspace)
            found = exploring.what_if(actor.workspace, suspects, threshold=form.share, substance=substance)
            heading = _if_words(found)
    rows = [
        {**row, "address": lot_address(row["key"])} for row in (found or {"listed": []})["listed"][:SHOWN]
    ]
    return render(
        request,
        "recalls/what_if.html",
        {
            "form": form, "found": found, "heading": heading, "rows": rows,
            "of": of_what(found["substance"]) if found else "",
            "more": max(found["items"] - SHOWN, 0) if found else 0,
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


def _if_words(found: dict[str, Any]) -> str:
    said = {
        "n": groups(found["items"]),
        "lots": groups(len(found["alone"])),
        "line": dose(found["threshold"]),
        "of": of_what(found["substance"]),
    }
    if not found["items"]:
        return _("No item would hold that much of these lots.")
    if found["threshold"] == "0":
        return _("%(n)s items would be reached by %(lots)s suspect lots together.") % said
    return _("In %(n)s items, %(line)s or more of the %(of)s would be from %(lots)s suspect lots.") % said


@require_safe
@page(Permission.RECALLS_RUN)
def contribution(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = ContributionForm(request.GET if "items" in request.GET else None)
    found, heading = None, _("Which lots feed these batteries?")
    if form.is_bound and form.is_valid():
        wanted = keys(form, actor, "items", form.cleaned_data["items"])
        if wanted and actor.workspace is not None:
            substance = exploring.column(form.cleaned_data["substance"], wanted, actor.workspace)
            found = contributing.contribution(
                actor.workspace, wanted, threshold=form.share, substance=substance
            )
            heading = ngettext(
                "%(n)s lot brought %(line)s or more of the %(of)s.",
                "%(n)s lots brought %(line)s or more of the %(of)s each.",
                found["lots"],
            ) % {"n": groups(found["lots"]), "line": dose(found["threshold"]), "of": of_what(substance)}
    rows = [
        {**row, "address": lot_address(row["key"])} for row in (found or {"listed": []})["listed"][:SHOWN]
    ]
    return render(
        request,
        "recalls/contribution.html",
        {
            "form": form, "found": found, "heading": heading, "rows": rows,
            "of": of_what(found["substance"]) if found else "",
            "more": max(found["lots"] - SHOWN, 0) if found else 0,
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.RECALLS_RUN)
def common_cause(request: HttpRequest) -> HttpResponseBase:
    """Asked by POST, because the lists are long; nothing is written."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    posted = request.method == "POST"
    form = CauseForm(*((request.POST, request.FILES) if posted else ()))
    found: dict[str, Any] | None = None
    if posted and form.is_valid():
        failed = keys(form, actor, "failed", form.cleaned_data["failed"])
        sound = keys(form, actor, "sound", form.cleaned_data["sound"])
        if failed and not form.errors and actor.workspace is not None:
            try:
                found = causing.common_cause(actor.workspace, failed, sound)
            except Problem as problem:
                form.add_error(None, f"{problem.title}. {problem.detail}")
    return render(
        request,
        "recalls/cause.html",
        {"form": form, "found": found, "rows": [_row(one) for one in found["findings"]] if found else []},
        status=422 if form.errors else 200,
    )


def _row(one: dict[str, Any]) -> dict[str, Any]:
    """A finding with its figures in words."""
    factors = [
        {
            "kind": wording.KINDS.get(factor["kind"], factor["kind"]),
            "label": factor["label"],
            "address": lot_address(factor["name"]) if factor["kind"] == "lot" else "",
        }
        for factor in one["factors"][:FACTORS]
    ]
    return one | {
        "shown": factors,
        "more": len(one["factors"]) - len(factors),
        "odds": wording.figure(one["odds"]),
        "between": f"{wording.figure(one['oddsLow'])} {_('to')} {wording.figure(one['oddsHigh'])}",
        "chance": wording.chance(one["adjusted"]),
        "alone": wording.chance(one["p"]),
    }
