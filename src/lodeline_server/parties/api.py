"""Who am I, and keys for machines."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from lodeline.access import PERMISSIONS, Permission, Role
from lodeline_server.kit.clock import now
from lodeline_server.kit.instants import Instant  # noqa: TC001 - ninja reads it at run time
from lodeline_server.kit.permissions import endpoint
from lodeline_server.parties import actions, queries

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline_server.parties.models import ApiKey

router = Router()
# Row numbers fit the database's 64 bits; without a bound a larger one would be an error down there.
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Me(Schema):
    kind: str
    name: str
    organisation: int
    party: str
    role: Role
    permissions: list[Permission]


class Key(Schema):
    id: int
    name: str
    prefix: str
    organisation: str
    role: Role
    scopes: list[Permission]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


class NewKey(Schema):
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    role: Role
    organisation: Annotated[str, Field(max_length=50, description="its short name; yours when left out")] = ""
    scopes: list[Permission] = []
    expires: Instant | None = None


class MadeKey(Key):
    key: Annotated[str, Field(description="the secret, shown this once")]


@router.get("/me", response=Me, summary="Who this key or session is, and what it may do")
@endpoint(Permission.HOME_VIEW)
def me(request: HttpRequest) -> dict[str, Any]:
    actor = request.auth
    return {
        "kind": actor.kind,
        "name": actor.name,
        "organisation": actor.organisation,
        "party": actor.party,
        "role": actor.role,
        "permissions": sorted(p for p in PERMISSIONS[actor.role] if actor.may(p)),
    }


@router.get("/keys", response=list[Key], summary="The keys you may manage, newest first")
@endpoint(Permission.KEYS_MANAGE)
def list_keys(request: HttpRequest) -> list[dict[str, Any]]:
    return [_shown(key) for key in queries.api_keys(request.auth)]


@router.post("/keys", response={201: MadeKey}, summary="Make a key; its secret is in this answer only")
@endpoint(Permission.KEYS_MANAGE)
def make_key(request: HttpRequest, wanted: NewKey) -> Status:
    actor = request.auth
    chosen = {"slug": wanted.organisation} if wanted.organisation else {"pk": actor.organisation}
    key, secret = actions.create_api_key(
        actor=actor,
        organisation=get_object_or_404(queries.organisations(actor), **chosen),
        name=wanted.name,
        role=wanted.role,
        scopes=wanted.scopes,
        expires_at=wanted.expires,
        now=now(),
    )
    return Status(201, {**_shown(key), "key": secret})


@router.delete("/keys/{key_id}", response=Key, summary="Revoke a key for ever")
@endpoint(Permission.KEYS_MANAGE)
def revoke_key(request: HttpRequest, key_id: RowNumber) -> dict[str, Any]:
    key = get_object_or_404(queries.api_keys(request.auth), pk=key_id)
    return _shown(actions.revoke_api_key(actor=request.auth, key=key, now=now()))


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.pk,
        "name": key.name,
        "prefix": key.prefix,
        "organisation": key.organisation.slug,
        "role": key.role,
        "scopes": key.scopes,
        "created": key.created_at,
        "expires": key.expires_at,
        "revoked": key.revoked_at,
        "last_used": key.last_used_at,
    }
