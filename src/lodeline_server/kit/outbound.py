"""The one client for calls to other machines: bounded in time and size, no redirects, no proxies, no cookies.

Only addresses that an operator wrote are called. Where a stranger's document names one, `strangers` is set: https
alone, and no address of this machine or of a private network.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 10.0
LIMIT: Final = 256 * 1024
_PLAIN: Final = "/%:@!$&'()*+,;=~"


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
    strangers: bool = False,
    with_query: bool = False,
) -> Answer:
    """GET `url`, or POST `body` to it. All of it within `seconds`, the answer at most `limit` bytes.

    `with_query`: the address may have a part after `?`, which is sent as it is.

    Raises `Unreachable`; `ValueError` for what is no plain http(s) address.
    """
    connection, target = _open(url, seconds, with_query=with_query)
    if strangers and not isinstance(connection, http.client.HTTPSConnection):
        raise ValueError("an address that a stranger names is https")
    dial = _to_public if strangers else socket.create_connection
    late = threading.Event()
    lines: list[socket.socket] = []

    def dialled(*args: Any, **more: Any) -> socket.socket:
        # A second handle: the first is wrapped by TLS, and forgotten once an answer without a length begins.
        line = dial(*args, **more)
        lines.append(line.dup())
        if late.is_set():
            raise TimeoutError("no connection in time")
        return line

    connection._create_connection = dialled  # type: ignore[attr-defined]  # noqa: SLF001 - where it dials

    def cut() -> None:  # a timeout of the socket alone would wait for each byte anew
        late.set()
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

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
        for line in lines:
            line.close()


def _open(url: str, seconds: float, *, with_query: bool) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except UnicodeError:
        raise ValueError(f"not a host name: {url!r}") from None
    plain = parts.username is None and parts.password is None and not parts.fragment
    if parts.scheme not in {"http", "https"} or not host or not plain or (parts.query and not with_query):
        wanted = "user or fragment" if with_query else "user, query or fragment"
        raise ValueError(f"an address is http(s)://host[:port]/path, without {wanted}")
    target = quote(parts.path or "/", safe=_PLAIN)
    if parts.query:
        target += "?" + quote(parts.query, safe=_PLAIN + "?")
    try:
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=seconds), target
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=trust), target
    except http.client.InvalidURL as error:
        raise ValueError(f"not a host name: {error}") from None


def _to_public(
    address: tuple[str, int], timeout: float, source: tuple[str, int] | None = None
) -> socket.socket:
    """Connect to an address that was looked at, so that no second look-up of the name can give another."""
    until = time.monotonic() + timeout
    found = _look_up(address, timeout)
    for where in found:
        place = ipaddress.ip_address(where[0].partition("%")[0])
        inner = getattr(place, "ipv4_mapped", None) or place
        if not inner.is_global or inner.is_multicast or inner.is_reserved:
            raise OSError(f"{address[0]} leads to an address that is not public")
    if not found:
        raise OSError(f"{address[0]} has no address")
    return socket.create_connection(found[0][:2], max(until - time.monotonic(), 0.01), source)


def _look_up(address: tuple[str, int], timeout: float) -> list[tuple[str, int]]:
    """Addresses of a name, within the time: the system's own look-up knows no limit."""
    found: list[tuple[str, int]] = []
    failed: list[OSError] = []

    def look() -> None:
        try:
            found.extend(info[4][:2] for info in socket.getaddrinfo(*address, type=socket.SOCK_STREAM))  # type: ignore[misc]
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise TimeoutError(f"the name {address[0]} was not found in time")
    if failed:
        raise failed[0]
    return found
