"""A load that is killed goes on where it stopped; and the command's other steps, as a user types them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

LODELINE = Path(sys.executable).parent / "lodeline"


def _environment(data):
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return kept | {"LODELINE_DATA": str(data)}


def _run(data, *words, code=0, **extra):
    done = subprocess.run(
        [LODELINE, *words], env=_environment(data) | extra, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr[-2000:] + done.stdout[-2000:]
    return done


def _taken(data):
    with closing(sqlite3.connect(f"file:{data}/lodeline.sqlite3?mode=ro", uri=True)) as database:
        (count,) = database.execute("SELECT count(*) FROM events_capturejob WHERE state = 'taken'").fetchone()
    return count


@pytest.mark.slow
def test_a_killed_load_goes_on_where_it_stopped(demo_folder, new_folder, tmp_path):
    whole = json.loads(_run(demo_folder, "demo", "load", "--json").stdout)
    assert whole["captured"] == 0

    data = tmp_path / "data"
    shutil.copytree(new_folder, data)
    for captured in (1, 37, 90, whole["documents"]):
        load = subprocess.Popen(
            [LODELINE, "demo", "load", "--small", "--as-of", "2026-11-01"],
            env=_environment(data),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while _taken(data) < captured and load.poll() is None:
            time.sleep(0.005)
        load.kill()
        assert load.wait() == -signal.SIGKILL, "killed while it was loading"
    finished = json.loads(_run(data, "demo", "load", "--small", "--as-of", "2026-11-01", "--json").stdout)

    assert finished | {"captured": 0} == whole
    _run(data, "log", "fsck")


def test_documents_are_written_as_files_that_pass_the_check(tmp_path):
    done = _run(
        tmp_path / "data",
        "demo",
        "documents",
        str(tmp_path / "out"),
        "--small",
        "--as-of",
        "2026-11-20",
        "--json",
    )
    answer = json.loads(done.stdout)
    files = sorted((tmp_path / "out").glob("*.json"))
    assert len(files) == answer["documents"] > 100
    assert answer["as_of"] == "2026-11-01"
    assert files[0].name == "0001-2026-08-01-vellamo-statements.json"
    signatures = {path.name.split("-")[4].removesuffix(".jws") for path in (tmp_path / "out").glob("*.jws")}
    assert signatures == {"nordfell", "norrsund", "fjellvind", "nordmark", "lindmoor"}
    _run(tmp_path / "data", "events", "check", *map(str, files))


def test_stories_and_sign_ins(demo_folder):
    stories = json.loads(_run(demo_folder, "demo", "stories", "--json").stdout)
    assert stories["recalled_lot"] == "https://id.gs1.org/01/09521304002022/10/CS-2291"
    assert all(key.startswith("https://id.gs1.org/") for key in stories.values())
    signs = json.loads(_run(demo_folder, "demo", "sign-ins", "--json").stdout)
    assert len(signs["people"]) == 9
    assert "buyer@demo.example" in _run(demo_folder, "demo", "sign-ins").stdout


def test_a_public_address_is_refused(demo_folder):
    refused = _run(demo_folder, "demo", "load", code=1, LODELINE_URL="https://passports.lodeline.org")
    assert "published password" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_date_that_is_none_is_a_usage_error(demo_folder):
    assert "--as-of" in _run(demo_folder, "demo", "load", "--as-of", "soon", code=2).stderr
