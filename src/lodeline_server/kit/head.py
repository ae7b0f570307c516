"""HEAD for the programs' addresses: the headers that GET would have sent, and no body (RFC 9110 9.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.kit.errors import FOR_PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class HeadMiddleware:
    """Innermost: the operation sees a GET, everything outside of it the HEAD that it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD" or not request.path_info.startswith(FOR_PROGRAMS):
            return self.get_response(request)
        request.method = "GET"
        try:
            response = self.get_response(request)
        finally:
            request.method = "HEAD"
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
        return response
