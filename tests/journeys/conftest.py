"""A running server with the small demonstration world, a browser, and people who are signed in.

The server is the real one (`lodeline serve`), with a data folder of its own; nothing of it is shared with the
other tests. `LODELINE_JOURNEY_ADDRESS` names a running server with a demonstration instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "lode to the last cycle"
READY_WITHIN = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address):
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def demo_world(browser, request, tmp_path_factory):
    """The address of a server that shows the small demonstration world."""
    given = os.environ.get("LODELINE_JOURNEY_ADDRESS")
    if given:
        yield given.rstrip("/")
        return
    folder = tmp_path_factory.mktemp("journeys") / "data"
    shutil.copytree(request.getfixturevalue("new_folder"), folder)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    outside = {name: value for name, value in os.environ.items() if not name.startswith("LODELINE_")}
    outside.pop("DATABASE_URL", None)
    env = {**outside, "LODELINE_DATA": str(folder), "LODELINE_URL": address}
    command = [sys.executable, "-c", "from lodeline.cli import main; raise SystemExit(main())"]
    subprocess.run([*command, "demo", "load", "--small"], env=env, check=True, capture_output=True)
    with (folder / "serve.log").open("w") as said:
        server = subprocess.Popen(
            [*command, "serve", "--port", str(port), "--workers", "1"],
            env=env, stdout=said, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + READY_WITHIN
        while not answers(address):
            if server.poll() is not None or time.monotonic() > until:
                os.killpg(server.pid, signal.SIGKILL) if server.poll() is None else None
                pytest.fail(f"the server did not start: {(folder / 'serve.log').read_text()[-2000:]}")
            time.sleep(0.2)
        yield address
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def signed_in(browser, demo_world):
    """Makes the state of a browser in which somebody of a role is signed in; each role signs in once."""
    known = {}

    def state(role):
        if role not in known:
            context = browser.new_context(base_url=demo_world)
            page = context.new_page()
            page.goto("/accounts/login/")
            page.get_by_label("E-mail").fill(f"{role}@demo.example")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url("**/app/")
            known[role] = context.storage_state()
            context.close()
        return known[role]

    return state


@pytest.fixture
def visit(browser, demo_world, signed_in):
    """Opens a page as somebody of a role (None: signed out). What the console says in red fails the test."""
    contexts, said = [], []

    def open_as(role=None, **options):
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(
            base_url=demo_world, storage_state=signed_in(role) if role else None, **options
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda line: said.append(line.text) if line.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        contexts.append(context)
        return page

    open_as.said = said
    yield open_as
    for context in contexts:
        context.close()
    assert said == []
