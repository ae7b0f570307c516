"""The log's static files over HTTP (C2SP tlog-tiles v0.1.0), the same bytes for everybody.

Any web server or CDN can take this over with the folder that `files` writes. What is not in a file yet is read from the
database, so that a log is whole from its first checkpoint on.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from lodeline.log import layout
from lodeline_server.kit.permissions import public
from lodeline_server.log import files, notebook, queries
from lodeline_server.log.books import book
from lodeline_server.log.file_content import content
from lodeline_server.publishing.queries import published

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline_server.log.books import Book

FRESH = 5  # seconds a copy of the checkpoint may be kept
OCTETS = "application/octet-stream"
FOR_GOOD = "public, max-age=31536000, immutable"


@require_safe
@public
def checkpoint(request: HttpRequest, name: str = "main") -> HttpResponse:
    """The newest signed checkpoint."""
    form = published(notebook.key(book(name)), notebook.MEDIA_TYPE)
    if form is None:
        raise Http404("the log is empty")
    return _answer(request, bytes(form.body), form.media_type, f"public, max-age={FRESH}", form.etag)


@require_safe
@public
def tile(request: HttpRequest, place: str, name: str = "main") -> HttpResponse:
    """A hash tile or a bundle of entries. 400 for what is no such path, 404 for what the log does not have."""
    try:
        wanted = layout.parse(f"tile/{place}")
    except layout.NoSuchPath as refused:
        return HttpResponseBadRequest(f"{refused}\n", content_type="text/plain; charset=utf-8")
    data = _data(book(name), wanted)
    return _answer(request, data, OCTETS, FOR_GOOD, hashlib.sha256(data).hexdigest()[:32])


def _data(book: Book, wanted: layout.Tile) -> bytes:
    try:
        return (files.folder(book) / wanted.path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        pass
    try:
        if wanted.needs <= queries.size(book):
            return content(book, wanted)
    except LookupError:
        pass
    raise Http404("the log has no such tile")


def _answer(request: HttpRequest, data: bytes, media_type: str, kept: str, etag: str) -> HttpResponse:
    response = HttpResponse(data, content_type=media_type)
    response["Cache-Control"] = kept
    response["ETag"] = f'"{etag}"'
    response["Access-Control-Allow-Origin"] = "*"  # a verifier in a browser reads logs of others
    return get_conditional_response(request, etag=response["ETag"], response=response)
