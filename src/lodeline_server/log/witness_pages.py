"""The two addresses of a witness (C2SP tlog-witness), for machines: plain text in, plain text out."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import public
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body
from lodeline_server.log import witness

PLAIN = "text/plain; charset=utf-8"
FRESH = 60  # seconds a copy of a cosigned checkpoint may be kept
_HASH = re.compile("[0-9a-f]{64}")


@csrf_exempt
@require_POST
@public
def add_checkpoint(request: HttpRequest) -> HttpResponse:
    """Our cosignature under a checkpoint of a known log; no other right is needed than its signature."""
    try:
        lines = witness.add_checkpoint(read_body(request, limit=witness.MAX_BODY), now())
        response = HttpResponse(lines, content_type=PLAIN)
    except witness.Refused as refused:
        response = HttpResponse(refused.words, status=refused.status, content_type=refused.media_type)
    except Problem as problem:
        response = HttpResponse(f"{problem}\n", status=problem.status, content_type=PLAIN)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@public
def checkpoint(request: HttpRequest, origin_hash: str) -> HttpResponse:  # noqa: ARG001
    """The checkpoint of a log that we cosigned last."""
    note = witness.latest(origin_hash) if _HASH.fullmatch(origin_hash) else None
    if note is None:
        raise Http404("nothing of this log was cosigned here")
    response = HttpResponse(note, content_type=PLAIN)
    response["Cache-Control"] = f"public, max-age={FRESH}"
    return response
