"""What people and machines see of anchors, and the archive that shows when something was in the log."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from datetime import timedelta

import pytest
from tests.apps.log.anchoring.made import AUTHORITY, stamped
from tests.apps.log.saying import put
from tests.conftest import missing

from lodeline.access import Role
from lodeline.cli import main
from lodeline.log import receipt
from lodeline.log.anchors.states import State
from lodeline.log.merkle import leaf_hash
from lodeline_server.log import notebook, queries
from lodeline_server.log.anchoring import queries as anchors
from lodeline_server.log.anchoring import targets
from lodeline_server.log.anchoring.bundle import bundle
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.books import AUDIT, MAIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(workspace, now):
    """Three statements of the workspace; a stamp covers two of them."""
    put(1, 2, workspace=workspace.pk)
    row = stamped(now, at=now + timedelta(seconds=7))
    put(3, workspace=workspace.pk)
    return row


@pytest.fixture
def failing(now):
    """One more that nobody answered."""
    newest = notebook.newest()
    return Anchor.objects.create(
        book="main",
        size=newest.size,
        root=bytes(newest.root),
        kind="rfc3161",
        target="two",
        note=newest.note,
        state=State.SUBMITTED,
        queued_at=now,
        changed_at=now,
        next_at=now + timedelta(minutes=4),
        failures=3,
        error="the authority answered with HTTP status 503 <b>",
    )


def text(answer):
    assert answer.status_code == 200
    return b"".join(answer).decode()


def test_a_statement_says_since_when_it_was_in_the_log(client_as, three):
    page = text(client_as(Role.BUYER).get("/app/log/1/"))
    assert "This was in the log before 2026-11-01 12:00:07 UTC." in page
    assert f'href="/app/log/1/anchors/{three.pk}/"' in page
    page = text(client_as(Role.BUYER).get("/app/log/2/"))
    assert "No time stamp from outside covers it yet." in page


def test_a_time_with_parts_of_a_second_is_shown_as_the_next_whole_one(three, now):
    Anchor.objects.update(attested_at=now.replace(microsecond=1))
    assert anchors.until(Anchor.objects.get()) == now + timedelta(seconds=1)
    Anchor.objects.update(attested_at=now)
    assert anchors.until(Anchor.objects.get()) == now


def test_the_archive_is_checked_without_us(client_as, three, tmp_path, capsys):
    if not shutil.which("openssl"):
        missing("openssl")
    targets.add(
        targets.checked(
            {"name": "one", "kind": "rfc3161", "url": "http://127.0.0.1:9/", "roots": str(tmp_path / "r")},
            targets.file().parent,
        )
    )
    (tmp_path / "r").write_bytes(AUTHORITY.pem)
    answer = client_as(Role.BUYER).get(f"/app/log/1/anchors/{three.pk}/")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="1-before.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [
            "README.txt",
            "statement.leaf",
            "statement.tlog-proof",
            "checkpoint.txt",
            "timestamp.tsr",
            "roots.pem",
        ]
        archive.extractall(tmp_path)
    readme = (tmp_path / "README.txt").read_text()
    assert "was in the log before 2026-11-01 12:00:07 UTC." in readme
    assert notebook.verifier() in readme
    proof = receipt.read((tmp_path / "statement.tlog-proof").read_text())
    leaf = (tmp_path / "statement.leaf").read_bytes()
    checkpoint = proof.verify(leaf_hash(leaf), {MAIN.origin: notebook.vault.signing_key().verify_key})
    assert (checkpoint.size, checkpoint.text()) == (2, (tmp_path / "checkpoint.txt").read_text())
    words = [
        "openssl",
        "ts",
        "-verify",
        "-in",
        "timestamp.tsr",
        "-data",
        "checkpoint.txt",
        "-CAfile",
        "roots.pem",
    ]
    words += ["-attime", str(int(three.attested_at.timestamp()))]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    offline = ["anchor", "verify", "--token", str(tmp_path / "timestamp.tsr")]
    offline += ["--checkpoint", str(tmp_path / "checkpoint.txt"), "--roots", str(tmp_path / "r")]
    assert main(offline) == 0
    assert "this checkpoint existed before 2026-11-01T12:00:07+00:00" in capsys.readouterr().out
    said = [
        "log",
        "verify",
        str(tmp_path / "statement.tlog-proof"),
        "--leaf",
        str(tmp_path / "statement.leaf"),
    ]
    assert main([*said, "--key", notebook.verifier()]) == 0


def test_an_archive_of_the_audit_trail(workspace, now):
    put(1, 2, workspace=workspace.pk, book=AUDIT)
    row = stamped(now, book=AUDIT)
    with zipfile.ZipFile(io.BytesIO(bundle(row, 1))) as archive:
        proof = receipt.read(archive.read("statement.tlog-proof").decode())
        leaf = archive.read("statement.leaf")
    assert leaf == queries.get(1, book=AUDIT).leaf
    assert (
        proof.verify(
            leaf_hash(leaf), {AUDIT.origin: notebook.vault.signing_key(AUDIT.key_file).verify_key}
        ).size
        == 2
    )


def test_the_archive_holds_nothing_of_what_was_said(client_as, workspace, now):
    from tests.apps.log.saying import NOON, platform, transaction

    from lodeline_server.log.actions import NewStatement, append

    with transaction.atomic():
        append(
            actor=platform(),
            workspace=workspace.pk,
            statements=[NewStatement(type="test.said", payload={"body": "canary-7391"})],
            now=NOON,
        )
    row = stamped(now)
    answer = client_as(Role.FINANCIER).get(f"/app/log/0/anchors/{row.pk}/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert all(b"canary-7391" not in archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(
    "place", ["2/anchors/{pk}", "9/anchors/{pk}", "1/anchors/999", f"{2**64}/anchors/{{pk}}"]
)
def test_what_is_not_covered_has_no_archive(client_as, three, place):
    answer = client_as(Role.BUYER).get(f"/app/log/{place.format(pk=three.pk)}/")
    assert answer.status_code == 404


def test_an_anchor_that_is_not_final_covers_nothing(client_as, three, now):
    Anchor.objects.update(state=State.INCLUDED)
    client = client_as(Role.BUYER)
    assert client.get(f"/app/log/1/anchors/{three.pk}/").status_code == 404
    assert client.get(f"/app/log/anchors/{three.pk}/receipt").status_code == 404
    assert "No time stamp from outside covers it yet." in text(client.get("/app/log/1/"))


def test_others_get_no_archive_of_a_statement(client_as, other_organisation, three):
    answer = client_as(Role.BUYER, other_organisation).get(f"/app/log/1/anchors/{three.pk}/")
    assert answer.status_code == 404


def test_the_time_stamp_as_it_came(client_as, three):
    answer = client_as(Role.FINANCIER).get(f"/app/log/anchors/{three.pk}/receipt")
    assert (answer["Content-Type"], answer.content) == ("application/timestamp-reply", bytes(three.receipt))
    assert answer["Content-Disposition"] == 'attachment; filename="main-2.tsr"'
    assert client_as(Role.FINANCIER).get("/app/log/anchors/0/receipt").status_code == 404
    assert client_as(Role.FINANCIER).get(f"/app/log/anchors/{2**70}/receipt").status_code == 404


def test_the_list_of_anchors(client_as, three, failing):
    page = text(client_as(Role.BUYER).get("/app/log/anchors/"))
    assert "The first 2 statements were in the log before 2026-11-01 12:00:07 UTC." in page
    assert "HTTP status 503" not in page  # names machines of the operator
    assert "Failing" in page  # that one does is no secret
    page = text(client_as(Role.OPERATOR).get("/app/log/anchors/"))
    assert "1 anchor fails." in page
    assert "HTTP status 503 &lt;b&gt;" in page
    rows = text(client_as(Role.BUYER).get("/app/log/anchors/?format=csv")).splitlines()
    assert [row.split(",")[:5] for row in rows[1:]] == [
        ["3", "main", "two", "rfc3161", "submitted"],
        ["2", "main", "one", "rfc3161", "final"],
    ]
    one = text(client_as(Role.BUYER).get("/app/log/anchors/?state=final"))
    assert f"/app/log/anchors/{three.pk}/receipt" in one
    assert "two</td>" not in one


def test_the_page_of_the_log_names_the_places(client_as, three, failing):
    page = text(client_as(Role.BUYER).get("/app/log/"))
    assert "Anchored outside" in page
    assert 'href="/app/log/anchors/"' in page
    assert "HTTP status 503" not in page


def test_a_file_that_cannot_be_used_is_said_to_the_operator(client_as, three):
    targets.file().write_text("nonsense = 1\n")
    assert "anchors.toml cannot be used." in text(client_as(Role.OPERATOR).get("/app/log/anchors/"))
    assert "anchors.toml cannot be used." not in text(client_as(Role.BUYER).get("/app/log/anchors/"))


def test_anchors_by_api(api_client, three, failing):
    told = api_client(Role.AUDITOR).get("/api/log/anchors").json()
    assert [(one["target"], one["size"], one["failing"]) for one in told["places"]] == [
        ("one", 2, False),
        ("two", 0, True),
    ]
    assert [one["state"] for one in told["anchors"]] == ["submitted", "final"]
    assert "503" not in json.dumps(told)
    told = api_client(Role.OPERATOR).get("/api/log/anchors").json()
    assert told["anchors"][0]["error"] == "the authority answered with HTTP status 503 <b>"


def test_what_covers_a_statement_by_api(api_client, three):
    told = api_client(Role.AUDITOR).get("/api/log/statements/1/anchors").json()
    assert told["before"] == "2026-11-01T12:00:07+00:00"
    assert [(one["id"], one["proof"]) for one in told["anchors"]] == [
        (three.pk, f"/app/log/1/anchors/{three.pk}/")
    ]
    told = api_client(Role.AUDITOR).get("/api/log/statements/2/anchors").json()
    assert (told["before"], told["anchors"]) == (None, [])
    assert api_client(Role.AUDITOR).get("/api/log/statements/3/anchors").status_code == 404
    assert api_client(Role.AUDITOR).get(f"/api/log/statements/{2**64}/anchors").status_code == 404
