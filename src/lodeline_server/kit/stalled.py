"""Cut connections whose request body does not come.

A WSGI server's `read` waits as long as the client likes, and nothing in Python can end it. What can be ended
is the socket: a watchman looks for connections of the client's address at the server's port to which nothing was
ever sent, and closes their reading side; the waiting `read` then returns. An upload may also sit on a connection
that was used before. If it still waits a little later, connections go to which nothing was sent since the upload
began; beside it only idle ones fit, and those may be closed at any time (RFC 9112 section 9.5).

Linux only, where sockets can be found and asked (TCP_INFO). Elsewhere uploads are still bounded in number.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESTABLISHED: Final = 1
_LAST_DATA_SENT: Final = 44  # offsets in Linux' struct tcp_info: milliseconds
_BYTES_ACKED: Final = 120  # what we sent and the client has, in bytes; 1 for the handshake
_TICK: Final = 0.25
GRACE: Final = 3.0
"""Seconds after which connections that were used before are looked at, too."""

Peer = tuple[str, int]
"""Address of the client, port of the server."""

_watched: dict[int, tuple[Peer, float, float]] = {}
_numbers = count()
_lock = threading.Lock()
_watchman: list[int] = []  # the process that has one: a forked child starts its own


@contextmanager
def watched(peer: Peer, seconds: float) -> Iterator[None]:
    """Within this block the connections of `peer` may be cut when `seconds` have passed."""
    begin = time.monotonic()
    with _lock:
        number = next(_numbers)
        _watched[number] = (peer, begin, begin + seconds)
        if os.getpid() not in _watchman and hasattr(socket, "TCP_INFO"):
            _watchman[:] = [os.getpid()]
            threading.Thread(target=_watch, name="stalled uploads", daemon=True).start()
    try:
        yield
    finally:
        with _lock:
            _watched.pop(number, None)


def _watch() -> None:
    while True:
        time.sleep(_TICK)
        now = time.monotonic()
        with _lock:
            late = [
                (peer, now - begin, now > end + GRACE) for peer, begin, end in _watched.values() if now > end
            ]
        for peer, age, used in late:
            cut(peer, age, used=used)


def cut(peer: Peer, age: float, *, used: bool) -> int:
    """Close the reading side of connections of `peer` on which nothing was sent for `age` seconds.

    `used`: of connections that were answered before, too. Returns how many.
    """
    done = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names are all that is wanted
        try:
            copy = os.dup(int(name))
        except OSError:
            continue  # closed meanwhile
        try:
            connection = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)  # a file, not a socket
            continue
        with connection, suppress(OSError):
            if _waits(connection, peer, age, used=used):
                connection.shutdown(socket.SHUT_RD)
                done += 1
    return done


def _waits(connection: socket.socket, peer: Peer, age: float, *, used: bool) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return False
    if (_plain(connection.getpeername()[0]), connection.getsockname()[1]) != (_plain(peer[0]), peer[1]):
        return False
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    silent = struct.unpack_from("=I", info, _LAST_DATA_SENT)[0] / 1000
    fresh = struct.unpack_from("=Q", info, _BYTES_ACKED)[0] <= 1
    return info[0] == _ESTABLISHED and silent >= age - _TICK and (fresh or used)


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")
