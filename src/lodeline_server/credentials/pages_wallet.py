"""The wallet: what an organisation issued, what it holds of others; taking in, signing, presenting, downloading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from lodeline import strictjson
from lodeline.access import Denied, Permission
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions, actions_wallet, holding, kinds, queries_wallet
from lodeline_server.credentials.forms_wallet import IssueForm, PresentForm, SignForm, TakeInForm
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.credentials.models import Credential, Held

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
MOST = 100
"""Rows of each table on the page; the API lists all."""


@page(Permission.CREDENTIALS_VERIFY)
@require_safe
def wallet(request: HttpRequest) -> HttpResponseBase:
    """What is issued and held, the newest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    issued, held = queries_wallet.issued(actor), queries_wallet.held(actor)
    counts = issued.count(), held.count()
    moment = now()
    heading = ngettext("One credential issued", "%(n)s credentials issued", counts[0]) % {"n": counts[0]}
    heading += ngettext(", one held of others.", ", %(n)s held of others.", counts[1]) % {"n": counts[1]}
    return render(
        request,
        "credentials/wallet.html",
        {
            "heading": heading,
            "issued": [
                (row, queries_wallet.standing(row, moment), queries_wallet.openable(actor, row))
                for row in issued[:MOST]
            ],
            "held": held[:MOST],
            "more": any(count > MOST for count in counts),
            "most": MOST,
            "may_sign": actor.may(Permission.CREDENTIALS_ISSUE) and actor.organisation is not None,
            "may_take_in": actor.organisation is not None,
        },
    )


@page(Permission.CREDENTIALS_VERIFY)
@get_or_post
def take_in(request: HttpRequest) -> HttpResponseBase:
    """Upload a credential that was made elsewhere; its verdict is the next page."""

    def act(form: forms.Form) -> HttpResponseBase:
        file = form.cleaned_data["document"]
        row = actions.take_in(
            actor=request.actor,  # type: ignore[attr-defined]
            organisation=_home(request),
            item=actions_wallet.read(file.read(actions_wallet.MAX_BYTES + 1)),
            name=file.name or "",
            now=now(),
        )
        return redirect("wallet_held", pk=row.pk)

    return _asked(request, TakeInForm, "credentials/wallet_take_in.html", act)


@page(Permission.CREDENTIALS_VERIFY)
@require_safe
def held(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One credential of others with the verdict at entry."""
    row = get_object_or_404(queries_wallet.held(request.actor), pk=pk)  # type: ignore[attr-defined]
    return render(request, "credentials/wallet_held.html", {"row": row, "steps": row.verdict["steps"]})


@page(Permission.CREDENTIALS_ISSUE)
@get_or_post
def sign(request: HttpRequest) -> HttpResponseBase:
    """Sign a statement that somebody prepared: a file, or pasted text."""

    def act(form: forms.Form) -> HttpResponseBase:
        issued = actions.issue(
            actor=request.actor,  # type: ignore[attr-defined]
            organisation=_home(request),
            credential=form.cleaned_data["credential"],
            form=form.cleaned_data["form"],
            audience=form.cleaned_data["audience"],
            now=now(),
        )
        return _signed(request, issued.row)

    return _asked(request, SignForm, "credentials/wallet_sign.html", act)


@page(Permission.CREDENTIALS_ISSUE)
@get_or_post
def issue(request: HttpRequest) -> HttpResponseBase:
    """Issue what is on record."""

    def act(form: forms.Form) -> HttpResponseBase:
        said = form.cleaned_data
        issued = actions.issue_kind(
            actor=request.actor,  # type: ignore[attr-defined]
            organisation=_home(request),
            kind=said["kind"],
            about=said["about"],
            form=said["form"],
            audience=said["audience"],
            choices={"did": said["did"]} if said["did"] else {},
            now=now(),
        )
        return _signed(request, issued.row)

    return _asked(request, IssueForm, "credentials/wallet_issue.html", act, kinds=kinds.offered())


@page(Permission.CREDENTIALS_ISSUE)
@get_or_post
def present(request: HttpRequest) -> HttpResponseBase:
    """Sign a presentation for somebody who asked; the answer is a file to hand over."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    offered: dict[str, Credential | Held] = {
        f"held-{row.pk}": row for row in queries_wallet.held(actor).filter(holds=True)[:MOST]
    }
    offered |= {
        f"issued-{row.pk}": row
        for row in queries_wallet.issued(actor)[:MOST]
        if queries_wallet.openable(actor, row)
    }

    def act(form: forms.Form) -> HttpResponseBase:
        made = holding.present(
            actor=actor,
            organisation=_home(request),
            items=[queries_wallet.item(offered[name]) for name in form.cleaned_data["credentials"]],
            form=form.cleaned_data["form"],
            asking=holding.Asking(
                challenge=form.cleaned_data["challenge"], domain=form.cleaned_data["domain"]
            ),
            now=now(),
        )
        return _file(strictjson.canonical(made), "application/vp", "presentation.json")

    return _asked(request, PresentForm, "credentials/wallet_present.html", act, offered=offered)


@page(Permission.CREDENTIALS_VERIFY)
@require_safe
def held_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes as they came."""
    row = get_object_or_404(queries_wallet.held(request.actor), pk=pk)  # type: ignore[attr-defined]
    return _bytes(row, f"held-{pk}")


@page(Permission.CREDENTIALS_ISSUE)
@require_safe
def issued_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes that a receiver gets; those of a passport for its issuers only, for they open all of it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries_wallet.issued(actor), pk=pk)
    if not queries_wallet.openable(actor, row):
        raise Denied(queries_wallet.NEEDS[row.kind])
    return _bytes(row, f"credential-{pk}")


def _asked(
    request: HttpRequest,
    form_class: Callable[..., forms.Form],
    template: str,
    act: Callable[[forms.Form], HttpResponseBase],
    **more: Any,
) -> HttpResponseBase:
    """A form on a page of its own: what the action refuses stands at its top."""
    _home(request)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = form_class(*given, **more)
    if given and form.is_valid():
        try:
            return act(form)
        except CredentialRefused as error:
            words = _("Refused at the step %(step)s: %(why)s.") % {"step": error.step, "why": error.message}
            form.add_error(None, words)
        except Problem as problem:
            form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def _signed(request: HttpRequest, row: Credential) -> HttpResponseBase:
    words = _("Signed and on record at log position %(position)s.") % {"position": f"{row.position:,}"}
    messages.success(request, words)
    return redirect("wallet")


def _home(request: HttpRequest) -> Organisation:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    home = Organisation.objects.filter(pk=actor.organisation, workspace_id=actor.workspace).first()
    if home is None:
        raise Problem(409, _("A wallet belongs to an organisation"))
    return home


def _bytes(row: Credential | Held, name: str) -> HttpResponse:
    body, media, ending = queries_wallet.content(row)
    return _file(body, media, f"{name}.{ending}")


def _file(body: bytes, media: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
