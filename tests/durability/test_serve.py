"""The server as a whole: it gets ready, answers, keeps its worker, stops cleanly, says when it cannot."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import missing

LODELINE = Path(sys.executable).parent / "lodeline"


def environment(data: Path) -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("LODELINE_", "DATABASE_URL"))
    }
    return kept | {"LODELINE_DATA": str(data)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def served(tmp_path):
    """A started server: address, process, data folder."""
    data, port = tmp_path / "data", free_port()
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen([str(LODELINE), "serve", "--port", str(port), "--workers", "1"],
                                   env=environment(data), stdout=said, stderr=said)  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 90
        while time.monotonic() < until and process.poll() is None:
            try:
                if get(f"{address}/healthz")[0] == 200:
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            pytest.fail((tmp_path / "said").read_text()[-2000:])
        yield address, process, data
        process.terminate()
        process.wait(20)


def test_a_served_folder_answers_works_off_its_queue_and_stops(served, tmp_path):
    address, process, data = served
    assert get(f"{address}/healthz") == (200, b"ready\n")
    assert get(f"{address}/app/")[0] == 200  # the sign-in page, after the redirect
    status, body = get(f"{address}/api/openapi.json")
    assert (status, json.loads(body)["openapi"][:3]) == (200, "3.1")
    assert get(f"{address}/api/log/checkpoint")[0] == 401
    until = time.monotonic() + 20
    while not (data / "worker.heartbeat").exists() and time.monotonic() < until:
        time.sleep(0.1)
    doctor = subprocess.run(
        [str(LODELINE), "doctor"], env=environment(data), text=True, capture_output=True, check=False
    )
    assert doctor.returncode == 0, doctor.stdout
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with pytest.raises((urllib.error.URLError, OSError)):
        get(f"{address}/healthz")


def test_a_taken_port_is_said_with_the_way_out(served, tmp_path):
    port = served[0].rsplit(":", 1)[1]
    done = subprocess.run([str(LODELINE), "serve", "--port", port], env=environment(tmp_path / "other"), text=True,
                          capture_output=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 2
    assert f"port {port} is taken" in done.stderr


def test_a_newer_folder_is_refused(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "lodeline.json").write_text(json.dumps({"format": 99, "program": "9.9"}))
    done = subprocess.run([str(LODELINE), "serve", "--port", str(free_port())], env=environment(data), text=True,
                          capture_output=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 1
    assert "written by Lodeline 9.9" in done.stderr


def test_a_database_that_acknowledges_before_it_flushes_is_refused_at_the_start(tmp_path):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
    import postgres

    if postgres.programs() is None:
        missing("PostgreSQL")
    with postgres.cluster() as url:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        done = subprocess.run(
            [str(LODELINE), "serve", "--port", str(free_port())],
            env=environment(tmp_path / "data") | {"DATABASE_URL": url}, text=True, capture_output=True,
            check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert "synchronous_commit=off; the log refuses to append" in done.stderr
