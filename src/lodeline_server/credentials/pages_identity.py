"""An organisation's identity: its DIDs and keys, and what changed when. And its documents, the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from lodeline.access import Permission
from lodeline_server.credentials import actions, addresses, queries
from lodeline_server.credentials.models import IssuerKey
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page, public
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import Organisation
from lodeline_server.publishing.pages import send

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline_server.credentials.models import Issuer

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
ENTRIES = 50
"""Of the history on the page; the log itself has all."""


PURPOSES = {
    "assertionMethod": gettext_lazy("what it states"),
    "authentication": gettext_lazy("who it is"),
}


class NewKeyForm(forms.Form):
    algorithm = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=IssuerKey.Algorithm.choices,
        help_text=gettext_lazy(
            "Ed25519 for statements of this platform; P-256 where a receiver asks for ES256."
        ),
    )
    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("For"),
        choices=[
            ("assertionMethod", gettext_lazy("signing what the organisation states")),
            ("authentication", gettext_lazy("showing that it is the organisation")),
        ],
        initial=list(actions.PURPOSES),
        widget=forms.CheckboxSelectMultiple,
    )


@require_safe
@public
def did_log(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - the path is the key
    """The history of an organisation's DID: `did:webvh:<scid>:<host>:orgs:<name>`."""
    return _sent(request, "there is no such history")


@require_safe
@public
def battery_did(request: HttpRequest, gtin: str, serial: str) -> HttpResponse:  # noqa: ARG001 - the path is the key
    """The DID document of a battery: `did:web:<host>:batteries:<gtin>:<serial>`."""
    return _sent(request, "there is no such battery")


def _sent(request: HttpRequest, missing: str) -> HttpResponse:
    found = send(request)
    if found is None:
        raise Http404(missing)
    return found


@page(Permission.KEYS_MANAGE)
@get_or_post
def identity(request: HttpRequest) -> HttpResponseBase:
    """The DIDs and keys of one's organisation; make one more key."""
    home = _home(request)
    form = NewKeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_key(
                actor=request.actor,
                organisation=home,
                algorithm=form.cleaned_data["algorithm"],
                purposes=form.cleaned_data["purposes"],
                now=now(),
            )
        except Problem as problem:
            form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))
        else:
            messages.success(request, _("%(key)s was made and published.") % {"key": made.name})
            return redirect("identity")
    status = 422 if form.errors else 200
    return render(request, "credentials/identity.html", {"form": form, **_shown(home)}, status=status)


@page(Permission.KEYS_MANAGE)
@get_or_post
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """A new key in place of one; asked first."""
    home, key = _key(request, pk)
    if request.method == "POST":
        made = actions.rotate_key(actor=request.actor, organisation=home, name=key.name, now=now())
        words = _("%(new)s takes over from %(old)s.") % {"new": made.name, "old": key.name}
        messages.success(request, words)
        return redirect("identity")
    return render(request, "credentials/key_rotate.html", {"key": key, "home": home})


@page(Permission.KEYS_MANAGE)
@get_or_post
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key; asked first."""
    home, key = _key(request, pk)
    if request.method == "POST":
        actions.revoke_key(actor=request.actor, organisation=home, name=key.name, now=now())
        messages.success(request, _("%(key)s is revoked.") % {"key": key.name})
        return redirect("identity")
    return render(request, "credentials/key_revoke.html", {"key": key, "home": home})


def _home(request: HttpRequest) -> Organisation:
    found = Organisation.objects.filter(pk=request.actor.organisation).first()
    if found is None:
        raise Problem(409, _("An identity is that of an organisation"))
    return found


def _key(request: HttpRequest, pk: int) -> tuple[Organisation, IssuerKey]:
    home = _home(request)
    found = IssuerKey.objects.filter(issuer__organisation=home, pk=pk).first()
    if found is None:
        raise Http404(_("There is no such key."))
    return home, found


def _shown(home: Organisation) -> dict[str, Any]:
    issuer: Issuer | None = queries.issuer_of(home.pk)
    newest = queries.newest_entry(issuer) if issuer else None
    keys = list(issuer.keys.order_by("-pk")) if issuer else []
    for key in keys:
        key.ended = key.revoked_at or key.valid_until
        key.words = ", ".join(str(PURPOSES.get(purpose, purpose)) for purpose in key.purposes)
    return {
        "home": home,
        "did": addresses.did_of(issuer.name) if issuer and newest else "",
        "history": newest,
        "document": addresses.DID_PATH.format(issuer.name) if issuer else "",
        "log": addresses.LOG_PATH.format(issuer.name) if issuer else "",
        "keys": keys,
        "usable": sum(not key.ended for key in keys),
        "entries": list(issuer.did_entries.order_by("-number")[:ENTRIES]) if issuer else [],
        "batteries": issuer.batteries.count() if issuer else 0,
    }
