"""Reading a request's body with bounds: bytes as sent, bytes after inflating, time, uploads at once."""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from django.conf import settings

from lodeline_server.kit.problems import Problem
from lodeline_server.kit.stalled import watched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

CHUNK: Final = 64 * 1024
SECONDS: Final = 30.0
"""Within this a body has to be here; `LODELINE_UPLOAD_SECONDS` in the environment says otherwise."""
AT_ONCE: Final = 3
"""Uploads read at the same time in one process; one thread stays free for everything else."""
WAIT: Final = 2.0

_slots = threading.BoundedSemaphore(AT_ONCE)


class Input(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_body(request: HttpRequest, *, limit: int | None = None) -> bytes:
    """The body, inflated when it came with `Content-Encoding: gzip`; at most `limit` bytes either way.

    Raises `Problem`: 413 too large, 408 too slow, 400 cut short or not gzip, 415 other encodings, 429 when
    too many uploads are being read.
    """
    limit = settings.MAX_UPLOAD if limit is None else limit
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip"}:
        raise Problem(
            415, "Only gzip is inflated here", detail=f"Content-Encoding: {encoding[:40]}", kind=KINDS[415]
        )
    declared = request.META.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isascii() and declared.isdigit() else None
    if length is None and not _ends_by_itself(request):
        length = 0  # PEP 3333: without a length there is no body
    if length is not None and length > limit:
        raise too_large(limit)
    if not _slots.acquire(timeout=WAIT):
        raise Problem(429, "Too many uploads at once", detail="Try again in a few seconds.")
    try:
        chunks = _chunks(request, length, limit)
        return _inflated(chunks, limit) if encoding == "gzip" else b"".join(chunks)
    finally:
        _slots.release()


KINDS: Final = {
    413: "epcisException:CaptureLimitExceededException",
    415: "epcisException:UnsupportedMediaTypeException",
}


def _ends_by_itself(request: HttpRequest) -> bool:
    chunked = "chunked" in str(request.META.get("HTTP_TRANSFER_ENCODING", "")).lower()
    return chunked or bool(request.META.get("wsgi.input_terminated"))


def too_large(limit: int) -> Problem:
    return Problem(
        413, "The document is too large", detail=f"At most {limit} bytes are taken.", kind=KINDS[413]
    )


def seconds() -> float:
    """How long a body may take, in seconds."""
    return float(
        getattr(settings, "UPLOAD_SECONDS", None) or os.environ.get("LODELINE_UPLOAD_SECONDS") or SECONDS
    )


def peer(request: HttpRequest) -> tuple[str, int]:
    """The client's address and the server's port, as the watchman of slow uploads needs them."""
    port = str(request.META.get("SERVER_PORT", ""))
    return str(request.META.get("REMOTE_ADDR", "")), int(port) if port.isdigit() else 0


def _chunks(request: HttpRequest, length: int | None, limit: int) -> Iterator[bytes]:
    """The body as sent. Read from the server's own stream: Django's takes a chunked body for an empty one."""
    source: Input = request.META["wsgi.input"]
    within = seconds()
    end = time.monotonic() + within
    total = 0
    with watched(peer(request), within):
        while length is None or total < length:
            chunk = source.read(CHUNK if length is None else min(CHUNK, length - total))
            total += len(chunk)
            if total > limit:
                raise too_large(limit)
            if time.monotonic() > end:
                raise Problem(
                    HTTPStatus.REQUEST_TIMEOUT, "The document came too slowly", detail=f"It has {within:g} s."
                )
            if not chunk:
                break
            yield chunk
    if length is not None and total < length:
        raise Problem(400, "The document was cut short", detail=f"{total} of {length} bytes came.")


def _inflated(chunks: Iterator[bytes], limit: int) -> bytes:
    """Inflate; when that is refused, read what still comes first.

    A server that closes with bytes unread resets the connection, and the client may lose the answer
    (RFC 9112 9.6). What still comes has the same bounds.
    """
    try:
        return _inflate(chunks, limit)
    except Problem:
        with suppress(Problem):
            deque(chunks, maxlen=0)
        raise


def _inflate(chunks: Iterator[bytes], limit: int) -> bytes:
    """Inflate gzip (RFC 1952, several members allowed) and stop as soon as it is more than `limit`."""
    found: list[bytes] = []
    total = 0
    member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    fresh = True
    try:
        for chunk in chunks:
            data = chunk
            while data:
                fresh = False
                part = member.decompress(data, limit - total + 1)
                found.append(part)
                total += len(part)
                if total > limit:
                    raise too_large(limit)
                data = member.unconsumed_tail
                if member.eof:
                    data = member.unused_data
                    member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
                    fresh = True
    except zlib.error as error:
        raise Problem(400, "The body is not gzip", detail=str(error)) from None
    if not fresh:
        raise Problem(400, "The document was cut short", detail="The gzip stream does not end.")
    return b"".join(found)
