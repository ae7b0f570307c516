"""Reading accounts: who is acting, who is there, which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from lodeline.access import Actor, Permission, Role
from lodeline_server.parties.models import ApiKey, Membership, Organisation, User

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

CHOSEN = "membership"


def actor_of(membership: Membership) -> Actor:
    organisation = membership.organisation
    return Actor(
        kind="person",
        id=f"user:{membership.user_id}",
        name=str(membership.user),
        workspace=organisation.workspace_id,
        organisation=organisation.pk,
        party=organisation.party,
        role=Role(membership.role),
    )


def actor_of_row(key: ApiKey) -> Actor:
    """The actor of an API key, which has to be looked up with its organisation. Whether it is valid is asked before."""
    return Actor(
        kind="key",
        id=f"key:{key.pk}",
        name=key.name,
        workspace=key.organisation.workspace_id,
        organisation=key.organisation_id,
        party=key.organisation.party,
        role=Role(key.role),
        scopes=frozenset(map(Permission, key.scopes)) if key.scopes else None,
    )


def actor_again(said: str, organisation: Organisation, role: str, now: datetime) -> Actor | None:
    """Who acted as `key:4` or `user:7` for an organisation, with the rights of today; None when that is over.

    A person who has another part in it by now acts in that one.
    """
    kind, _, number = said.partition(":")
    if not number.isascii() or not number.isdigit():
        return None
    if kind == "key":
        keys = valid(ApiKey.objects.filter(pk=int(number), organisation=organisation), now)
        key = keys.select_related("organisation").first()
        return actor_of_row(key) if key else None
    first = Case(When(role=role, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = memberships_of(int(number)).filter(organisation=organisation, user__is_active=True)
    membership = rows.order_by(first, "pk").first() if kind == "user" else None
    return actor_of(membership) if membership else None


def actor_of_session(request: HttpRequest) -> Actor | None:
    """The actor of the signed-in person: the membership chosen in the session, else the first. One query."""
    if not request.user.is_authenticated:
        return None
    chosen = request.session.get(CHOSEN)
    other = Case(When(pk=chosen, then=Value(0)), default=Value(1), output_field=IntegerField())
    membership = memberships_of(request.user.pk).order_by(other, "pk").first()
    return actor_of(membership) if membership else None


def memberships_of(user: int) -> QuerySet[Membership]:
    """The parts one person plays, in all workspaces."""
    rows = Membership.objects.filter(user_id=user).select_related("organisation__workspace", "user")
    return rows.order_by("organisation__workspace__name", "organisation__name", "role", "pk")


def members(actor: Actor) -> QuerySet[Membership]:
    """Everybody with a part in the actor's workspace."""
    rows = Membership.objects.filter(organisation__workspace_id=actor.workspace)
    return rows.select_related("user", "organisation").order_by("user__email", "pk")


def organisations(actor: Actor) -> QuerySet[Organisation]:
    """The workspace's organisations; without MEMBERS_MANAGE only one's own."""
    rows = Organisation.objects.filter(workspace_id=actor.workspace)
    if not actor.may(Permission.MEMBERS_MANAGE):
        rows = rows.filter(pk=actor.organisation)
    return rows.order_by("name", "pk")


def api_keys(actor: Actor) -> QuerySet[ApiKey]:
    """Keys the actor may see: the workspace's with MEMBERS_MANAGE, else those of one's own organisation."""
    rows = ApiKey.objects.filter(organisation__in=organisations(actor).order_by())
    return rows.select_related("organisation").order_by("-created_at", "-pk")


def valid(keys: QuerySet[ApiKey], now: datetime) -> QuerySet[ApiKey]:
    """Those that still open the door."""
    return keys.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def belongs_elsewhere(user: User, workspace: int | None) -> bool:
    """True when the person also has a part in another workspace, or runs the installation."""
    elsewhere = Q(organisation__workspace_id=workspace)
    return user.is_superuser or user.memberships.exclude(elsewhere).exists()


def one_time_path(user: User) -> str:
    """Where this person sets a password, once: void with the next password, or in three days."""
    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
