"""Where keys lie: files, the environment, a PKCS#11 token (SoftHSM2)."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import pytest
from tests.apps.log import softhsm
from tests.conftest import missing

from lodeline.keys import SigningKey
from lodeline.sealing import Unreadable
from lodeline_server.kit import keystores
from lodeline_server.kit.keystores import KeyUnusable

KEY, OTHER = b"k" * 32, b"o" * 32
COMMAND = (
    "import argparse; from lodeline_server.log import command_keys as c; p = argparse.ArgumentParser(); "
    "c.add_arguments(p); raise SystemExit(c.run(p.parse_args()))"
)


def b64(data):
    return base64.b64encode(data).decode()


def test_a_file_is_made_once_and_only_for_its_owner(tmp_path):
    (first,) = keystores.keks(tmp_path, {})
    (again,) = keystores.keks(tmp_path, {})
    assert (first, first.source) == (again, "file kek.key")
    assert (tmp_path / "secrets" / "kek.key").stat().st_mode & 0o777 == 0o600
    assert len(first.id) == 16
    assert repr(first) == "PlainKek(source='file kek.key')"


def test_the_environment_comes_first_and_makes_no_file(tmp_path):
    (only,) = keystores.keks(tmp_path, {"LODELINE_KEK": b64(KEY)})
    assert only == keystores.PlainKek(KEY, "environment LODELINE_KEK")
    assert not (tmp_path / "secrets").exists()
    keystores.keks(tmp_path, {})
    both = keystores.keks(tmp_path, {"LODELINE_KEK": b64(KEY), "LODELINE_KEK_OLD": b64(OTHER)})
    assert [one.source for one in both] == [
        "environment LODELINE_KEK", "environment LODELINE_KEK_OLD", "file kek.key",
    ]  # fmt: skip


def test_what_one_wraps_no_other_opens_nor_at_another_place():
    one, other = keystores.PlainKek(KEY, "a"), keystores.PlainKek(OTHER, "b")
    wrapped = one.wrap(b"x" * 32, aad=b"here")
    assert one.unwrap(wrapped, aad=b"here") == b"x" * 32
    for key, aad in ((one, b"there"), (other, b"here")):
        with pytest.raises(Unreadable):
            key.unwrap(wrapped, aad=aad)


@pytest.mark.parametrize("text", ["!", "c2hvcnQ=", b64(b"x" * 31), b64(b"x" * 33), "Zm9v\x00"])
def test_a_value_that_is_no_key_is_refused_without_being_told(text, tmp_path):
    with pytest.raises(KeyUnusable) as refused:
        keystores.keks(tmp_path, {"LODELINE_KEK": text})
    assert str(refused.value) == "LODELINE_KEK is not base64 of 32 bytes"
    with pytest.raises(KeyUnusable):
        keystores.signers(tmp_path, "log.key", {"LODELINE_LOG_KEY": text})


def test_signing_keys_by_name(tmp_path):
    found = keystores.signers(
        tmp_path, "audit.key", {"LODELINE_AUDIT_KEY": b64(KEY), "LODELINE_LOG_KEY": "!"}
    )
    assert [one.source for one in found] == ["environment LODELINE_AUDIT_KEY"]
    assert found[0].verify_key == SigningKey(KEY).verify_key
    keystores.signers(tmp_path, "log.key", {})
    keystores.new_file(tmp_path, "log.0002.key")
    assert [one.source for one in keystores.signers(tmp_path, "log.key", {})] == [
        "file log.key",
        "file log.0002.key",
    ]
    with pytest.raises(FileExistsError):
        keystores.new_file(tmp_path, "log.0002.key")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"LODELINE_PKCS11_MODULE": "/nowhere.so"}, "LODELINE_PKCS11_TOKEN and LODELINE_PKCS11_PIN_FILE are needed"),
        ({"LODELINE_PKCS11_MODULE": "/nowhere.so", "LODELINE_PKCS11_TOKEN": "t",
          "LODELINE_PKCS11_PIN_FILE": "/nowhere"}, "LODELINE_PKCS11_PIN_FILE cannot be read"),
        ({"LODELINE_PKCS11_MODULE": "/nowhere.so", "LODELINE_PKCS11_TOKEN": "t",
          "LODELINE_PKCS11_PIN_FILE": __file__}, "the PKCS#11 token 't' cannot be opened"),
    ],
)  # fmt: skip
def test_a_token_that_cannot_be_used_stops_instead_of_falling_back(environ, said, tmp_path):
    pytest.importorskip("pkcs11")
    with pytest.raises(KeyUnusable) as refused:
        keystores.keks(tmp_path, environ)
    assert str(refused.value).startswith(said)
    assert not (tmp_path / "secrets").exists()


@pytest.fixture
def token(tmp_path, monkeypatch):
    pytest.importorskip("pkcs11")
    if softhsm.module() is None:
        missing("SoftHSM2")
    room = tmp_path / "hsm"
    room.mkdir()
    found = softhsm.make(room)
    return found, tmp_path


def run(token, code):
    """In a process of its own: the library reads its settings once."""
    settings, folder = token
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | settings | {"FOLDER": str(folder)},
        text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


INSIDE = """
import json, os
from pathlib import Path
from lodeline.keys import SignatureRefused
from lodeline.sealing import Unreadable
from lodeline_server.kit import keystores, tokens
from lodeline_server.kit.keystores import KeyUnusable
folder, told = Path(os.environ["FOLDER"]), {}
try:
    keystores.keks(folder)
except KeyUnusable as error:
    told["empty"] = str(error)
token = tokens.open_token(os.environ)
told["made"] = [token.make(name) for name in ("kek.key", "kek.key", "log.key", "audit.key", "log.key")]
keks = keystores.keks(folder)
told["keks"] = [[one.id, one.source] for one in keks]
wrapped = keks[1].wrap(b"x" * 32, aad=b"here")
told["size"], told["same"] = len(wrapped), keks[1].unwrap(wrapped, aad=b"here") == b"x" * 32
told["wrong"] = 0
for key, aad, data in ((keks[0], b"here", wrapped), (keks[1], b"there", wrapped), (keks[1], b"here", wrapped[:-1])):
    try:
        key.unwrap(data, aad=aad)
    except Unreadable:
        told["wrong"] += 1
signers = keystores.signers(folder, "log.key")
told["signers"] = [one.source for one in signers]
signature = signers[0].sign(b"what is signed")
told["signature"] = len(signature)
signers[0].verify_key.verify(signature, b"what is signed")
try:
    signers[1].verify_key.verify(signature, b"what is signed")
except SignatureRefused:
    told["foreign"] = True
import pkcs11
told["hidden"] = []
for one in token.session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}):
    try:
        one[pkcs11.Attribute.VALUE]
    except pkcs11.PKCS11Error as error:
        told["hidden"].append(type(error).__name__)
told["files"] = (folder / "secrets").exists()
reading, writing = os.pipe()
if os.fork() == 0:  # as a server's processes are
    here = keystores.signers(folder, "log.key")[0]
    os.write(writing, here.sign(b"from a child"))
    os._exit(0)
os.wait()
signers[0].verify_key.verify(os.read(reading, 64), b"from a child")
signers[0].verify_key.verify(signers[0].sign(b"from the parent"), b"from the parent")
told["forked"] = True
print(json.dumps(told))
"""


def test_keys_in_a_token_wrap_and_sign_and_never_leave_it(token):
    told = run(token, INSIDE)
    assert told["empty"] == "the token holds no key 'lodeline-kek': 'lodeline keys make' makes it"
    assert told["made"] == [
        "lodeline-kek",
        "lodeline-kek-2",
        "lodeline-log",
        "lodeline-audit",
        "lodeline-log-2",
    ]
    assert told["keks"] == [["token-2", "token lodeline-kek-2"], ["token-1", "token lodeline-kek"]]
    assert (told["size"], told["same"], told["wrong"]) == (60, True, 3)
    assert told["signers"] == ["token lodeline-log-2", "token lodeline-log"]
    assert (told["signature"], told["foreign"]) == (64, True)
    assert told["hidden"] == ["AttributeSensitive", "AttributeSensitive"]
    assert (told["files"], told["forked"]) == (False, True)


@pytest.mark.slow
def test_an_installation_that_signs_and_wraps_in_the_token_only(token, tmp_path):
    """From files into the token: keys made there, rotated into, and the log goes on under the other key."""
    settings, _ = token
    data = tmp_path / "data"
    plain = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | {
        "LODELINE_DATA": str(data)
    }

    def lodeline(*words, env, code=0):
        done = subprocess.run(
            [sys.executable, "-c", "from lodeline.cli import main; raise SystemExit(main())", *words],
            env=env, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout[-1500:] + done.stderr[-1500:]
        return done.stdout

    def keys(*words, env, code=0):
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *words, "--json"],
            env=env,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stdout[-1500:] + done.stderr[-1500:]
        return json.loads(done.stdout)

    def capture(number, env):
        body = {
            "type": "StatementDocument", "schemaVersion": "1", "creationDate": "2026-10-01T00:00:00Z",
            "statements": [{
                "id": f"urn:test:{number}", "kind": "policy.signature", "issued": "2026-09-02",
                "subject": "https://id.gs1.org/417/9521000000004", "issuer": "https://id.gs1.org/417/9521000000004",
                "content": {"policy": "Rules", "version": "1", "signatory": "Anna", "signed": "2026-09-01"},
                "dataSubject": "anna",
            }],
        }  # fmt: skip
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(body))
        lodeline("capture", str(path), "--as", "works", env=env)

    lodeline("manage", "migrate", "--verbosity", "0", env=plain)
    lodeline("user", "workspace", "North", "--slug", "north", env=plain)
    lodeline("user", "organisation", "Works", "--slug", "works", "--workspace", "north",
             "--party", "https://id.gs1.org/417/9521000000004", env=plain)  # fmt: skip
    capture(1, plain)
    hsm = plain | settings
    assert keys("make", env=hsm)["made"] == ["lodeline-kek", "lodeline-log", "lodeline-audit"]
    assert keys("make", env=hsm)["made"] == []
    assert keys("rotate", "kek", env=hsm)["source"] == "token lodeline-kek"
    moved = keys("rotate", "log", env=hsm)
    assert moved["source"] == "token lodeline-log"
    assert not (data / "secrets" / "kek.key").exists()
    capture(2, hsm)
    fsck = json.loads(lodeline("log", "fsck", "--json", env=hsm))
    assert (fsck["findings"], fsck["size"]) == ([], moved["position"] + 3)
    note = json.loads(lodeline("log", "checkpoint", "--json", env=hsm))
    assert note["vkey"].split("+")[0] in note["checkpoint"]
    status = keys("status", env=hsm)
    assert [one["source"] for one in status["books"][0]["keys"]] == ["file log.key", "token lodeline-log"]
    assert status["unreadable"] == []
    (data / "secrets" / "log.key").unlink()  # only its public part is needed from now on
    assert json.loads(lodeline("log", "fsck", "--json", env=hsm))["findings"] == []
    without = keys("status", env=plain, code=1)
    assert [one["kek"] for one in without["unreadable"]] == ["token-1"] * len(without["unreadable"])
    assert len(without["unreadable"]) >= 1
    assert without["books"][0]["signs"] is False
    refused = subprocess.run(
        [sys.executable, "-c", "from lodeline.cli import main; raise SystemExit(main())", "log", "show", "0"],
        env=plain, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "token-1" in refused.stdout
