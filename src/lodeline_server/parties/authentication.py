"""Who is calling the API: an API key in `Authorization: Bearer`, or the signed-in person (same origin).

A request with an `Authorization` header is judged by that header alone; a bad key never falls back to the
session. A session may change things only with the CSRF token, because browsers send cookies on their own.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from lodeline_server.kit.clock import now
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import ApiKey
from lodeline_server.parties.queries import actor_of_row, actor_of_session

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor

KEY_START = "ll_"
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODY = bytes(32)


class KeyAuthentication(AuthBase):
    """`Authorization: Bearer ll_<prefix>_<secret>`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Any | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        actor = actor_of_key(token.strip(), now=now()) if scheme.lower() == "bearer" else None
        return _allowed(request, actor)


class SessionAuthentication(AuthBase):
    """The session of a person who signed in."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any | None:
        if "Authorization" in request.headers:
            return None
        actor = request.actor = actor_of_session(request)  # type: ignore[attr-defined]  # the audit trail knows it
        if actor is not None and check_csrf(request) is not None:
            raise Problem(
                403,
                "The CSRF token is missing or wrong",
                detail="Requests with a session send X-CSRFToken; programs send an API key instead.",
                kind="epcisException:SecurityException",
            )
        return _allowed(request, actor)


def _allowed(request: HttpRequest, actor: Actor | None) -> Actor | None:
    """Ask for the operation's permission (kit.permissions.endpoint) before its input is looked at."""
    request.actor = actor  # type: ignore[attr-defined]
    if actor is not None and (needs := getattr(request, "needs", None)) is not None:
        actor.require(needs)
    return actor


def actor_of_key(token: str, *, now: datetime) -> Actor | None:
    """The actor of a plaintext key, or None when it is unknown, wrong, expired or revoked."""
    start, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    if f"{start}_" != KEY_START or not prefix or not secret or not token.isascii():
        return None
    key = ApiKey.objects.select_related("organisation").filter(prefix=prefix).first()
    expected = bytes(key.digest) if key else _NOBODY
    given = hashlib.sha256(token.encode()).digest()
    if not hmac.compare_digest(given, expected) or key is None:
        return None
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return actor_of_row(key)


authenticate = [KeyAuthentication(), SessionAuthentication()]
