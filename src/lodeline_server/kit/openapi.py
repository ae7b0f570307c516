"""The API object: problem details in its answers and in its document. Apart, because ninja is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import OperationalError
from django.http import Http404
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lodeline.access import Denied
from lodeline_server.kit.problems import Problem, respond

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

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
    503: "The database is busy; nothing was written",
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

    @api.exception_handler(OperationalError)
    def _(_request: HttpRequest, error: OperationalError) -> HttpResponse:
        if "locked" not in str(error):
            raise error
        # SQLite has one writer: a very busy machine can keep this one waiting too long. Nothing was written.
        return respond(Problem(503, "The database is busy", detail="Nothing was written. Send it again."))

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
