"""What the suites run against: our server, started with a fresh data folder, and one that refuses everything."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from attrs import frozen
from benchmarks.harness import LODELINE, command, data_folder, environment, free_port

from lodeline_server.config.tls import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY_SECONDS: Final = 240
HOST: Final = "127.0.0.1"
STRANGER: Final = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
"""Whom the server that refuses everything would issue for."""


@frozen
class Server:
    """Its address, the DID to issue under, the certificate to trust, and the file with what it says."""

    base: str
    issuer: str
    certificate: Path
    log: Path | None = None

    def faults(self) -> list[str]:
        """Errors it has logged so far: a test that asks for a refusal passes on those, too."""
        return read_faults(self.log.read_text()) if self.log else []


def read_faults(log: str) -> list[str]:
    """From log lines as JSON: what happened, and the last line of the exception."""
    found = []
    for line in log.splitlines():
        try:
            told = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            continue
        if told.get("level") in {"error", "critical"}:
            found.append(
                " ".join([str(told.get("event")), *str(told.get("exception", "")).splitlines()[-1:]])
            )
    return found


@contextmanager
def ours(log: Path) -> Iterator[Server]:
    """`lodeline serve --tls`, open to this machine; one organisation with an Ed25519 key."""
    port = free_port()
    with data_folder() as data, log.open("w") as said:
        base = f"https://localhost:{port}"
        more = {"LODELINE_VC_OPEN": "1", "LODELINE_URL": base}
        issuer = prepared(data, more)
        process = subprocess.Popen(
            [str(LODELINE), "serve", "--tls", "--port", str(port), "--workers", "1"],
            env=environment(data, **more), stdout=said, stderr=said,
        )  # fmt: skip
        try:
            certificate = data / "tls" / f"{HOST}.crt"
            wait(base, certificate, process, log)
            yield Server(base, issuer, certificate, log)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def prepared(data: Path, more: dict[str, str]) -> str:
    """An organisation with a key in a new data folder; the DID of the key."""
    steps = (
        ("manage", "migrate", "--verbosity", "0"),
        ("user", "workspace", "Suites", "--slug", "suites"),
        ("user", "organisation", "Suite Works", "--slug", "works", "--workspace", "suites",
         "--party", "urn:epc:id:pgln:952012345.0000"),
        ("credential", "key", "add", "--as", "works", "--json"),
    )  # fmt: skip
    for words in steps:
        done = command(data, *words, **more)
        if done.returncode:
            raise RuntimeError(
                f"lodeline {' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}"
            )
    return str(json.loads(done.stdout)["keys"][0]["didKey"])


def wait(base: str, certificate: Path, process: subprocess.Popen[bytes], said: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            trust = ssl.create_default_context(cafile=certificate)
            with urllib.request.urlopen(f"{base}/healthz", timeout=2, context=trust):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not get ready: {said.read_text()[-500:]}")


class Refusing(BaseHTTPRequestHandler):
    """Never reads what it is asked; 400 to all that is sent, 404 to all that is fetched."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(400, {"verified": False, "errors": [{"title": "refused like everything else"}]})

    def do_GET(self) -> None:
        self._answer(404, {"title": "nothing is here"})

    def _answer(self, status: int, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def refusing() -> Iterator[Server]:
    """Passes every test that only asks for a refusal: what a suite counts before anything was done for it."""
    with data_folder() as room:
        certificate, key = self_signed(data=room, host=HOST, now=datetime.now(UTC))  # noqa: TID251
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(certificate, key)
        server = ThreadingHTTPServer((HOST, 0), Refusing)
        server.daemon_threads = True
        server.socket = secure.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Server(f"https://localhost:{server.server_port}", STRANGER, certificate)
        finally:
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    with refusing() as there:
        print(f"refuses everything at {there.base}; stop with Ctrl-C", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
