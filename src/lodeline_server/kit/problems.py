"""Errors as problem details (RFC 9457), the same shape everywhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lodeline.access import Denied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ninja import NinjaAPI

    from lodeline.evidence import Finding


class Problem(Exception):  # noqa: N818
    """Raised by actions and edges; answered as application/problem+json (or an error page)."""

    def __init__(
        self, status: int, title: str, *, detail: str = "", kind: str = "about:blank", findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.kind, self.findings = status, title, detail, kind, tuple(findings)

    def as_dict(self) -> dict[str, Any]:
        body: dict[str, Any] = {"type": self.kind, "title": self.title, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.findings:
            body["findings"] = [finding.as_dict() for finding in self.findings]
        return body


def respond(problem: Problem) -> HttpResponse:
    response = HttpResponse(
        json.dumps(problem.as_dict()), status=problem.status, content_type="application/problem+json"
    )
    response["Cache-Control"] = "private, no-store"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="lodeline"'
    return response


def register_handlers(api: NinjaAPI) -> None:
    """Teach the API object our error shape."""

    @api.exception_handler(Problem)
    def _(_request: HttpRequest, error: Problem) -> HttpResponse:
        return respond(error)

    @api.exception_handler(Denied)
    def _(_request: HttpRequest, error: Denied) -> HttpResponse:
        return respond(Problem(403, "You may not do this", detail=str(error), kind="epcisException:SecurityException"))

    @api.exception_handler(AuthenticationError)
    def _(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        return respond(Problem(401, "Sign in or send an API key", kind="epcisException:SecurityException"))

    @api.exception_handler(Http404)
    def _(_request: HttpRequest, error: Http404) -> HttpResponse:
        return respond(Problem(404, "Nothing here", detail=str(error), kind="epcisException:NoSuchResourceException"))

    @api.exception_handler(HttpError)
    def _(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return respond(Problem(error.status_code, str(error)))

    @api.exception_handler(ValidationError)
    def _(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors)
        return respond(Problem(422, "The request does not fit", detail=wrong, kind="epcisException:QueryParameterException"))
