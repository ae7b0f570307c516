"""`lodeline anchor` as an operator runs it, and what a process that is killed leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.apps.log.anchoring.authority import Served
from tests.apps.log.anchoring.node import KEY, Node
from tests.conftest import ROOT
from tests.core.log.tsa import Authority

LODELINE = Path(sys.executable).parent / "lodeline"
APPEND = """
from lodeline_server.kit import setup
setup.django()
from tests.apps.log.saying import put
put(1, 2)
"""


def environment_of(data):
    dropped = {"DATABASE_URL", "LODELINE_DATA", "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"LODELINE_DATA": str(data), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def prepared(new_folder, tmp_path_factory):
    """A data folder, on SQLite, with two statements; nobody changes it."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    shutil.copytree(new_folder, folder)
    environment = environment_of(folder)
    subprocess.run([sys.executable, "-c", APPEND], env=environment, cwd=ROOT, check=True)
    return folder


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def installed(prepared, data):
    """A copy of one's own."""
    shutil.copytree(prepared, data)
    return environment_of(data)


def run(environment, *words, code=0):
    done = subprocess.run(
        [LODELINE, "anchor", *map(str, words)], env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def said(environment, *words, code=0):
    done = run(environment, *words, code=code)
    return done.stdout + done.stderr


def told(environment, *words, code=0):
    return json.loads(run(environment, *words, "--json", code=code).stdout)


def test_the_way_of_an_operator_with_a_time_stamp(installed, data, tmp_path):
    roots = tmp_path / "roots.pem"
    with Served() as authority:
        roots.write_bytes(authority.authority.pem)
        assert "no place for anchors is named yet" in said(installed, "submit", code=2)
        assert "no place for anchors is named yet" in said(installed, "status")
        run(installed, "add", "rfc3161", "tsa", "--url", authority.url, "--roots", roots)
        assert "there is an anchor tsa already" in said(
            installed, "add", "rfc3161", "tsa", "--url", authority.url, "--roots", roots, code=2
        )
        made = told(installed, "submit")
        assert (made["lookedAt"], made["final"], made["failing"]) == (1, 1, 0)
        assert [(one["size"], one["state"]) for one in made["queued"]] == [(2, "final")]
        assert told(installed, "submit")["queued"] == []
    (place, _) = told(installed, "status")["targets"]  # audit first: nothing there yet
    assert {one["book"]: one["size"] for one in told(installed, "status")["targets"]} == {
        "audit": 0,
        "main": 2,
    }
    assert place["error"] is None
    checked = told(installed, "verify")  # offline: the authority is gone
    assert (checked["checked"], checked["bad"]) == (1, 0)
    assert "1 final anchors checked, 0 do not hold" in said(installed, "verify", "--target", "tsa")
    archive, restored = tmp_path / "backup.tar.gz", environment_of(tmp_path / "restored")
    subprocess.run([LODELINE, "backup", archive], env=installed, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([LODELINE, "restore", archive], env=restored, check=True, stdout=subprocess.DEVNULL)
    assert (told(restored, "verify")["checked"], told(restored, "submit")["queued"]) == (1, [])
    (data / "anchors" / "tsa.pem").write_bytes(Authority().pem)
    assert told(installed, "verify", code=1)["anchors"][0]["fault"].startswith(
        "the time stamp does not verify"
    )


def test_an_authority_that_is_not_there(installed, tmp_path):
    (tmp_path / "roots.pem").write_bytes(Authority().pem)
    run(installed, "add", "rfc3161", "tsa", "--url", "http://127.0.0.1:9/", "--roots", tmp_path / "roots.pem")
    assert told(installed, "submit", code=1)["failing"] == 1
    status = told(installed, "status", code=1)
    assert [one["failures"] for one in status["failing"]] == [1]
    assert "failing" in said(installed, "status", code=1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "rfc3161", "x", "--url", "ftp://h/", "--roots", "r"], "url is an http or https address"),
        (["add", "rfc3161", "x"], "url, roots is needed"),
        (["add", "rfc3161", "x", "--url", "http://h/", "--roots", "none"], "the roots cannot be read"),
        (
            ["add", "rfc3161", "x", "--url", "http://h/", "--roots", __file__],
            "the roots are not certificates",
        ),
        (["add", "file", "x", "--folder", "f", "--url", "http://h/"], "file has no setting 'url'"),
        (["add", "file", "../x", "--folder", "f"], "an anchor's name has"),
        (["submit", "--target", "nobody"], "no place for anchors is named yet"),
        (["verify", "--target", "nobody"], "names no anchor 'nobody'"),
        (["deploy", "chain", "--url", "http://127.0.0.1:9/"], "deploying needs --url and --key"),
        (["verify", "--token", "none"], "--token needs --checkpoint and --roots"),
        (["verify", "--token", "none", "--checkpoint", "n", "--roots", "n"], "cannot be read"),
    ],
)
def test_unusable_words(prepared, words, why):
    assert why in told(environment_of(prepared), *words, code=2)["error"]


def test_a_token_that_does_not_hold_is_refused_offline(tmp_path):
    for name in ("token", "checkpoint", "roots"):
        (tmp_path / name).write_bytes(b"nothing")
    words = [f"--{name}={tmp_path / name}" for name in ("token", "checkpoint", "roots")]
    assert "not a time stamp that can be read" in said(
        environment_of(tmp_path / "no-data"), "verify", *words, code=1
    )


def test_deploy_and_anchor_on_a_chain(installed, tmp_path):
    pytest.importorskip("web3")
    key = tmp_path / "chain.key"
    key.write_text(KEY)
    key.chmod(0o600)
    with Node() as node:
        made = told(installed, "deploy", "chain", "--url", node.url, "--key", key, "--book", "main")
        assert (made["chain_id"], len(made["code_hash"])) == (31337, 66)
        assert "there is an anchor chain already" in said(
            installed, "deploy", "chain", "--url", node.url, "--key", key, code=2
        )
        node.mine(3)
        assert told(installed, "submit")["failing"] == 0
        node.mine(3)
        assert told(installed, "submit")["final"] == 1
        assert told(installed, "verify")["bad"] == 0
    assert told(installed, "verify", code=1)["anchors"][0]["fault"].startswith("the node cannot be reached")


def killed(environment):
    """Start a submit that something outside kills with -9; wait for its end."""
    return subprocess.Popen([LODELINE, "anchor", "submit"], env=environment, stdout=subprocess.DEVNULL)


def rows(data):
    import sqlite3

    with sqlite3.connect(data / "lodeline.sqlite3") as found:
        found.row_factory = sqlite3.Row
        return [dict(row) for row in found.execute("SELECT * FROM log_anchor")]


def after_the_lease(data):
    """Five minutes later."""
    import sqlite3

    with sqlite3.connect(data / "lodeline.sqlite3") as found:
        found.execute("UPDATE log_anchor SET busy_until = NULL")


def test_killed_between_sending_and_storing_a_time_stamp(installed, data, tmp_path):
    """The authority gets the request, and kills who asks before it answers. Later the same request goes out again."""
    roots = tmp_path / "roots.pem"
    with Served() as authority:
        roots.write_bytes(authority.authority.pem)
        run(installed, "add", "rfc3161", "tsa", "--url", authority.url, "--roots", roots)
        asking = []
        authority.on_query = lambda body: (started.wait(10), asking[0].kill())
        started = threading.Event()
        asking.append(killed(installed))
        started.set()
        assert asking[0].wait(60) == -signal.SIGKILL
        authority.on_query = lambda body: None
        (row,) = rows(data)
        assert (row["state"], row["receipt"]) == ("submitted", b"")
        assert told(installed, "submit")["lookedAt"] == 0  # the dead one still seems to be at it
        after_the_lease(data)
        assert told(installed, "submit")["final"] == 1
        (row,) = rows(data)
        assert [row["state"], len(authority.queries)] == ["final", 2]
        assert authority.queries[0] == authority.queries[1] == row["request"]


def test_killed_between_sending_and_storing_a_transaction(installed, data, tmp_path):
    """The node takes the transaction, the process dies before it hears so. The chain holds one anchor, not two."""
    pytest.importorskip("web3")
    key = tmp_path / "chain.key"
    key.write_text(KEY)
    key.chmod(0o600)
    asking, sent = [], []

    class Between(BaseHTTPRequestHandler):
        """Passes everything on to the node; kills the sender once its transaction is there."""

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            passed = Request(node.url, body, {"Content-Type": "application/json"})
            with urlopen(passed, timeout=10) as answer:
                reply = answer.read()
            if b"eth_sendRawTransaction" in body:
                sent.append(body)
                if len(sent) == 1:
                    started.wait(10)
                    asking[0].kill()
            with suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

        def log_message(self, *words):
            pass

    started = threading.Event()
    between = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    thread = threading.Thread(target=between.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with Node() as node:
            made = told(installed, "deploy", "chain", "--url", node.url, "--key", key)
            toml = data / "anchors.toml"
            toml.write_text(
                toml.read_text().replace(node.url, f"http://127.0.0.1:{between.server_address[1]}")
            )
            asking.append(killed(installed))
            started.set()
            assert asking[0].wait(60) == -signal.SIGKILL
            (row,) = rows(data)
            assert (row["state"], row["receipt"]) == ("submitted", b"")
            node.mine(4)
            after_the_lease(data)
            assert told(installed, "submit")["final"] == 1
            assert len(sent) == 1  # it looked first, and found it
            logs = node.call("eth_getLogs", {"address": made["contract"], "fromBlock": "0x0"})
            assert [int(one["data"][2:66], 16) for one in logs] == [2]
            assert [one["state"] for one in rows(data)] == ["final"]
    finally:
        between.shutdown()
        between.server_close()
        thread.join()
