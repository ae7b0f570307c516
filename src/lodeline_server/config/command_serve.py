from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse
    from pathlib import Path
    from types import FrameType

SUMMARY = SUMMARIES["serve"]
READY_WITHIN = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--demo", action="store_true", help="load the demonstration world first (once)")
    parser.add_argument("--tls", action="store_true", help="serve https with a self-signed certificate")
    parser.add_argument("--workers", type=int, default=2, help="server processes")
    parser.add_argument("--threads", type=int, default=4, help="threads of each")
    parser.add_argument("--no-worker", action="store_true", help="another machine does the queued work")


def say(words: str) -> None:
    print(f"lodeline: {words}", flush=True)


def free(host: str, port: int) -> bool:
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def prepare(data: Path, *, demo: bool) -> None:
    """Migrate (after a backup where there is data), collect static files, load the demonstration world."""
    from django.conf import settings
    from django.core.management import call_command

    from lodeline.access import platform
    from lodeline_server.config import folder
    from lodeline_server.config.backup import backup
    from lodeline_server.credentials.actions import follow_trial
    from lodeline_server.kit.clock import now
    from lodeline_server.log import backend

    folder.check(data)
    backend.require_durable()
    if (waiting := folder.pending()) and not folder.fresh():
        target = data / "backups" / f"before-{waiting[-1]}-{now():%Y%m%dT%H%M%S}.tar.gz"
        backup(data=data, database=settings.DATABASES["default"], target=target, now=now())
        say(f"backup before migrating: {target}")
    if applied := folder.migrate(data):
        say(f"database: {len(applied)} migrations applied")
    follow_trial(actor=platform(), now=now())
    if not settings.DEBUG:
        call_command("collectstatic", verbosity=0, interactive=False)
    if demo:
        from lodeline_server.demo.actions import load

        load(now=now(), say=say)


def child(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", *words])  # noqa: S603


def ready(address: str, children: list[subprocess.Popen[bytes]]) -> bool:
    """Wait for /healthz."""
    import ssl
    import urllib.error
    import urllib.request

    trust = ssl._create_unverified_context() if address.startswith("https") else None  # noqa: S323, SLF001 - our own, self-signed
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and all(process.poll() is None for process in children):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2, context=trust) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def run(args: argparse.Namespace) -> int:
    scheme = "https" if args.tls else "http"
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(args.host, args.host)  # noqa: S104
    address = f"{scheme}://{shown}:{args.port}"
    os.environ.setdefault("LODELINE_URL", address)
    if not free(args.host, args.port):
        print(
            f"lodeline serve: port {args.port} is taken. Choose another: make run PORT={args.port + 1}",
            file=sys.stderr,
        )
        return UNUSABLE
    from lodeline_server.kit import setup

    setup.django()
    from django.conf import settings
    from django.db import connections

    from lodeline_server.config.folder import FolderRefused
    from lodeline_server.kit.clock import now
    from lodeline_server.log.backend import Unsafe

    try:
        prepare(settings.DATA, demo=args.demo)
    except (FolderRefused, Unsafe) as refused:
        print(f"lodeline serve: {refused}", file=sys.stderr)
        return REFUSED
    connections.close_all()
    words = [
        "granian",
        "--interface",
        "wsgi",
        "--host",
        args.host,
        "--port",
        str(args.port),
        "--workers",
        str(args.workers),
        "--blocking-threads",
        str(args.threads),
        "--no-ws",
        "--log-level",
        "warning",
        "--respawn-failed-workers",
    ]
    if args.tls:
        from lodeline_server.config.tls import self_signed

        certificate, key = self_signed(data=settings.DATA, host=shown.strip("[]"), now=now())
        words += ["--ssl-certificate", str(certificate), "--ssl-keyfile", str(key)]
    children = [child([*words, "lodeline_server.config.served:application"])]
    if not args.no_worker:
        children.append(child(["lodeline_server.config.worker"]))

    stopping = False

    def leave(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        if not ready(f"{scheme}://{'127.0.0.1' if args.host == '0.0.0.0' else shown}:{args.port}", children):  # noqa: S104
            print("lodeline serve: the server did not get ready; what it said stands above", file=sys.stderr)
            return REFUSED
        say(f"ready at {settings.PUBLIC_URL}")
        if args.demo:
            from lodeline_server.demo.actions import sign_ins

            for line in sign_ins():
                say(line)
        say("stop with Ctrl-C")
        while not stopping and all(process.poll() is None for process in children):
            time.sleep(0.2)
        return GOOD if stopping else REFUSED
    finally:
        for process in children:
            if process.poll() is None:
                process.terminate()
        for process in children:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
