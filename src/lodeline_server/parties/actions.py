"""The only writers of accounts: workspaces, organisations, people, memberships, API keys."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING

import structlog
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from lodeline.access import PERMISSIONS, Actor, Denied, Permission, Role
from lodeline.identifiers import IdentifierError, normalise
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import ApiKey, Membership, Organisation, User, Workspace
from lodeline_server.parties.queries import belongs_elsewhere, one_time_path

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

log = structlog.get_logger(__name__)
# 40 bits to look up by, 256 bits to prove with.
PREFIX_BYTES, SECRET_BYTES = 5, 32
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")  # RFC 3986, section 3.1


def create_workspace(
    *, actor: Actor, slug: str, name: str, now: datetime, demonstration: bool = False
) -> Workspace:
    """A new tenant. Only the platform (the command line) makes one."""
    if actor.kind != "platform":
        raise Denied(Permission.OPERATE)
    try:
        with transaction.atomic():
            row = Workspace.objects.create(slug=slug, name=name, demonstration=demonstration, created_at=now)
            audit.record(Kind.CHANGE, "workspace.created", actor=actor, workspace=row.pk, now=now)
    except IntegrityError:
        raise Problem(409, "There is a workspace with this short name", detail=slug) from None
    log.info("workspace created", by=actor.id, workspace=row.pk)
    return row


def create_organisation(
    *, actor: Actor, workspace: Workspace, slug: str, name: str, party: str, now: datetime, country: str = ""
) -> Organisation:
    """A party with an account. `party`: its identifier in supply-chain data, a URI in any spelling."""
    actor.require(Permission.MEMBERS_MANAGE)
    _own_workspace(actor, workspace.pk)
    try:
        party = normalise(party)
    except IdentifierError as error:
        raise Problem(422, "This is not an identifier of a party", detail=str(error)) from None
    if not SCHEME.match(party):
        raise Problem(422, "This is not an identifier of a party", detail=f"'{party}' is not a URI")
    try:
        with transaction.atomic():
            row = Organisation.objects.create(
                workspace=workspace, slug=slug, name=name, party=party, country=country, created_at=now
            )
            audit.record(
                Kind.CHANGE,
                "organisation.created",
                actor=actor,
                workspace=workspace.pk,
                objects={"organisation": row.pk},
                now=now,
            )
    except IntegrityError:
        raise Problem(409, "The short name or the party is taken in this workspace", detail=slug) from None
    log.info("organisation created", by=actor.id, organisation=row.pk)
    return row


def create_user(*, actor: Actor, email: str, name: str = "", password: str | None = None) -> User:
    """An account. Without a password nobody can sign in by one until a one-time link was used.

    The address counts as verified: the operator vouches for it.
    """
    actor.require(Permission.MEMBERS_MANAGE)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Problem(422, "This is not an e-mail address", detail=email) from None
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            audit.record(Kind.CHANGE, "account.created", actor=actor, objects={audit.PERSON: user.pk})
    except IntegrityError:
        raise Problem(409, "There is an account with this e-mail address", detail=email) from None
    log.info("account created", by=actor.id, user=user.pk)
    return user


@transaction.atomic
def add_membership(
    *, actor: Actor, user: User, organisation: Organisation, role: Role, now: datetime
) -> Membership:
    """Give a person a part in an organisation. Doing it twice changes nothing."""
    actor.require(Permission.MEMBERS_MANAGE)
    _own_workspace(actor, organisation.workspace_id)
    row, made = Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role.value, defaults={"created_at": now}
    )
    if made:
        log.info("membership added", by=actor.id, user=user.pk, organisation=organisation.pk, role=role.value)
        _told(Kind.GRANT, "membership.added", actor, row, now=now)
    return row


@transaction.atomic
def invite(
    *, actor: Actor, email: str, organisation: Organisation, role: Role, now: datetime, name: str = ""
) -> tuple[Membership, bool]:
    """A part for a person, with an account if there is none yet; the flag says whether one was made.

    An account that exists keeps its password: whoever invites must not be able to take it over.
    """
    actor.require(Permission.MEMBERS_MANAGE)
    user = User.objects.filter(email=email.strip().lower()).first()
    made = user is None
    if user is None:
        user = create_user(actor=actor, email=email, name=name)
    return add_membership(actor=actor, user=user, organisation=organisation, role=role, now=now), made


def one_time_link(*, actor: Actor, membership: Membership) -> str:
    """The path where the member sets a new password, once. For people of this workspace alone."""
    actor.require(Permission.MEMBERS_MANAGE)
    _own_workspace(actor, membership.organisation.workspace_id)
    if belongs_elsewhere(membership.user, actor.workspace):
        raise Problem(
            409,
            "This account also belongs to another workspace",
            detail="Only the operator of the installation can make a link for it: 'lodeline user link'.",
        )
    log.info("one-time link made", by=actor.id, user=membership.user_id)
    _told(Kind.GRANT, "one-time-link.made", actor, membership)
    return one_time_path(membership.user)


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: Role) -> Membership:
    """Another part for the same person in the same organisation."""
    actor.require(Permission.MEMBERS_MANAGE)
    _own_workspace(actor, membership.organisation.workspace_id)
    if membership.role == role.value:
        return membership
    same = Membership.objects.filter(user_id=membership.user_id, organisation_id=membership.organisation_id)
    if same.filter(role=role.value).exists():
        raise Problem(409, f"This person is {role.value} of the organisation already")
    _keep_an_operator(membership)
    before, membership.role = membership.role, role.value
    membership.save(update_fields=["role"])
    _told(Kind.GRANT, "role.changed", actor, membership, before=before)
    log.info("role changed", by=actor.id, user=membership.user_id, role=role.value)
    return membership


@transaction.atomic
def remove_membership(*, actor: Actor, membership: Membership) -> None:
    """Take the part away. The account stays; what the person did stays on record."""
    actor.require(Permission.MEMBERS_MANAGE)
    _own_workspace(actor, membership.organisation.workspace_id)
    _keep_an_operator(membership)
    log.info("membership removed", by=actor.id, user=membership.user_id, role=membership.role)
    _told(Kind.REVOKE, "membership.removed", actor, membership)
    membership.delete()


@transaction.atomic
def create_api_key(
    *,
    actor: Actor,
    organisation: Organisation,
    name: str,
    role: Role,
    scopes: Collection[Permission] = (),
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A machine's key and its plaintext `ll_<prefix>_<secret>`, which is shown once and not kept.

    Nobody hands out more than they hold, except those who manage members. Scopes narrow the role.
    """
    actor.require(Permission.KEYS_MANAGE)
    _own_workspace(actor, organisation.workspace_id)
    beyond = sorted(set(scopes) - PERMISSIONS[role])
    if beyond:
        raise Problem(422, f"The role {role.value} does not hold {', '.join(beyond)}")
    if expires_at is not None and expires_at <= now:
        raise Problem(422, "The key would have expired already")
    if not actor.may(Permission.MEMBERS_MANAGE) and organisation.pk != actor.organisation:
        raise Denied(Permission.MEMBERS_MANAGE)
    granted = frozenset(scopes) or PERMISSIONS[role]
    may_give_all = actor.may(Permission.MEMBERS_MANAGE) and actor.scopes is None
    if not may_give_all and not all(map(actor.may, granted)):
        raise Denied(Permission.MEMBERS_MANAGE)
    prefix = secrets.token_hex(PREFIX_BYTES)
    plaintext = f"ll_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey.objects.create(
        organisation=organisation,
        name=name,
        prefix=prefix,
        digest=hashlib.sha256(plaintext.encode()).digest(),
        role=role.value,
        scopes=sorted(scope.value for scope in scopes),
        created_at=now,
        expires_at=expires_at,
    )
    log.info("key created", by=actor.id, key=row.pk, organisation=organisation.pk, role=role.value)
    given = {"key": row.pk, "organisation": organisation.pk, "role": role.value}
    if scopes:
        given["scopes"] = " ".join(sorted(scopes))
    audit.record(
        Kind.GRANT, "key.made", actor=actor, workspace=organisation.workspace_id, objects=given, now=now
    )
    return row, plaintext


@transaction.atomic
def revoke_api_key(*, actor: Actor, key: ApiKey, now: datetime) -> ApiKey:
    """Stop a key for ever. Revoking twice keeps the first instant."""
    actor.require(Permission.KEYS_MANAGE)
    _own_workspace(actor, key.organisation.workspace_id)
    if not actor.may(Permission.MEMBERS_MANAGE) and key.organisation_id != actor.organisation:
        raise Denied(Permission.MEMBERS_MANAGE)
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
        log.info("key revoked", by=actor.id, key=key.pk)
        audit.record(
            Kind.REVOKE,
            "key.revoked",
            actor=actor,
            workspace=key.organisation.workspace_id,
            objects={"key": key.pk, "organisation": key.organisation_id},
            now=now,
        )
    return key


def _told(
    kind: Kind, action: str, actor: Actor, row: Membership, *, now: datetime | None = None, **more: str
) -> None:
    """A line of the audit trail about a person's part. No name: the writer makes a pseudonym."""
    audit.record(
        kind,
        action,
        actor=actor,
        workspace=row.organisation.workspace_id,
        objects={audit.PERSON: row.user_id, "organisation": row.organisation_id, "role": row.role, **more},
        now=now,
    )


def _keep_an_operator(membership: Membership) -> None:
    """A workspace without an operator could not be managed from inside any more."""
    if membership.role != Role.OPERATOR:
        return
    others = Membership.objects.select_for_update().filter(
        organisation__workspace_id=membership.organisation.workspace_id,
        role=Role.OPERATOR.value,
        user__is_active=True,
    )
    if not others.exclude(pk=membership.pk).exists():
        raise Problem(
            409, "This is the workspace's last operator", detail="Make somebody else operator first."
        )


def _own_workspace(actor: Actor, workspace: int) -> None:
    """An object of another workspace does not exist, as far as this actor can tell."""
    if actor.workspace != workspace and not (actor.kind == "platform" and actor.workspace is None):
        raise Problem(404, "Nothing here")
