"""Errors as problem details (RFC 9457), the same shape everywhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lodeline.access import Denied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.evidence import Finding


class Problem(Exception):  # noqa: N818
    """Raised by actions and edges; answered as application/problem+json (or an error page)."""

    def __init__(
        self,
        status: int,
        title: str,
        *,
        detail: str = "",
        kind: str = "about:blank",
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.kind = status, title, detail, kind
        self.findings = tuple(findings)

    def as_dict(self) -> dict[str, Any]:
        """The members of RFC 9457, section 3.1, and `findings`."""
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


# What any operation may answer instead of its result. Declared once, because every one of them can.
DOCUMENTED = {
    400: "The request cannot be read, or findings refuse it",
    401: "No key, or one that is unknown, expired or revoked",
    403: "The key or the person may not do this",
    404: "Nothing here, or nothing of this workspace",
    406: "No form of this is acceptable to the client",
    409: "It contradicts what is on record",
    413: "Too large",
    415: "This media type is not read here",
    422: "The request does not fit",
    429: "Too many requests",
}
_FINDING = {
    "type": "object",
    "required": ["rule", "severity", "pointer", "message"],
    "properties": {
        "rule": {"type": "string"},
        "severity": {"enum": ["error", "warning", "note"]},
        "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into what was sent"},
        "message": {"type": "string"},
        "eventID": {"type": "string"},
        "got": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
    },
}


def document(schema: dict[str, Any]) -> dict[str, Any]:
    """Add the problem answers to every operation of an OpenAPI document, in place."""
    schema["components"].setdefault("schemas", {}).update(Problem=_PROBLEM, Finding=_FINDING)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for methods in schema["paths"].values():
        for operation in methods.values():
            for status, words in DOCUMENTED.items():
                if not {status, str(status)} & operation["responses"].keys():
                    operation["responses"][status] = {"description": words, "content": content}
    return schema


class Api(NinjaAPI):
    """NinjaAPI whose document also names the problem answers."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return document(super().get_openapi_schema(**kwargs))


def register_handlers(api: NinjaAPI) -> None:
    """Teach the API object our error shape."""

    @api.exception_handler(Problem)
    def _(_request: HttpRequest, error: Problem) -> HttpResponse:
        return respond(error)

    @api.exception_handler(Denied)
    def _(_request: HttpRequest, error: Denied) -> HttpResponse:
        return respond(
            Problem(403, "You may not do this", detail=str(error), kind="epcisException:SecurityException")
        )

    @api.exception_handler(AuthenticationError)
    def _(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
        return respond(Problem(401, "Sign in or send an API key", kind="epcisException:SecurityException"))

    @api.exception_handler(Http404)
    def _(_request: HttpRequest, error: Http404) -> HttpResponse:
        return respond(
            Problem(404, "Nothing here", detail=str(error), kind="epcisException:NoSuchResourceException")
        )

    @api.exception_handler(HttpError)
    def _(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return respond(Problem(error.status_code, str(error)))

    @api.exception_handler(ValidationError)
    def _(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors)
        return respond(
            Problem(
                422, "The request does not fit", detail=wrong, kind="epcisException:QueryParameterException"
            )
        )
