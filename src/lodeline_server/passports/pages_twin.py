"""Pages of the credentials on a battery: the public one, and the one for people who signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lodeline.access import Permission
from lodeline.passports.access import Audience
from lodeline_server.credentials import queries as credentials
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page, public
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import actions, disclosure, queries, twin
from lodeline_server.passports.models import Passport

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

CACHE = "public, max-age=60"
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


class HangForm(forms.Form):
    number = forms.IntegerField(
        label=gettext_lazy("Number of the credential"),
        min_value=1,
        max_value=2**62,
        help_text=gettext_lazy("Its issuer tells it, and must have let it be known to somebody."),
    )


@require_safe
@public
def credentials_public(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:
    """The credentials on a battery that everybody may know of; the same for everybody."""
    row = _passport(gtin, serial)
    moment = now()
    response = render(
        request,
        "passports/credentials.html",
        {
            "passport": row,
            "rows": twin.hanging(row, Audience.PUBLIC, moment),
            "moment": moment,
            "path": actions.path(row.gtin, row.serial),
            "data": request.path_info.rstrip("/") + ".json",
        },
    )
    return _cached(response)


@require_safe
@public
def credentials_data(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:  # noqa: ARG001
    """The same list as data, with receipts."""
    response = JsonResponse(twin.document(_passport(gtin, serial), now()))
    response["Access-Control-Allow-Origin"] = "*"
    return _cached(response)


@page(Permission.PASSPORTS_VIEW)
@get_or_post
def credentials_of(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the reader may know of; the maker puts others' credentials there."""
    actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    moment = now()
    reader = disclosure.reader(actor, row, moment)
    may_hang = bool(actor.party) and actor.party == row.maker and actor.may(Permission.CREDENTIALS_ISSUE)
    form = HangForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            twin.hang(actor=actor, passport=row, number=form.cleaned_data["number"], now=now())
        except Problem as problem:
            form.add_error("number", f"{problem.title}.")
        else:
            messages.success(request, _("It hangs on the battery now."))
            return redirect("passport_credentials", pk=row.pk)
    return render(
        request,
        "passports/twin.html",
        {
            "row": row,
            "rows": twin.hanging(row, reader, moment),
            "form": form if may_hang else None,
        },
        status=422 if form.errors else 200,
    )


def _passport(gtin: str, serial: str) -> Passport:
    battery = credentials.battery(gtin, serial)
    row = Passport.objects.filter(key=battery.item).first() if battery else None
    if row is None:
        raise Http404("there is no such battery")
    return row


def _cached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = CACHE
    return response
