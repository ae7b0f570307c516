"""Passports for people who signed in, and the public address of a passport."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lodeline import strictjson
from lodeline.access import Permission, Role
from lodeline.passports import law
from lodeline.passports.access import Audience
from lodeline.passports.document import expand, to_bytes
from lodeline_server.evidence.queries import parties
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page, public
from lodeline_server.kit.qr import svg as qr
from lodeline_server.kit.tables import table_page
from lodeline_server.passports import actions, cells, queries, wording, workbench
from lodeline_server.passports.tables import PassportFilter, PassportTable, WaitingTable
from lodeline_server.publishing.pages import send
from lodeline_server.publishing.queries import published
from lodeline_server.publishing.serving import CACHE, JSON

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.lots.models import Lot
    from lodeline_server.passports.models import Passport

LONGEST_KEY = 500


@require_safe
@page(Permission.PASSPORTS_VIEW)
def passports(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.visible(actor)
    waiting = queries.waiting(actor)
    own = waiting.filter(party=actor.party).count() if actor.role is Role.MAKER else 0
    models = [] if request.GET.get("format") == "csv" else workbench.newest_by_model(actor)
    return table_page(
        request,
        template="passports/passports.html",
        table_class=PassportTable,
        queryset=rows,
        filterset_class=PassportFilter,
        context={
            "issued": rows.count(),
            "waiting": waiting.count(),
            "own_waiting": own,
            "models": [
                {
                    "row": row,
                    "view": view,
                    "strip": cells.strip(view),
                    "category": wording.CATEGORIES[row.category],
                }
                for row, view in models
            ],
            "legend": cells.legend(),
            "may_issue": actor.may(Permission.PASSPORTS_ISSUE) and bool(actor.party),
        },
        filename="passports",
    )


@require_safe
@page(Permission.PASSPORTS_VIEW)
def waiting(request: HttpRequest) -> HttpResponseBase:
    """Batteries without a passport; with `key`, what the passport of one would hold."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = request.GET.get("key", "")
    if key:
        lot = queries.battery(actor, key) if len(key) <= LONGEST_KEY else None
        if lot is None:
            raise Http404("no such battery")
        passport = queries.visible(actor).filter(key=lot.key).first()
        if passport is not None:
            return redirect("passport", passport.pk)
        if queries.audience(actor, lot.party) is not Audience.OPERATOR:
            raise Http404("nothing is issued for this battery")
        return _workbench(request, lot, None)
    rows = queries.waiting(actor)
    names = dict(parties(actor.workspace or 0).values_list("uri", "name"))
    return table_page(
        request,
        template="passports/waiting.html",
        table_class=partial(WaitingTable, names=names),  # type: ignore[arg-type]
        queryset=rows,
        context={"count": rows.count()},
        filename="waiting-for-passport",
    )


@require_safe
@page(Permission.PASSPORTS_VIEW)
def passport(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    return _workbench(request, queries.battery(actor, row.key), row)


def _workbench(request: HttpRequest, lot: Lot | None, row: Passport | None) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    maker = row.maker if row else lot.party if lot else ""
    audience = queries.audience(actor, maker)
    operator = audience is Audience.OPERATOR
    held = workbench.issued(row, audience) if row else None
    fresh = workbench.now_on_record(lot, audience, now()) if operator and lot else None
    changed = fresh is not None and (held is None or held.digest != fresh.digest)
    view = fresh if changed and fresh else held
    if view is None:
        raise Http404("nothing is on record for this battery")
    public_path = actions.path(row.gtin, row.serial) if row else ""
    address = view.document["digitalProductPassportId"]
    return render(
        request,
        "passports/workbench.html",
        {
            "row": row,
            "lot": lot,
            "view": view,
            "name": row.model if row else (lot.product if lot else ""),
            "serial": row.serial if row else (lot.label if lot else ""),
            "maker_name": row.maker_name if row else parties_name(actor, maker),
            "changed": changed and row is not None,
            "reader": _reader(audience),
            "operator": operator,
            "category": wording.CATEGORIES.get(view.document.get("batteryCategory", {}).get("value", ""), ""),
            "status": wording.DPP_STATUS.get(view.document["dppStatus"], ""),
            "sections": [
                {
                    "reader": reader,
                    "title": title,
                    "cells": [(one, cells.cell(one.state), wording.STATES[one.state]) for one in rows],
                }
                for reader, title, rows in view.sections()
            ],
            "table": [
                (one, wording.STATES[one.state], wording.READERS[one.point.group]) for one in view.rows
            ],
            "to_fix": [(one, cells.cell(one.state), wording.STATES[one.state]) for one in view.to_fix],
            "legend": cells.legend(),
            "steps": [
                {
                    "since": wording.since(step.since),
                    "words": step.words,
                    "law": step.law,
                    "kind": _kind(step),
                }
                for step in law.STEPS
            ],
            "may_issue": operator and actor.may(Permission.PASSPORTS_ISSUE),
            "public_path": public_path,
            "address": address,
            "qr": qr(address, _("QR code with the address of the public passport")) if row else "",
        },
    )


def parties_name(actor: Actor, uri: str) -> str:
    found = parties(actor.workspace or 0).filter(uri=uri).values_list("name", flat=True).first()
    return found or uri


def _reader(audience: Audience) -> str:
    return {
        Audience.OPERATOR: _("Responsible operator: all 71 points"),
        Audience.AUTHORITY: _("Authority: without the values of the individual battery"),
    }.get(audience, _("Public: the 44 points everyone may read"))


def _kind(step: law.Step) -> tuple[str, str]:
    if step.since is None:
        return "none", _("Act not adopted")
    days = (step.since - now().date()).days
    if days <= 0:
        return "ok", _("In force")
    return "waiting", ngettext("%(n)s day", "%(n)s days", days) % {"n": f"{days:,}"}


@require_POST
@page(Permission.PASSPORTS_ISSUE)
def issue(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    before = row.position
    row = actions.issue(actor=actor, key=row.key, now=now())
    if row.position == before:
        messages.info(request, _("Nothing has changed since it was issued; nothing was put on record."))
    else:
        messages.success(
            request,
            _("Version %(n)s is on record at log position %(position)s.")
            % {"n": row.version, "position": f"{row.position:,}"},
        )
    return redirect("passport", row.pk)


@require_POST
@page(Permission.PASSPORTS_ISSUE)
def issue_all(request: HttpRequest) -> HttpResponseBase:
    """Issue what waits and what has changed: all of the maker's batteries, or the one that is named."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = request.POST.get("key", "")
    if key:
        lot = queries.battery(actor, key) if len(key) <= LONGEST_KEY else None
        if lot is None:
            raise Http404("no such battery")
        return redirect("passport", actions.issue(actor=actor, key=lot.key, now=now()).pk)
    if actor.workspace is None:
        raise Http404("no workspace")
    outcome = actions.issue_all(actor=actor, workspace=actor.workspace, now=now())
    messages.success(request, _said(outcome))
    return redirect("passports")


def _said(outcome: actions.Outcome) -> str:
    issued, skipped = len(outcome.issued), len(outcome.skipped)
    words: Any = ngettext("%(n)s passport issued", "%(n)s passports issued", issued) % {"n": issued}
    words += _(", %(n)s unchanged") % {"n": len(outcome.unchanged)}
    if skipped:
        words += _(", %(n)s cannot be issued: %(why)s") % {"n": skipped, "why": outcome.skipped[0][1]}
    return f"{words}."


@public
@require_safe
def passport_public(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:
    """The published bytes. `?representation=full` gives the full form of the data, made from the same bytes."""
    wanted = request.GET.get("representation", "")
    if wanted == "full":
        return _full(actions.address(gtin, serial.removesuffix(".json")))
    found = send(request)
    if found is None:
        raise Http404("no passport is published here")
    return found


def _full(key: str) -> HttpResponse:
    form = published(key, JSON) if "\x00" not in key else None
    held = strictjson.loads(bytes(form.body)) if form else None
    if form is None or not isinstance(held, dict):
        raise Http404("no passport is published here")
    headers = {"Cache-Control": CACHE[actions.KIND], "Access-Control-Allow-Origin": "*"}
    return HttpResponse(to_bytes(expand(held)), status=form.status, content_type=JSON, headers=headers)
