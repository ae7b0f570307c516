"""`lodeline witness`, our own signature lines, and policy files that change under a running process."""

from __future__ import annotations

import argparse
import json
import os

import pytest
from tests.apps.log.foreign import Foreign
from tests.apps.log.saying import put
from tests.conftest import NOW

from lodeline.log import checkpoint as checkpoints
from lodeline.log import note as notes
from lodeline.log.cosignature import verifier
from lodeline.log.note import COSIGNATURE, ED25519, MLDSA, NoteRefused
from lodeline.log.policy import PolicyRefused
from lodeline_server.kit import outbound
from lodeline_server.kit.clock import now as clock
from lodeline_server.log import command_witness, notebook, signing, trusted, witness, witnessing
from lodeline_server.log.books import AUDIT, MAIN

pytestmark = pytest.mark.django_db(transaction=True)
LOG = Foreign()


@pytest.fixture
def files(data_folder):
    def write(name, text):
        path = data_folder / f"{name}.policy"
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_text(text)
        os.utime(path, ns=(0, before + 1_000_000_000))

    yield write
    for name in ("log", "witness"):
        (data_folder / f"{name}.policy").unlink(missing_ok=True)


def run(capsys, *words):
    """Exit code and what was said; JSON where it was asked for."""
    parser = argparse.ArgumentParser()
    command_witness.add_arguments(parser)
    code = command_witness.run(parser.parse_args(list(words)))
    said = capsys.readouterr().out
    return code, json.loads(said) if "--json" in words else said


def test_keys(capsys):
    code, said = run(capsys, "key", "--json")
    keys = [notes.parse_vkey(one) for one in said["vkeys"]]
    assert (code, [key.kind for key in keys]) == (0, [COSIGNATURE, MLDSA])
    assert {key.name for key in keys} == {said["name"]} == {"127.0.0.1:8000/witness"}
    assert said["url"] == "http://127.0.0.1:8000/witness"
    assert run(capsys, "key") == (0, "\n".join(said["vkeys"]) + "\n")


def test_without_a_policy(capsys):
    code, said = run(capsys, "ask")
    assert (code, "there is no log.policy" in said) == (2, True)
    code, said = run(capsys, "status", "--json")
    assert (code, said) == (0, {"books": [], "logs": [], "refused": 0})
    assert run(capsys, "evidence", "--json") == (0, {"evidence": []})


def test_with_a_malformed_policy(capsys, files):
    files("log", "quorum all\n")
    for step in ("ask", "status"):
        code, said = run(capsys, step)
        assert code == 2
        assert said.startswith(
            "lodeline witness: a policy in the data folder is malformed: line 1: a quorum line is"
        )
        assert run(capsys, step, "--json")[0] == 2


def test_asking_and_how_it_stands(capsys, files, live_server):
    url = f"{live_server.url}/witness"
    plain, lattice = (one.key for one in witness.cosigners())
    files("log", f"witness a {plain} {url}\nquorum a\n")
    code, said = run(capsys, "ask")
    assert (code, said) == (0, "main: empty\naudit: empty\n")
    put(*range(3))
    code, said = run(capsys, "ask", "--json")  # it does not know our log yet
    assert (code, said["books"][0]) == (
        1,
        {"book": "main", "size": 3, "reached": False, "witnesses": [],
         "errors": {url: "it answered 404: this log is not known here"}},
    )  # fmt: skip
    assert run(capsys, "ask")[1].startswith(f"main 3: cosigned, quorum NOT reached\n  {url}: it answered 404")
    code, said = run(capsys, "status", "--json")
    assert (code, said["books"][0]["reached"], said["books"][0]["witnesses"][0]["size"]) == (1, 0, 0)
    files("witness", f"log {notebook.verifier()}\nquorum none\n")
    assert run(capsys, "ask") == (0, "main 3: cosigned by a, quorum reached\naudit: empty\n")
    code, said = run(capsys, "status", "--json")
    assert (code, said["books"][0]) == (
        0,
        {"book": "main", "size": 3, "reached": 3, "witnesses": [{"name": "a", "url": url, "size": 3, "error": ""}]},
    )  # fmt: skip
    assert said["logs"] == [{"origin": MAIN.origin, "size": 3}]
    assert run(capsys, "status")[1].splitlines()[0] == "main: 3 entries, quorum reached for 3"
    files("log", f"witness a {plain} {url}\nwitness b {lattice} {url}\ngroup g all a b\nquorum g\n")
    assert run(capsys, "ask")[1].startswith("main 3: cosigned by a, b, quorum reached")


def test_evidence_is_printed(capsys, files):
    files("witness", f"log {LOG.vkey}\nquorum none\n")
    witness.add_checkpoint(LOG.request(0, 3), NOW)
    for request in (LOG.request(3, 3, other=True), LOG.request(0, 9)):
        with pytest.raises(witness.Refused):
            witness.add_checkpoint(request, NOW)
    code, said = run(capsys, "evidence", "--json")
    assert (code, [(one["origin"], one["kind"], one["size"]) for one in said["evidence"]]) == (
        1, [(LOG.origin, "split", 3)]
    )  # fmt: skip
    assert said["evidence"][0]["request"].encode() == LOG.request(3, 3, other=True)
    assert said["evidence"][0]["ours"].startswith(LOG.note(3))
    text = run(capsys, "evidence")[1]
    assert f"{LOG.origin} 3: two trees of one size" in text
    assert LOG.note(3, other=True) in text
    assert run(capsys, "status")[0] == 1


# --- our own lines -------------------------------------------------------------------------------------


POINT = checkpoints.Checkpoint(origin=MAIN.origin, size=7, root=b"\7" * 32)


def test_our_line_is_ed25519():
    note = signing.note_for(MAIN, POINT, NOW)
    assert note.count("\n— ") == 1
    assert [str(key) for key in signing.keys(MAIN)] == [notebook.verifier(MAIN)]
    assert notebook.read(note, MAIN) == POINT


def test_a_second_line_of_mldsa(settings):
    settings.LOG_MLDSA = True
    note = signing.note_for(MAIN, POINT, NOW)
    keys = signing.keys(MAIN)
    assert [(key.name, key.kind) for key in keys] == [(MAIN.origin, ED25519), (MAIN.origin, MLDSA)]
    verified = notes.verify(note, map(verifier, keys))
    assert [(one.key, one.time) for one in verified.by] == [(keys[0], None), (keys[1], int(NOW.timestamp()))]
    assert notebook.read(note, MAIN) == POINT
    assert signing.keys(AUDIT)[1].public != keys[1].public
    assert signing.keys(MAIN) == keys
    with pytest.raises(NoteRefused):
        notes.verify(note.replace("\n7\n", "\n8\n"), [verifier(keys[1])])


# --- policy files --------------------------------------------------------------------------------------


def test_a_policy_file_is_kept_until_it_changes(files, data_folder, monkeypatch):
    reads = []
    real = trusted._read
    monkeypatch.setattr(trusted, "_read", lambda path: reads.append(path) or real(path))
    assert trusted.load("log.policy") is None
    files("log", "quorum none\n")
    for _ in range(3):
        assert trusted.load("log.policy").quorum == "none"
    assert len(reads) == 1
    files("log", "quorum nobody\n")
    for _ in range(2):
        with pytest.raises(PolicyRefused, match="line 1: a quorum line"):
            trusted.load("log.policy")
    assert len(reads) == 2
    (data_folder / "log.policy").unlink()
    assert trusted.load("log.policy") is None
    files("log", f"log {LOG.vkey}\nquorum none\n")
    assert len(trusted.load("log.policy").logs) == 1


def test_whether_there_is_anybody_to_ask(files):
    key = witness.cosigners()[0].key
    assert not witnessing.wanted()
    files("log", f"witness a {key}\nquorum a\n")
    assert not witnessing.wanted()
    files("log", f"witness a {key} https://a.example\nquorum a\n")
    assert witnessing.wanted()
    files("log", "nonsense\n")
    assert witnessing.wanted()  # the job fails and is listed


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://a.example", "http://", "http://u@a.example", "http://u:p@a.example", "http://a.example/?x=1",
     "http://a.example/#x", "http://a.example:99999/", "http://\u0000/", "http://" + "a" * 70 + ".example/"],
)  # fmt: skip
def test_addresses_that_are_not_plain_are_never_called(url):
    with pytest.raises(ValueError):
        outbound.call(url)


def test_a_call_that_nobody_answers():
    with pytest.raises(outbound.Unreachable, match="no answer"):
        outbound.call("http://127.0.0.1:1/", seconds=2)


def test_a_call_of_a_page(live_server):
    answer = outbound.call(f"{live_server.url}/healthz")
    assert (answer.status, answer.body) == (200, b"ready\n")
    moved = outbound.call(f"{live_server.url}/app/")
    assert moved.status == 302  # not followed
    with pytest.raises(outbound.Unreachable, match="more than 5 bytes"):
        outbound.call(f"{live_server.url}/healthz", limit=5)


def test_time_is_told_with_each_cosignature(files):
    files("witness", f"log {LOG.vkey}\nquorum none\n")
    at = clock()
    lines = witness.add_checkpoint(LOG.request(0, 3), at)
    keys = [verifier(one.key) for one in witness.cosigners()]
    assert {one.time for one in notes.verify(LOG.note(3) + lines, keys).by} == {int(at.timestamp())}
