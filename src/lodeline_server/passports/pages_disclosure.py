"""The signed passport for people: sign it, take out what a reader may see, let somebody read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lodeline.access import Denied, Permission
from lodeline.credentials.audience import is_redacted
from lodeline.credentials.verdict import CredentialRefused
from lodeline.passports.access import Audience
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import actions_disclosure, disclosure, queries
from lodeline_server.passports.models import ReadGrant
from lodeline_server.publishing.serving import SD_JWT

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline_server.passports.models import PassportCredential

NAMES = {
    Audience.PUBLIC: gettext_lazy("Everybody"),
    Audience.LEGITIMATE_INTEREST: gettext_lazy("Legitimate interest"),
    Audience.NOTIFIED_BODY: gettext_lazy("Notified body"),
    Audience.AUTHORITY: gettext_lazy("Authority"),
    Audience.COMMISSION: gettext_lazy("Commission"),
    Audience.OPERATOR: gettext_lazy("You, who made it"),
}


class GrantForm(forms.Form):
    to = forms.CharField(
        label=gettext_lazy("Who may read"),
        max_length=500,
        help_text=gettext_lazy("Short name or identifier."),
    )
    purpose = forms.CharField(
        label=gettext_lazy("For what"), max_length=300, help_text=gettext_lazy("Stands in the log.")
    )
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=366, initial=30)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.PASSPORTS_VIEW)
def passport_signed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What each reader is shown; for the maker also who may read, and the form that lets one more."""
    actor, moment = request.actor, now()  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    own = disclosure.reader(actor, row, moment)
    maker = own is Audience.OPERATOR and actor.may(Permission.PASSPORTS_ISSUE)
    form = GrantForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions_disclosure.grant(actor=actor, passport=row, now=moment, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))
        else:
            messages.success(request, _("%(name)s may read it now.") % {"name": made.to.name})
            return redirect("passport_signed", row.pk)
    there = disclosure.current(row)
    readers = list(NAMES) if own is Audience.OPERATOR else list(dict.fromkeys([Audience.PUBLIC, own]))
    grants = ReadGrant.objects.select_related("to").filter(workspace_id=row.workspace_id, key=row.key)
    return render(
        request,
        "passports/signed.html",
        {
            "row": row,
            "there": there,
            "readers": [_reader(there, one) for one in readers] if there else [],
            "maker": maker,
            "form": form if maker else None,
            "grants": [(one, _over(one, moment)) for one in grants.order_by("-pk")[:50]] if maker else [],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@page(Permission.PASSPORTS_ISSUE)
def passport_sign(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    try:
        actions_disclosure.issue_credential(actor=actor, passport=row, now=now())
    except CredentialRefused as error:
        raise Problem(409, _("The passport was not signed"), detail=error.message) from None
    messages.success(request, _("Signed. What everybody may read is published at the passport’s address."))
    return redirect("passport_signed", pk)


@require_safe
@page(Permission.PASSPORTS_VIEW)
def passport_presentation(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One reader's presentation, as a file. Readers take out their own and the public one, the maker each."""
    actor, moment = request.actor, now()  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    own = disclosure.reader(actor, row, moment)
    word = request.GET.get("audience", own.value)
    if word not in set(Audience):
        raise Problem(422, _("There is no such reader"), detail=word[:40])
    wanted = Audience(word)
    if wanted not in {own, Audience.PUBLIC} and own is not Audience.OPERATOR:
        raise Denied(Permission.PASSPORTS_VIEW)
    there = disclosure.current(row)
    if there is None:
        raise Http404("nothing is signed")
    headers = {"Content-Disposition": f'attachment; filename="passport-{wanted.value}.sd-jwt"'}
    return HttpResponse(disclosure.present(there, wanted), content_type=SD_JWT, headers=headers)


def _reader(there: PassportCredential, audience: Audience) -> dict[str, Any]:
    subject = disclosure.shown(disclosure.present(there, audience), audience)
    points = disclosure.rules().elements
    return {
        "name": NAMES[audience],
        "audience": audience.value,
        "shown": sum(not is_redacted(subject[name]) for name in points),
        "of": len(points),
    }


def _over(grant: ReadGrant, moment: datetime) -> bool:
    return grant.revoked_at is not None or grant.until <= moment
