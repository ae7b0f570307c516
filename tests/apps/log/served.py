"""Whole installations of their own, served on loopback: for tests in which several talk to each other."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[3]
LODELINE = Path(sys.executable).parent / "lodeline"
WITNESS = """
import argparse, sys
from lodeline_server.log import command_witness
parser = argparse.ArgumentParser()
command_witness.add_arguments(parser)
sys.exit(command_witness.run(parser.parse_args(sys.argv[1:])))
"""
PUT = """
import sys
from lodeline_server.kit import setup
setup.django()
from tests.apps.log.saying import put
put(*range(int(sys.argv[1])))
"""


class Installation:
    """A data folder, a database, a port; started and stopped with `served`."""

    def __init__(self, folder: Path, database: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LODELINE_", "DATABASE_URL", "DJANGO_"))
        }
        own = {"LODELINE_DATA": str(folder), "LODELINE_URL": self.url, "PYTHONPATH": str(ROOT)}
        self.environment = kept | own | ({"DATABASE_URL": database} if database else {})

    def python(self, code, *words):
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, words)],
            env=self.environment, cwd=ROOT, text=True, capture_output=True, check=False, timeout=120,
        )  # fmt: skip

    def witness(self, *words):
        """Exit code and answer of `lodeline witness`."""
        done = self.python(WITNESS, *words, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def put(self, count):
        done = self.python(PUT, count)
        assert done.returncode == 0, done.stderr

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    @contextlib.contextmanager
    def served(self, *, workers=1, threads=4, worker=True):
        words = ["--port", self.port, "--workers", workers, "--threads", threads]
        said = self.folder.with_suffix(".said")
        with said.open("w") as stream:
            process = subprocess.Popen(
                [str(LODELINE), "serve", *map(str, words), *([] if worker else ["--no-worker"])],
                env=self.environment, cwd=self.folder, stdout=stream, stderr=stream,
            )  # fmt: skip
        try:
            until = time.monotonic() + 120
            while True:
                assert process.poll() is None and time.monotonic() < until, said.read_text()[-2000:]
                try:
                    self.get("/healthz")
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.1)
            yield self
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def database():
    """The address of an empty database on the server that the tests use; none for SQLite."""
    from django.db import connection

    if connection.vendor == "sqlite":
        yield ""
        return
    import psycopg

    parts = urlsplit(os.environ["DATABASE_URL"])
    name = f"witness_{uuid.uuid4().hex[:12]}"
    admin = urlunsplit(parts)
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
