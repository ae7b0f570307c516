"""Cut connections whose request body does not come.

A WSGI server's `read` waits as long as the client likes, and nothing in Python can end it. What can be ended
is the socket: a watchman looks for connections of the client's address at the server's port on which nothing
was sent since the upload began, and closes their reading side; the waiting `read` then returns. The rule also
fits connections that are merely idle, and those may be closed at any time (RFC 9112 section 9.5).

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
_LAST_DATA_SENT: Final = 44  # offset in Linux' struct tcp_info, milliseconds
_TICK: Final = 0.25

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
            late = [(peer, now - begin) for peer, begin, end in _watched.values() if now > end]
        for peer, age in late:
            cut(peer, age)


def cut(peer: Peer, age: float) -> int:
    """Close the reading side of connections of `peer` on which nothing was sent for `age` seconds."""
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
            if _waits(connection, peer, age):
                connection.shutdown(socket.SHUT_RD)
                done += 1
    return done


def _waits(connection: socket.socket, peer: Peer, age: float) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return False
    if (_plain(connection.getpeername()[0]), connection.getsockname()[1]) != (_plain(peer[0]), peer[1]):
        return False
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    sent_before = struct.unpack_from("=I", info, _LAST_DATA_SENT)[0] / 1000
    return info[0] == _ESTABLISHED and sent_before >= age - _TICK


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")
