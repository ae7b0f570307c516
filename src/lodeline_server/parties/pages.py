"""Members, keys, and which part one acts in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.tables import table_page
from lodeline_server.parties import actions, queries
from lodeline_server.parties.forms import InviteForm, KeyForm, RoleForm
from lodeline_server.parties.tables import KeyTable, MemberFilter, MemberTable

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from lodeline_server.parties.models import ApiKey, Membership

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@page(Permission.HOME_VIEW)
@get_or_post
def switch(request: HttpRequest) -> HttpResponse:
    """Choose the part to act in, for people with several."""
    rows = list(queries.memberships_of(request.user.pk))
    if request.method == "POST":
        chosen = next((row for row in rows if str(row.pk) == request.POST.get("membership")), None)
        if chosen is None:
            raise Http404(_("You have no such part."))
        request.session[queries.CHOSEN] = chosen.pk
        target = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            target, {request.get_host()}, require_https=request.is_secure()
        )
        return HttpResponseRedirect(target if safe else settings.LOGIN_REDIRECT_URL)
    return render(request, "parties/switch.html", {"rows": rows, "acting": request.actor})


@page(Permission.MEMBERS_MANAGE)
@get_or_post
def members(request: HttpRequest) -> HttpResponseBase:
    """Who has which part in the workspace; invite one more."""
    actor = request.actor
    form, invited, link = InviteForm(actor), None, ""
    if request.method == "POST":
        form = InviteForm(actor, request.POST)
        if form.is_valid():
            try:
                invited, made = actions.invite(actor=actor, now=now(), **form.cleaned_data)
                link = _absolute(actions.one_time_link(actor=actor, membership=invited)) if made else ""
                form = InviteForm(actor)
            except Problem as problem:
                _say(form, problem)
    return _members(request, {"form": form, "invited": invited, "link": link})


@page(Permission.MEMBERS_MANAGE)
@require_POST
def member_role(request: HttpRequest, pk: int) -> HttpResponse:
    membership, form = _member(request, pk), RoleForm(request.POST)
    if not form.is_valid():
        raise Problem(422, _("There is no such role"))
    actions.change_role(actor=request.actor, membership=membership, role=form.cleaned_data["role"])
    messages.success(
        request, _("%(person)s is %(role)s now.") % {"person": membership.user, "role": membership.role}
    )
    return redirect("members")


@page(Permission.MEMBERS_MANAGE)
@require_POST
def member_link(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A link for somebody who lost the password, shown once."""
    membership = _member(request, pk)
    link = _absolute(actions.one_time_link(actor=request.actor, membership=membership))
    return _members(request, {"form": InviteForm(request.actor), "invited": membership, "link": link})


@page(Permission.MEMBERS_MANAGE)
@get_or_post
def member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    membership = _member(request, pk)
    if request.method == "POST":
        person = str(membership.user)
        actions.remove_membership(actor=request.actor, membership=membership)
        messages.success(request, _("%(person)s was removed.") % {"person": person})
        return redirect("members")
    return render(request, "parties/member_remove.html", {"membership": membership})


@page(Permission.KEYS_MANAGE)
@get_or_post
@sensitive_variables("secret", "context")
def keys(request: HttpRequest) -> HttpResponseBase:
    """The keys of machines; make one. Its secret is on the answer's page and nowhere else."""
    actor = request.actor
    form, secret = KeyForm(actor), ""
    if request.method == "POST":
        form = KeyForm(actor, request.POST)
        if form.is_valid():
            wanted = form.cleaned_data
            try:
                _key, secret = actions.create_api_key(
                    actor=actor,
                    organisation=wanted["organisation"],
                    name=wanted["name"],
                    role=wanted["role"],
                    scopes=wanted["scopes"],
                    expires_at=wanted["expires"],
                    now=now(),
                )
                form = KeyForm(actor)
            except Problem as problem:
                _say(form, problem)
    rows = queries.api_keys(actor)
    context = {"form": form, "secret": secret, "valid": queries.valid(rows, now()).count()}
    response = table_page(
        request,
        template="parties/keys.html",
        table_class=KeyTable,
        queryset=rows,
        context=context,
        filename="keys",
    )
    return _answered(response, form)


@page(Permission.KEYS_MANAGE)
@get_or_post
def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key: ApiKey = get_object_or_404(queries.api_keys(request.actor), pk=pk)
    if request.method == "POST":
        actions.revoke_api_key(actor=request.actor, key=key, now=now())
        messages.success(request, _("The key “%(name)s” is revoked.") % {"name": key.name})
        return redirect("keys")
    return render(request, "parties/key_revoke.html", {"key": key})


def _members(request: HttpRequest, context: dict[str, Any]) -> HttpResponseBase:
    rows = queries.members(request.actor)
    people = rows.order_by().values("user_id").distinct().count()
    response = table_page(
        request,
        template="parties/members.html",
        table_class=MemberTable,
        queryset=rows,
        filterset_class=MemberFilter,
        context={"people": people, **context},
        filename="members",
    )
    return _answered(response, context["form"])


def _answered(response: HttpResponseBase, form: Form) -> HttpResponseBase:
    if form.errors:
        response.status_code = 422
    return response


def _member(request: HttpRequest, pk: int) -> Membership:
    row: Membership = get_object_or_404(queries.members(request.actor), pk=pk)
    return row


def _say(form: Form, problem: Problem) -> None:
    form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"
