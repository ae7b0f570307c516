"""Who is calling the API: an API key, or the signed-in person (same origin)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor


def authenticate(request: HttpRequest) -> Actor | None:
    """For ninja's `auth=`: the actor, or None for 401. The actor is on `request.auth`."""
    return getattr(request, "actor", None)
