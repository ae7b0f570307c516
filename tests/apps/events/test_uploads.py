"""Bodies are read within bounds; connections that do not deliver are cut, others are left alone."""

from __future__ import annotations

import gzip
import io
import socket
import time
import zlib

import pytest
from django.test import RequestFactory

from lodeline_server.kit import uploads
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.stalled import cut, watched
from lodeline_server.kit.uploads import read_body


def request(source, length=None, **meta):
    made = RequestFactory().post("/", b"", content_type="application/json", headers=meta.pop("headers", None))
    made.META["wsgi.input"] = source if hasattr(source, "read") else io.BytesIO(source)
    made.META.pop("CONTENT_LENGTH", None)
    if length is not None:
        made.META["CONTENT_LENGTH"] = str(length)
    made.META.update(meta)
    return made


def refused(made, **how):
    with pytest.raises(Problem) as problem:
        read_body(made, **how)
    return problem.value.status


def test_with_a_length():
    assert read_body(request(b"x" * 200_000, 200_000)) == b"x" * 200_000
    assert read_body(request(b"abcdef", 3)) == b"abc"
    assert read_body(request(b"", 0)) == b""


def test_without_a_length_only_what_ends_by_itself():
    assert read_body(request(b"abc")) == b""
    assert read_body(request(b"abc", HTTP_TRANSFER_ENCODING="chunked")) == b"abc"
    assert read_body(request(b"abc", **{"wsgi.input_terminated": True})) == b"abc"


def test_limits():
    class Unread:
        def read(self, _size):
            raise AssertionError("read although the length was known")

    assert refused(request(Unread(), 11), limit=10) == 413
    assert refused(request(b"x" * 11, HTTP_TRANSFER_ENCODING="chunked"), limit=10) == 413
    assert refused(request(b"abc", 5)) == 400


GZIP = {"headers": {"Content-Encoding": "gzip"}}


def test_gzip():
    packed = gzip.compress(b"abc") + gzip.compress(b"def")
    assert read_body(request(packed, len(packed), **GZIP)) == b"abcdef"
    empty = gzip.compress(b"")
    assert read_body(request(empty, len(empty), **GZIP)) == b""
    for bad, status in (
        (packed[:-3], 400),
        (packed + b"trailing", 400),
        (b"abc", 400),
        (zlib.compress(b"abc"), 400),
        (gzip.compress(b" " * 2_000_000), 413),
    ):
        assert refused(request(bad, len(bad), **GZIP), limit=1_000_000) == status


def test_a_bomb_is_not_inflated_to_the_end():
    bomb = gzip.compress(b" " * 300_000_000, 9)
    begin = time.process_time()
    assert refused(request(bomb, len(bomb), **GZIP), limit=1_000_000) == 413
    assert time.process_time() - begin < 0.2


def test_what_is_refused_is_read_to_its_end():
    """Else the server closes with bytes unread, and the client sees a reset connection and no reason."""
    bomb = gzip.compress(b" " * 300_000_000, 9)
    for bad, status in ((bomb, 413), (b"no gzip" * 50_000, 400)):
        source = io.BytesIO(bad)
        assert refused(request(source, len(bad), **GZIP), limit=1_000_000) == status
        assert source.tell() == len(bad)


def test_a_slow_body(settings):
    settings.UPLOAD_SECONDS = 0.1

    class Drips:
        def read(self, _size):
            time.sleep(0.03)
            return b"x"

    begin = time.monotonic()
    assert refused(request(Drips(), 1_000_000)) == 408
    assert time.monotonic() - begin < 10  # hours, if it were read to its end


def test_uploads_at_once_are_bounded(monkeypatch):
    monkeypatch.setattr(uploads, "WAIT", 0.01)
    for _ in range(uploads.AT_ONCE):
        uploads._slots.acquire()
    try:
        assert refused(request(b"abc", 3)) == 429
    finally:
        for _ in range(uploads.AT_ONCE):
            uploads._slots.release()
    assert read_body(request(b"abc", 3)) == b"abc"


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def pair(listener):
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    server.settimeout(5)
    return client, server


def test_only_connections_that_wait_are_cut(listener):
    peer = listener.getsockname()
    (waiting, at_waiting), (answered, at_answered) = pair(listener), pair(listener)
    waiting.sendall(b"POST")
    answered.sendall(b"GET")
    at_answered.sendall(b"200")
    assert answered.recv(3) == b"200"
    time.sleep(0.4)
    assert cut(("127.0.0.2", peer[1]), 0.3, used=True) == 0
    assert cut(("127.0.0.1", peer[1] + 1), 0.3, used=True) == 0
    assert cut(peer, 60, used=True) == 0
    assert cut(peer, 0.3, used=False) == 1
    assert (at_waiting.recv(9), at_waiting.recv(9)) == (b"POST", b"")
    at_waiting.sendall(b"408")  # the answer still goes out
    assert waiting.recv(3) == b"408"
    answered.sendall(b"more")
    assert (at_answered.recv(3), at_answered.recv(4)) == (b"GET", b"more")
    at_answered.sendall(b"200")
    assert answered.recv(3) == b"200"
    time.sleep(0.4)
    assert cut(peer, 0.3, used=True) >= 1
    assert at_answered.recv(9) == b""
    for one in (waiting, at_waiting, answered, at_answered):
        one.close()


def test_the_watchman_ends_a_waiting_read(listener):
    client, server = pair(listener)
    with client, server:
        client.sendall(b"x")
        begin = time.monotonic()
        with watched(listener.getsockname(), 0.3):
            assert server.recv(9) == b"x"
            assert server.recv(9) == b""
        assert 0.2 < time.monotonic() - begin < 3
