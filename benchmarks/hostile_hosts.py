"""A host that answers what hostile parties would answer: over TLS, by a table, and counting who came."""

from __future__ import annotations

import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("hostile.example", "elsewhere.example", "rebind.example", "house.example", "mixed.example")
DRIP, ENDLESS = b"drip", b"endless"
BLOCK = b" " * 65_536


@frozen
class Answer:
    """What one path answers. `how`: as it is, a byte at a time, or without an end."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    how: bytes = b""


class Host:
    """The table of answers, and the requests that came: (name in the request, path)."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.came: list[tuple[str, str]] = []
        self.port = 0


def certificate(folder: Path) -> Path:
    """A certificate for the names above, which is its own authority; the file holds its key, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hosts of a test")])
    now = datetime.fromtimestamp(time.time(), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / "hosts.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    place.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return place


@contextmanager
def started(pem: Path) -> Iterator[Host]:
    """The host, listening on a loopback port."""
    host = Host()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host.came.append((self.headers.get("Host", ""), self.path))
            found = host.answers.get(self.path, Answer(b"not here", 404))
            self.send_response(found.status)
            for name, value in found.headers:
                self.send_header(name, value)
            if not found.how:
                self.send_header("Content-Length", str(len(found.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            with suppress(OSError):  # the caller has had enough
                self._send(found)

        def _send(self, found: Answer) -> None:
            if found.how == ENDLESS:
                for _ in range(10_000):
                    self.wfile.write(BLOCK)
            elif found.how == DRIP:
                for _ in range(300):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            else:
                self.wfile.write(found.body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Callers that hang up are what is wanted."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = Server(("127.0.0.1", 0), Handler)
    # Each handshake in the thread of its connection, so that one that stalls holds up nobody.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    host.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
