"""Our JSON-LD contexts, for receivers who process graphs. Public, and the same for ever under one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from lodeline import strictjson
from lodeline.credentials.kinds import DOCUMENTS, FILES
from lodeline_server.kit.permissions import public

if TYPE_CHECKING:
    from django.http import HttpRequest

MEDIA_TYPE = "application/ld+json"
FIXED = "public, max-age=31536000, immutable"


@require_safe
@public
def context(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """The canonical bytes, whose SHA-256 is pinned in the program."""
    if name not in FILES:
        raise Http404("there is no such context")
    response = HttpResponse(strictjson.canonical(DOCUMENTS[FILES[name]]), content_type=MEDIA_TYPE)
    response["Cache-Control"] = FIXED
    response["Access-Control-Allow-Origin"] = "*"
    return response
