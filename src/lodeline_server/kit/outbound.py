"""The one client for calls to other machines: bounded in time and size, no redirects, no proxies, no cookies.

Only addresses that an operator wrote are called; nothing a stranger sent ever comes here as `url`.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 10.0
LIMIT: Final = 256 * 1024


class Unreachable(Exception):  # noqa: N818 - said as it is to the operator
    """No answer, not in time, or too much of it."""


@frozen(kw_only=True)
class Answer:
    """Status and body as they came; a redirect is an answer like any other."""

    status: int
    media_type: str
    body: bytes


def call(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
    limit: int = LIMIT,
) -> Answer:
    """GET `url`, or POST `body` to it. All of it within `seconds`, the answer at most `limit` bytes.

    Raises `Unreachable`; `ValueError` for what is no plain http(s) address.
    """
    connection, target = _open(url, seconds)
    late = threading.Event()

    def cut() -> None:  # a timeout of the socket alone would wait for each byte anew
        late.set()
        with suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "GET" if body is None else "POST",
            target,
            body=body,
            headers={"User-Agent": "lodeline", "Accept-Encoding": "identity", **(headers or {})},
        )
        response = connection.getresponse()
        found = response.read(limit + 1)
        if late.is_set():
            raise Unreachable(f"no whole answer within {seconds:g} s")
        if len(found) > limit:
            raise Unreachable(f"the answer has more than {limit} bytes")
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answer(status=response.status, media_type=media_type, body=found)
    except (OSError, http.client.HTTPException) as error:
        if late.is_set():
            raise Unreachable(f"no whole answer within {seconds:g} s") from None
        raise Unreachable(f"no answer: {error or type(error).__name__}") from None
    finally:
        watch.cancel()
        connection.close()


def _open(url: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except UnicodeError:
        raise ValueError(f"not a host name: {url!r}") from None
    plain = parts.username is None and parts.password is None and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not host or not plain:
        raise ValueError("an address is http(s)://host[:port]/path, without user, query or fragment")
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    try:
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=seconds), target
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=trust), target
    except http.client.InvalidURL as error:
        raise ValueError(f"not a host name: {error}") from None
