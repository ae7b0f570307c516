"""`lodeline log prove`, `verify` and `consistency`: receipts that hold, offline, and everything that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.apps.log.saying import NOON, put
from tests.apps.log.test_commands import run  # noqa: F401 - a fixture

from lodeline.keys import SigningKey
from lodeline.log import checkpoint as notes
from lodeline.log.checkpoint import from_base64
from lodeline.log.cosignature import Cosigner
from lodeline.log.note import COSIGNATURE, VKey
from lodeline.log.proof import verify_consistency
from lodeline_server.log import command, notebook
from lodeline_server.log.books import AUDIT
from lodeline_server.log.models import Checkpoint, Entry, SubjectKey, Tile

pytestmark = pytest.mark.django_db
LODELINE = Path(sys.executable).parent / "lodeline"


@pytest.fixture
def receipt(run, tmp_path):  # noqa: F811
    """Files of a log of 11: proof and statement of position 4, its leaf, the key."""
    put(*range(11))
    assert run(command, "prove", 4, "--out", tmp_path / "4.tlog-proof") == (
        0,
        f"{tmp_path}/4.tlog-proof: position 4 in a log of 11\n",
    )
    said = run(command, "show", 4, "--json")[1]
    (tmp_path / "4.json").write_text(json.dumps(said))
    (tmp_path / "4.leaf").write_text(said["leaf"])
    (tmp_path / "log.vkey").write_text(notebook.verifier() + "\n")
    return tmp_path


def verify(run, folder, *words, proof="4.tlog-proof"):  # noqa: F811
    return run(command, "verify", folder / proof, *words, "--json")


def test_a_receipt_holds_by_leaf_and_by_statement(run, receipt):  # noqa: F811
    key = notebook.verifier()
    value = {
        "verified": True,
        "log": notebook.verifier().split("+")[0],
        "position": 4,
        "size": 11,
        "witnesses": [],
    }
    assert verify(run, receipt, "--leaf", receipt / "4.leaf", "--key", key) == (0, value)
    about = {"type": "test.said", "time": "2026-11-01T12:00:00.000000Z"}
    assert verify(run, receipt, "--statement", receipt / "4.json", "--key", receipt / "log.vkey") == (
        0,
        value | about,
    )
    code, said = run(
        command, "verify", receipt / "4.tlog-proof", "--statement", receipt / "4.json", "--key", key
    )
    assert code == 0
    assert said == (
        "good: a statement of type test.said, logged 2026-11-01T12:00:00.000000Z, is at position 4 of "
        f"{value['log']}, size 11\n"
    )


def test_it_runs_without_database_framework_and_settings(receipt):
    """In a process of its own where none of them can be imported."""
    program = (
        "import socket, sys\n"
        "socket.socket = None\n"
        "for name in ('django', 'lodeline_server.kit', 'lodeline_server.config', 'sqlite3'):\n"
        "    sys.modules[name] = None\n"
        "from lodeline.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ["log", "verify", "4.tlog-proof", "--statement", "4.json", "--key", "log.vkey"]
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=receipt, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("good: a statement of type test.said")
    assert not (receipt / "var").exists()


def changed(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def swap_last_hash(folder):
    lines = (folder / "4.tlog-proof").read_text().split("\n")
    lines[3] = "A" * 43 + "="
    (folder / "4.tlog-proof").write_text("\n".join(lines))


def cut(folder):
    lines = (folder / "4.tlog-proof").read_text().split("\n")
    del lines[3]
    (folder / "4.tlog-proof").write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda at: changed(at / "4.tlog-proof", "index 4", "index 5"), "the proof leads to another root"),
        (lambda at: changed(at / "4.tlog-proof", "index 4", "index 11"), "no leaf 11 in a tree of 11"),
        (lambda at: changed(at / "4.tlog-proof", "\n11\n", "\n12\n"), "does not hold"),
        (lambda at: changed(at / "4.tlog-proof", "index 4", "index 04"), "a proof names its index"),
        (
            lambda at: changed(at / "4.tlog-proof", "tlog-proof@v1", "tlog-proof@v2"),
            "not a proof of the form",
        ),
        (lambda at: (at / "4.tlog-proof").write_bytes(b"\xff"), "codec can't decode"),
        (lambda at: (at / "4.tlog-proof").write_text(""), "not a proof of the form"),
        (swap_last_hash, "the proof leads to another root"),
        (cut, "the proof is too short"),
        (lambda at: changed(at / "4.leaf", '"v":1', '"v":2'), "the proof leads to another root"),
        (lambda at: (at / "4.leaf").write_text((at / "4.leaf").read_text() + "\n"), "leads to another root"),
    ],
)
def test_receipts_that_do_not_hold(run, receipt, change, error):  # noqa: F811
    change(receipt)
    code, said = verify(run, receipt, "--leaf", receipt / "4.leaf", "--key", notebook.verifier())
    assert (code, said["verified"]) == (1, False)
    assert error in said["error"]


@pytest.mark.parametrize(
    ("old", "new", "code", "error"),
    [
        ('"n": 4', '"n": 5', 1, "salt and payload do not lead to the commitment in the leaf"),
        ('"salt": "', '"salt": "A', 1, "the statement has no salt"),
        ('"salt": "', '"salt": "=', 1, "not base64url"),
        ('"payload"', '"other"', 2, "has no leaf, salt and payload"),
        ('"leaf": "', '"leaf": " ', 1, "not the canonical form of a leaf record"),
        ('"erased"', '"salt": "", "erased"', 2, "salt"),
        ("{", "[", 2, "4.json"),
    ],
)
def test_statements_that_do_not_fit(run, receipt, old, new, code, error):  # noqa: F811
    changed(receipt / "4.json", old, new)
    found, said = verify(run, receipt, "--statement", receipt / "4.json", "--key", notebook.verifier())
    assert (found, said["verified"]) == (code, False)
    assert error in said["error"]


def test_an_erased_statement_is_verified_by_its_leaf(run, tmp_path):  # noqa: F811
    put(1, subject="anna")
    SubjectKey.objects.update(destroyed_at=NOON)
    assert run(command, "prove", 0, "--out", tmp_path / "4.tlog-proof")[0] == 0
    said = run(command, "show", 0, "--json")[1]
    (tmp_path / "4.json").write_text(json.dumps(said))
    (tmp_path / "4.leaf").write_text(said["leaf"])
    key = notebook.verifier()
    code, told = verify(run, tmp_path, "--statement", tmp_path / "4.json", "--key", key)
    assert (code, "only its leaf can be verified" in told["error"]) == (1, True)
    assert verify(run, tmp_path, "--leaf", tmp_path / "4.leaf", "--key", key)[0] == 0


def test_keys_that_are_not_the_logs(run, receipt):  # noqa: F811
    origin = notebook.verifier().split("+")[0]
    foreign = SigningKey.from_seed(b"\7" * 32).verify_key
    leaf = ("--leaf", receipt / "4.leaf")
    code, said = verify(run, receipt, *leaf, "--key", notes.vkey(origin, foreign))
    assert (code, said["error"]) == (1, "no known key has signed this note")
    code, said = verify(run, receipt, *leaf, "--key", notes.vkey("other.example/log", foreign))
    assert (code, said["error"]) == (1, "no known key has signed this note")
    for key in ("x", "a+b+c", notebook.verifier()[:-3], ""):
        code, said = verify(run, receipt, *leaf, "--key", key)
        assert (code, said["verified"]) == (2, False), key
    witness = VKey(name="witness.example", kind=COSIGNATURE, public=foreign.raw)
    code, said = verify(run, receipt, *leaf, "--key", str(witness))
    assert (code, said["error"]) == (2, "the key: of a witness, not of a log; witnesses stand in a policy")


def test_a_key_below_a_logs_own_files_is_refused(run, receipt):  # noqa: F811
    served = receipt / "log" / "keys"
    served.mkdir(parents=True)
    (receipt / "log" / "checkpoint").write_text("any")
    (served / "log.vkey").write_text(notebook.verifier())
    (served / "policy").write_text(f"log {notebook.verifier()}\nquorum none\n")
    (receipt / "link.vkey").symlink_to(served / "log.vkey")
    for key in (served / "log.vkey", receipt / "link.vkey"):
        code, said = verify(run, receipt, "--leaf", receipt / "4.leaf", "--key", key)
        assert (code, "lies in the served folder of a log" in said["error"]) == (1, True)
    code, said = verify(run, receipt, "--leaf", receipt / "4.leaf", "--policy", served / "policy")
    assert (code, "lies in the served folder of a log" in said["error"]) == (1, True)


def test_a_policy_asks_for_witnesses(run, receipt):  # noqa: F811
    cosigner = Cosigner(name="witness.example/one", kind=COSIGNATURE, seed=b"\5" * 32)
    witness = cosigner.key
    policy = receipt / "policy"
    policy.write_text(f"log {notebook.verifier()}\nwitness one {witness}\nquorum one\n")
    leaf = ("--leaf", receipt / "4.leaf", "--policy", policy)
    code, said = verify(run, receipt, *leaf)
    assert (code, said["error"]) == (1, "0 witnesses that count: the quorum 'one' is not reached")
    proof = receipt / "4.tlog-proof"
    text = proof.read_text()
    signed = text.split("\n\n")[1] + "\n"
    proof.write_text(text + cosigner.sign(signed, 1_700_000_000).line())
    code, said = verify(run, receipt, *leaf)
    assert (code, said["witnesses"]) == (0, ["one"])
    policy.write_text(f"witness one {witness}\nquorum one\n")
    assert verify(run, receipt, *leaf)[0] == 1
    assert verify(run, receipt, *leaf, "--key", notebook.verifier())[0] == 0
    policy.write_text("quorum\n")
    code, said = verify(run, receipt, *leaf)
    assert (code, "line 1: a quorum line is" in said["error"]) == (2, True)


def test_input_that_cannot_be_read(run, receipt):  # noqa: F811
    key = notebook.verifier()
    code, said = verify(run, receipt, "--leaf", receipt / "4.leaf")
    assert (code, said["error"]) == (2, "name the log's key (--key), a policy (--policy), or both")
    for words in (
        ("--leaf", receipt / "none", "--key", key),
        ("--leaf", receipt, "--key", key),
        ("--leaf", receipt / "4.leaf", "--key", receipt / "none"),
        ("--leaf", receipt / "4.leaf", "--policy", receipt / "none"),
    ):
        code, said = verify(run, receipt, *words)
        assert (code, "cannot be read" in said["error"]) == (2, True)
    code, said = verify(run, receipt, "--leaf", receipt / "4.leaf", "--key", key, proof="none")
    assert (code, "cannot be read" in said["error"]) == (2, True)


def test_a_proof_under_an_older_checkpoint(run):  # noqa: F811
    put(*range(5))
    put(*range(6))
    code, said = run(command, "prove", 4, "--size", 5)
    assert (code, said.split("\n\n")[1].split("\n")[1]) == (0, "5")
    code, said = run(command, "prove", 4, "--size", 7)
    assert (code, said) == (1, "lodeline log: No such checkpoint: none of 7 entries was signed\n")
    code, said = run(command, "prove", 7, "--size", 5)
    assert (code, said) == (1, "lodeline log: Not in the log: no position 7 in a tree of 5\n")
    assert run(command, "prove", 4, "--size", 10**30)[0] == 1
    code, said = run(command, "prove", 4, "--out", "/no/such/folder/4")
    assert (code, said) == (
        2,
        "lodeline log: /no/such/folder/4 cannot be written: No such file or directory\n",
    )


def test_the_audit_trail_has_its_own_proofs(run, tmp_path):  # noqa: F811
    put(1)
    put(1, 2, book=AUDIT)
    assert run(command, "fsck", "--book", "audit", "--json")[1]["size"] == 2
    assert run(command, "prove", 1, "--book", "audit", "--out", tmp_path / "4.tlog-proof")[0] == 0
    (tmp_path / "4.leaf").write_bytes(bytes(AUDIT.entries.objects.get(position=1).leaf))
    leaf = ("--leaf", tmp_path / "4.leaf", "--key")
    key = run(command, "checkpoint", "--book", "audit", "--json")[1]["vkey"]
    assert verify(run, tmp_path, *leaf, key)[1]["log"] == AUDIT.origin
    assert verify(run, tmp_path, *leaf, notebook.verifier())[0] == 1


def test_consistency_between_any_two_sizes(run):  # noqa: F811
    put(*range(7))
    put(*range(4))
    for old in range(1, 12):
        for new in range(old, 12):
            code, said = run(command, "consistency", old, new, "--json")
            path = [from_base64(one) for one in said["proof"]]
            verify_consistency(old, new, from_base64(said["oldRoot"]), from_base64(said["newRoot"]), path)
            assert code == 0
    assert said["newRoot"] == notebook.newest().note.split("\n")[2]
    code, said = run(command, "consistency", 7)
    first, second, blank, *path = said.rstrip("\n").split("\n")
    old = Checkpoint.objects.get(size=7).note.split("\n")[2]
    assert (code, first, second, blank, len(path)) == (
        0,
        f"7 {old}",
        f"11 {notebook.newest().note.split()[2]}",
        "",
        5,
    )


@pytest.mark.parametrize(("old", "new"), [(0, 3), (-1, 3), (3, 2), (3, 8), (10**30, 10**30)])
def test_consistency_that_cannot_be(run, old, new):  # noqa: F811
    put(*range(7))
    code, said = run(command, "consistency", "--", old, new)
    assert (code, said) == (1, f"lodeline log: Not in the log: no proof from {old} to {new}; the log has 7\n")


def test_a_damaged_log_proves_nothing(run):  # noqa: F811
    code, said = run(command, "consistency", 1, 2)
    assert (code, said) == (1, "lodeline log: The log is empty: nothing was appended yet\n")
    put(*range(7))
    Tile.objects.update(hashes=bytes(32 * 7))
    code, said = run(command, "consistency", 1, 2)
    assert (code, said.startswith("lodeline log: The log is damaged: the tiles do not lead")) == (1, True)


def test_publishing_by_hand(run, tmp_path):  # noqa: F811
    put(*range(300))
    put(1, book=AUDIT)
    code, said = run(command, "publish", "--to", tmp_path / "out", "--json")
    audit = tmp_path / "out" / "audit"
    assert (code, said["main"]["size"], said["main"]["written"]) == (0, 300, 6)
    assert said["audit"] == {"folder": str(audit), "size": 1, "written": 3, "swept": 0}
    assert (audit / "tile/entries/000.p/1").is_file()
    assert run(command, "publish", "--to", tmp_path / "out", "--json")[1]["main"]["written"] == 0
    code, said = run(command, "publish", "--to", tmp_path / "out", "--anew")
    assert (code, "what was there is kept in" in said) == (0, True)
    assert (tmp_path / "out.aside-1" / "tile/0/000").is_file()
    Entry.objects.filter(position=3).update(leaf=b"{}")
    code, said = run(command, "publish", "--to", tmp_path / "other")
    assert (code, "entry 3 is not the one in the tree" in said) == (1, True)
    (tmp_path / "file").write_text("")
    assert run(command, "publish", "--to", tmp_path / "file" / "x")[0] == 2
