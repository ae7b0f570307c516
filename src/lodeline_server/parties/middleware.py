"""Puts the acting person on the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.kit.permissions import PRIVATE
from lodeline_server.parties.queries import actor_of_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class ActorMiddleware:
    """`request.actor`: the person's actor on pages, None on public addresses and before ninja authenticated.

    Public views never see the session, so their bytes cannot depend on it and no `Vary: Cookie` is sent.
    What is not public and says nothing about caching is `private, no-store`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and not getattr(match.func, "public", False):
            response.headers.setdefault("Cache-Control", PRIVATE)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any) -> None:
        if hasattr(view, "permission") or hasattr(view, "account"):
            request.actor = actor_of_session(request)  # type: ignore[attr-defined]
