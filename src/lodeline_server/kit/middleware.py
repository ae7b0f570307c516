"""One line of the audit trail for every request to something restricted, and for every refused one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from lodeline.access import Actor
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.kit.clock import now
from lodeline_server.kit.errors import FOR_PROGRAMS
from lodeline_server.kit.permissions import FOR_PEOPLE
from lodeline_server.kit.problems import Problem, respond

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)
WATCHED: Final = (*FOR_PEOPLE, *FOR_PROGRAMS)
SAFE: Final = {"GET", "HEAD", "OPTIONS", "TRACE"}
DENIED: Final = {401, 403, 429}
REFUSED, FAILED, REDIRECT = 400, 500, 300
# What of a query names the object that is read.
NAMING: Final = ("key", "lot", "kid", "supplier")
REQUEST_ID: Final = "X-Request-Id"


class AuditMiddleware:
    """Stands outside of everything that may refuse; public bytes pass it untouched.

    What changes something or is denied to somebody known is a row before the answer leaves. Reads, and whatever
    nobody in particular was refused, wait in memory. When a read cannot be written at all, it is not answered.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(WATCHED):
            return self.get_response(request)
        with audit.following() as trail:
            response = self.get_response(request)
            line = told(request, response, trail)
            if line is not None:
                response = _keep(line, response)
            if line is not None or trail.told:
                response.headers[REQUEST_ID] = trail.request
        return response


def _keep(line: audit.Event, response: HttpResponse) -> HttpResponse:
    waits = line.actor is None or line.kind in {Kind.READ, Kind.REFUSED}
    try:
        (audit.note if waits else audit.write)(line)
    except Exception:
        log.exception("audit trail not written", kind=line.kind, action=line.action, request=line.request)
        if line.kind in {Kind.READ, Kind.EXPORT}:
            response.close()
            return respond(Problem(503, "The audit trail cannot be written", detail="Nothing was shown."))
    return response


def told(request: HttpRequest, response: HttpResponse, trail: audit.Trail) -> audit.Event | None:
    """The line for this answer; None for what needs none or has one from the action inside."""
    match = request.resolver_match
    view = match.func if match else None
    permission = getattr(request, "needs", None) or getattr(view, "permission", None)
    outcome = _outcome(request, response.status_code)
    account = hasattr(view, "account")
    if (outcome is Outcome.OK and trail.told) or (outcome is Outcome.DENIED and trail.told and account):
        return None
    actor = _actor(request)
    safe = request.method in SAFE
    if account:
        outcome = _at_entrance(outcome, response.status_code, safe=safe)
        if safe and outcome is Outcome.OK and actor is None:
            return None
    elif permission is None and outcome is Outcome.OK:
        return None
    kind = _kind(outcome, response, safe=safe, account=account)
    action = getattr(request, "operation", "") or (match.url_name if match else "") or "unknown"
    objects: dict[str, Any] = dict(match.kwargs) if match and not account else {}
    objects |= {name: value for name in NAMING if (value := request.GET.get(name))} if not account else {}
    if match is None:
        objects = {"path": request.path_info}
    return audit.event(
        kind,
        action,
        actor=actor,
        now=now(),
        objects=objects,
        outcome=outcome,
        permission=permission.value if permission else "",
    )


def _outcome(request: HttpRequest, status: int) -> Outcome:
    if status in DENIED or getattr(request, "turned_away", False):
        return Outcome.DENIED
    if status >= FAILED:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= REFUSED else Outcome.OK


def _at_entrance(outcome: Outcome, status: int, *, safe: bool) -> Outcome:
    """A form of the sign-in pages that is shown again was not accepted."""
    return Outcome.DENIED if outcome is Outcome.OK and not safe and status < REDIRECT else outcome


def _kind(outcome: Outcome, response: HttpResponse, *, safe: bool, account: bool) -> Kind:
    if account and outcome is Outcome.DENIED:
        return Kind.SIGNIN
    if outcome is not Outcome.OK:
        return {Outcome.DENIED: Kind.DENIED, Outcome.REFUSED: Kind.REFUSED}.get(outcome, Kind.FAILED)
    if not safe:
        return Kind.ACCOUNT if account else Kind.CHANGE
    return Kind.EXPORT if response.has_header("Content-Disposition") else Kind.READ


def _actor(request: HttpRequest) -> Actor | None:
    """Whoever acts; a person without a part in any workspace is somebody, too."""
    actor = getattr(request, "actor", None)
    if actor is not None or not request.path_info.startswith(FOR_PEOPLE):
        return actor
    user = getattr(request, "user", None)
    return Actor(kind="person", id=f"user:{user.pk}") if user is not None and user.is_authenticated else None
