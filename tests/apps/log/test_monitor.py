"""`lodeline log monitor`: growth is checked, rollback and split view are caught with evidence, ours is compared."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from tests.apps.log import static_log
from tests.apps.log.saying import Seen, put
from tests.apps.log.static_log import VKEY, entries, write
from tests.apps.log.test_commands import run  # noqa: F401 - a fixture

from lodeline.keys import SigningKey
from lodeline.log import checkpoint as notes
from lodeline.log import layout
from lodeline_server.log import command, files, monitor, projections, sources
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import Checkpoint, Entry, SubjectKey
from lodeline_server.publishing.models import Published

SOUND = {"findings": [], "evidence": None}


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def look(run, tmp_path):  # noqa: F811
    """One look at a log of somebody else: code and what was said."""

    def once(place, *words, key=VKEY):
        state = ("--state", tmp_path / "state.json")
        return run(command, "monitor", place, "--key", key, *state, "--once", "--json", *words)

    return once


def rules(said):
    return [one["rule"] for one in said["findings"]]


def state(tmp_path):
    return json.loads((tmp_path / "state.json").read_text())


def test_growth_is_followed(look, log, tmp_path):
    for size, new in ((0, 0), (1, 1), (3, 2), (255, 252), (256, 1), (256, 0), (700, 444)):
        note = write(log, entries(size))
        assert look(log) == (0, {"log": static_log.ORIGIN, "size": size, "new": new, "strange": new, **SOUND})
        assert (state(tmp_path)["size"], state(tmp_path)["checkpoint"]) == (size, note)
    assert len(state(tmp_path)["frontier"]) == (700).bit_count()


def test_by_http(look, log, tmp_path):
    write(log, entries(300))
    handler = partial(SimpleHTTPRequestHandler, directory=log)
    handler.func.log_message = lambda *words: None
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        assert look(address)[1]["new"] == 300
        write(log, entries(600))
        assert look(f"{address}/")[1]["new"] == 300
        (log / "tile/0/002.p/88").unlink()
        write(log, entries(700))
        shutil.rmtree(log / "tile/0")
        code, said = look(address)
        assert (code, rules(said)) == (2, ["M-UNREADABLE"])
        assert (
            said["findings"][0]["message"] == "tile/0/002.p/188 cannot be read: tile/0/002: answered with 404"
        )
        server.shutdown()
    assert state(tmp_path)["size"] == 600
    code, said = look(address)
    assert (code, rules(said)) == (2, ["M-UNREADABLE"])


def evidence(tmp_path):
    return [json.loads(path.read_text()) for path in tmp_path.glob("state.json.evidence-*.json")]


def test_a_log_that_shrinks(look, log, tmp_path):
    old = write(log, entries(600))
    look(log)
    new = write(log, entries(500))
    code, said = look(log)
    assert (code, rules(said)) == (1, ["M-ROLLBACK"])
    assert [one["checkpoints"] for one in evidence(tmp_path)] == [[old, new]]
    assert said["evidence"].startswith(f"{tmp_path}/state.json.evidence-")
    assert state(tmp_path)["size"] == 600
    assert (look(log)[0], len(evidence(tmp_path))) == (1, 1)
    write(log, entries(600))
    assert look(log)[0] == 0


def test_two_roots_of_one_size(look, log, tmp_path):
    old = write(log, entries(600))
    look(log)
    new = write(log, [*entries(599), b"another"])
    code, said = look(log)
    assert (code, rules(said)) == (1, ["M-SPLIT-VIEW"])
    assert [one["checkpoints"] for one in evidence(tmp_path)] == [[old, new]]
    assert state(tmp_path)["checkpoint"] == old


@pytest.mark.parametrize("at", [0, 255, 299])
def test_a_larger_log_with_another_history(look, log, tmp_path, at):
    old = write(log, entries(300))
    look(log)
    changed = entries(600)
    changed[at] = b"another"
    new = write(log, changed)
    code, said = look(log)
    assert (code, rules(said)) == (1, ["M-SPLIT-VIEW"])
    assert [one["checkpoints"] for one in evidence(tmp_path)] == [[old, new]]
    assert (state(tmp_path)["size"], state(tmp_path)["checkpoint"]) == (300, old)


@pytest.mark.parametrize(
    "path", ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"]
)
def test_changed_files(look, log, tmp_path, path):
    write(log, entries(300))
    look(log)
    write(log, entries(600))
    data = bytearray((log / path).read_bytes())
    data[-1] ^= 1
    (log / path).write_bytes(data)
    code, said = look(log)
    assert (code, rules(said), said["evidence"]) == (1, ["M-DAMAGED"], None)
    assert state(tmp_path)["size"] == 300


def test_swapped_entries(look, log):
    write(log, entries(300))
    path = log / "tile/entries/001.p/44"
    one, two, *rest = layout.unbundle(path.read_bytes(), 44)
    path.write_bytes(layout.bundle([two, one, *rest]))
    code, said = look(log)
    assert (code, rules(said)) == (1, ["M-DAMAGED"])
    assert said["findings"][0]["message"] == "tile/entries/001.p/44: entry 256 is not the one in the tree"


def test_checkpoints_that_do_not_verify(look, log):
    write(log, entries(5), key=SigningKey.from_seed(b"\4" * 32))
    assert rules(look(log)[1]) == ["M-CHECKPOINT"]
    note = write(log, entries(5))
    for bad in (
        note.replace("\n5\n", "\n6\n"),
        note[:-5],
        "",
        "\xff",
        note.replace("log.example", "log.other"),
    ):
        (log / "checkpoint").write_bytes(
            bad.encode("latin-1", errors="replace") if bad == "\xff" else bad.encode()
        )
        code, said = look(log)
        assert (code, rules(said)) == (1, ["M-CHECKPOINT"]), bad
    (log / "checkpoint").unlink()
    code, said = look(log)
    assert (code, rules(said)) == (2, ["M-UNREADABLE"])


def test_the_state_is_of_one_log(look, log, tmp_path):
    write(log, entries(5))
    look(log)
    other = notes.vkey("log.example/other", static_log.KEY.verify_key)
    write(log, entries(5), origin="log.example/other")
    assert rules(look(log, key=other)[1]) == ["M-ORIGIN"]
    path = tmp_path / "state.json"
    good = path.read_text()
    for bad in (
        "",
        "[]",
        "{}",
        good.replace('"size": 5', '"size": 4'),
        good.replace('"size": 5', '"size": 7'),
    ):
        path.write_text(bad)
        code, said = look(log)
        assert (code, "is not the state of a monitor" in said["error"]) == (2, True)


def test_a_key_from_the_log_itself_is_refused(look, log):
    write(log, entries(5))
    (log / "vkey").write_text(VKEY)
    code, said = look(log, key=log / "vkey")
    assert (code, "lies in the served folder" in said["error"]) == (1, True)
    assert look(log, key="nonsense")[0] == 2


def test_a_log_of_others_needs_no_framework(log, tmp_path):
    write(log, entries(300))
    program = (
        "import sys\n"
        "for name in ('django', 'lodeline_server.config', 'sqlite3'):\n"
        "    sys.modules[name] = None\n"
        "from lodeline.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["log", "monitor", str(log), "--key", VKEY, "--once"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path, env={"LODELINE_DATA": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{static_log.ORIGIN}: 300 entries, 300 new, 300 of them no leaf records of Lodeline; all of it holds\n"
    )
    assert len(list((tmp_path / "monitor").iterdir())) == 1


@pytest.fixture
def ours(settings, tmp_path, db, monkeypatch):
    (tmp_path / "secrets").symlink_to(settings.DATA / "secrets")
    settings.DATA = tmp_path
    monkeypatch.setattr(sources, "_offered", {})
    monkeypatch.setattr(projections, "_registered", {})
    monkeypatch.setenv("LODELINE_DATA", str(tmp_path))
    return tmp_path


def own(run, *words):  # noqa: F811
    return run(command, "monitor", "--own", "--once", "--json", *words)


def test_our_own_log(run, ours):  # noqa: F811
    put(*range(300))
    files.publish(MAIN)
    assert own(run) == (0, {"log": MAIN.origin, "size": 300, "new": 300, "strange": 0, **SOUND})
    put(*range(300))
    assert own(run)[1]["new"] == 0
    files.publish(MAIN)
    assert own(run)[1]["new"] == 300
    put(1, book=AUDIT)
    files.publish(AUDIT)
    assert own(run, "--book", "audit")[1]["size"] == 1
    assert {path.name for path in (ours / "monitor").iterdir()} == {"main.json", "audit.json"}


def test_our_own_log_that_was_never_published(run, ours):  # noqa: F811
    put(1)
    code, said = own(run)
    assert (code, rules(said)) == (2, ["M-UNREADABLE"])


def test_a_database_that_says_something_else(run, ours):  # noqa: F811
    put(*range(300))
    files.publish(MAIN)
    Entry.objects.filter(position=7).update(leaf=b"{}")
    Entry.objects.filter(position=299).delete()
    code, said = own(run)
    assert code == 1
    assert [(one["rule"], one["pointer"]) for one in said["findings"]] == [
        ("M-DATABASE", "7"), ("M-DATABASE", "299"), ("M-DATABASE", "entries"),
    ]  # fmt: skip
    assert not (ours / "monitor" / "main.json").exists()


def test_rows_and_statements_are_the_same(run, ours):  # noqa: F811
    """Rows of a projection; here published rows stand in for any table with positions."""
    seen = Seen("seen")
    projections.register(seen)
    sources.offer("seen", Published, ["test.said"], projection="seen")
    put(*range(5))
    put(1, kind="test.other")
    files.publish(MAIN)
    assert own(run)[0] == 0  # not followed yet: no row is expected
    projections.follow_all()
    Published.objects.exclude(kind="seen").delete()
    assert own(run)[0] == 0
    Published.objects.filter(position=2).delete()
    code, said = own(run)
    assert (code, [(one["rule"], one["pointer"]) for one in said["findings"]]) == (1, [("M-NO-ROW", "2")])
    Published.objects.filter(position=1).update(position=5)
    Published.objects.filter(position=3).update(position=99)
    said = own(run)[1]
    assert [(one["rule"], one["pointer"]) for one in said["findings"]] == [
        ("M-NO-STATEMENT", "5"), ("M-NO-ROW", "1"), ("M-NO-ROW", "2"), ("M-NO-ROW", "3"), ("M-NO-STATEMENT", "99"),
    ]  # fmt: skip


def test_an_erased_statement_needs_no_row(run, ours, now):  # noqa: F811
    sources.offer("seen", Published, ["test.said"])
    put(1, subject="anna")
    files.publish(MAIN)
    Published.objects.all().delete()
    assert rules(own(run)[1]) == ["M-NO-ROW"]
    SubjectKey.objects.update(destroyed_at=now)
    assert own(run)[0] == 0


def test_an_older_database_is_seen_from_outside(run, ours):  # noqa: F811
    """The monitor's own memory is what a restored backup cannot take back."""
    put(1, 2)
    put(3)
    files.publish(MAIN)
    own(run)
    shutil.rmtree(files.folder(MAIN))
    Checkpoint.objects.filter(size=3).delete()
    files.publish(MAIN)
    code, said = own(run)
    assert (code, rules(said)[0]) == (1, "M-ROLLBACK")
    assert "M-DATABASE" in rules(said)


def test_the_loop_ends_with_an_alarm(look, log, tmp_path, monkeypatch):
    write(log, entries(3))
    waited, honest, own = [], time.sleep, threading.current_thread()

    def sleep(seconds):
        if threading.current_thread() is not own:  # what other tests left running
            return honest(seconds)
        waited.append(seconds)
        return write(log, entries(3 + len(waited)) if len(waited) < 3 else [b"x"] * 9)

    monkeypatch.setattr("time.sleep", sleep)
    parser_words = ("monitor", log, "--key", VKEY, "--state", tmp_path / "state.json", "--every", "5")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args([str(word) for word in parser_words])) == 1
    assert waited == [5.0, 5.0, 5.0]
    assert state(tmp_path)["size"] == 5


def test_states_are_written_whole(tmp_path):
    found = monitor.State(origin="o", size=0, root=monitor.Frontier().root(), note="n", frontier=())
    monitor.keep(tmp_path / "deep" / "state.json", found)
    assert monitor.load(tmp_path / "deep" / "state.json") == found
    assert monitor.load(tmp_path / "none") is None


def test_the_demonstration_world_is_the_same_in_log_and_tables(demo_folder, tmp_path):
    """Every table that offers itself, both ways, by the command line; then rows go and rows are made up."""
    data = tmp_path / "data"
    shutil.copytree(demo_folder, data)
    lodeline = Path(sys.executable).parent / "lodeline"
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    def call(*words):
        done = subprocess.run(
            [lodeline, "log", *words, "--json"],
            env=kept | {"LODELINE_DATA": str(data)},
            capture_output=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    assert call("publish")[0] == 0
    code, said = call("monitor", "--own", "--once")
    assert (code, said["findings"], said["strange"]) == (0, [], 0)
    assert said["new"] > 1000
    with sqlite3.connect(data / "lodeline.sqlite3") as database:
        gone = {}
        for table in ("evidence_fact", "trust_score"):
            gone[table] = database.execute(f"SELECT min(position) FROM {table}").fetchone()[0]
            database.execute(f"DELETE FROM {table} WHERE position = {gone[table]}")
        database.execute(
            "UPDATE passports_passport SET position = 0 WHERE id = (SELECT min(id) FROM passports_passport)"
        )
    database.close()
    code, said = call("monitor", "--own", "--once")
    assert code == 1
    assert {(one["rule"], one["pointer"]) for one in said["findings"]} == {
        ("M-NO-ROW", str(gone["evidence_fact"])), ("M-NO-ROW", str(gone["trust_score"])), ("M-NO-STATEMENT", "0"),
    }  # fmt: skip
