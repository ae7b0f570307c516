"""Reading accounts: who is acting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.access import Actor, Role
from lodeline_server.parties.models import Membership, User

if TYPE_CHECKING:
    from django.http import HttpRequest


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


def actor_of_session(request: HttpRequest) -> Actor | None:
    """The actor of the signed-in person: the membership chosen in the session, else the first."""
    if not request.user.is_authenticated:
        return None
    memberships = list(
        Membership.objects.filter(user_id=request.user.pk)
        .select_related("organisation", "user")
        .order_by("pk")
    )
    if not memberships:
        return None
    chosen = request.session.get("membership")
    return actor_of(next((m for m in memberships if m.pk == chosen), memberships[0]))


def one_time_path(user: User) -> str:
    """Where this person sets a password, once: void with the next password, or in three days."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from django.urls import reverse

    return reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
