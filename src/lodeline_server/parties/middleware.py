"""Puts the acting person on the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.kit.errors import FOR_PROGRAMS
from lodeline_server.kit.permissions import FOR_PEOPLE, PRIVATE
from lodeline_server.parties.queries import actor_of_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# What answers a key or a session must not be kept by any cache unless it says otherwise.
NOT_SHARED = (*FOR_PEOPLE, *FOR_PROGRAMS)


class ActorMiddleware:
    """`request.actor`: the actor of the membership chosen in the session. One query.

    It is None where no people are signed in: public bytes cannot depend on the session and carry no
    `Vary: Cookie`; the API finds its actor in `parties.authentication`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        for_people = request.path_info.startswith(FOR_PEOPLE)
        request.actor = actor_of_session(request) if for_people else None  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.path_info.startswith(NOT_SHARED):
            response.headers.setdefault("Cache-Control", PRIVATE)
        return response
