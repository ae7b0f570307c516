"""What is answered when no view did: a page for people, problem details below the API's addresses."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import structlog
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from lodeline_server.kit.permissions import FOR_PEOPLE
from lodeline_server.kit.problems import Problem, respond

if TYPE_CHECKING:
    from django.http import HttpRequest

log = structlog.get_logger(__name__)
FOR_PROGRAMS = ("/api/", "/epcis/", "/credentials/", "/presentations")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _answer(request, Problem(400, "The request could not be read"), "400.html")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _answer(request, Problem(403, "You may not do this"), "403.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _answer(request, Problem(404, "There is nothing at this address"), "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """The page names a reference which stands beside the traceback in the log file."""
    reference = secrets.token_hex(4)
    log.error("unhandled error", reference=reference, path=request.path, exc_info=sys.exc_info())
    if request.path_info.startswith(FOR_PROGRAMS):
        return respond(Problem(500, "Something went wrong on our side", detail=f"Reference: {reference}"))
    # Without the request: what a page asks of session and database may be what just failed.
    return HttpResponse(render_to_string("500.html", {"reference": reference}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    return _answer(request, Problem(403, "The form was open too long, or cookies are off"), "403_csrf.html")


def _answer(request: HttpRequest, problem: Problem, template: str) -> HttpResponse:
    if request.path_info.startswith(FOR_PROGRAMS):
        return respond(problem)
    # A public address must not look at the session, not even for waiting messages.
    context = {} if request.path_info.startswith(FOR_PEOPLE) else {"messages": ()}
    return render(request, template, context, status=problem.status)
