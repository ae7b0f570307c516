"""Puts the acting person on the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.parties.queries import actor_of_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not hasattr(request, "actor"):
            request.actor = actor_of_session(request)  # type: ignore[attr-defined]
        return self.get_response(request)
