"""Published bytes through Django: what the fast path sends, for requests that it hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse

from lodeline_server.publishing import serving
from lodeline_server.publishing.queries import forms

if TYPE_CHECKING:
    from django.http import HttpRequest


def send(request: HttpRequest) -> HttpResponse | None:
    """The answer for the request's address, whoever asks; None when nothing is published there."""
    path = request.path_info
    gzip = serving.takes_gzip(request.headers.get("Accept-Encoding", ""))
    for key, media_types in serving.wanted(path, request.headers.get("Accept", "")):
        there = {row.media_type: row for row in forms(key)} if "\x00" not in key else {}
        names = there if media_types is None else media_types
        row = next((there[name] for name in names if name in there), None)
        if row is None:
            if there:
                return not_acceptable(sorted(there))
            continue
        body = bytes(row.gzip if gzip else row.body)
        form = serving.Form(row.media_type, row.etag, row.kind, row.status, gzip, body)
        status, headers, content = serving.answer(
            form,
            negotiated=serving.offered(path) is not None,
            if_none_match=request.headers.get("If-None-Match", ""),
        )
        shown = b"" if request.method == "HEAD" else content
        return HttpResponse(shown, status=status, headers=dict(headers))
    return None


def not_acceptable(media_types: list[str]) -> HttpResponse:
    """406, with what there is."""
    return HttpResponse(
        "This address has: " + ", ".join(media_types) + "\n", status=406, content_type="text/plain; charset=utf-8",
        headers={"Vary": "Accept"},
    )  # fmt: skip
