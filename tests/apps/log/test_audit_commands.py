"""`lodeline audit` and `lodeline log cross`; and that what is done at the command line is a line of the trail."""

from __future__ import annotations

import argparse
import json
import os
from datetime import timedelta

import pytest
from django.db import transaction
from tests.apps.log.trail import clear, said, waiting

from lodeline.access import Actor, Role, platform
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.log import command as log_command
from lodeline_server.log import notebook
from lodeline_server.log.auditing import command, pseudonyms
from lodeline_server.log.auditing.sequencer import sequence
from lodeline_server.log.books import AUDIT
from lodeline_server.log.models import AuditCheckpoint, AuditEntry, AuditOutbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_old_copies():
    notebook.file(AUDIT).unlink(missing_ok=True)
    yield
    notebook.file(AUDIT).unlink(missing_ok=True)


def run(*words, module=command):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.run(parser.parse_args(list(words)))


@pytest.fixture
def three(actor, now):
    buyer = actor("buyer")
    clear()
    audit.record(Kind.READ, "looked", actor=buyer, objects={"lot": "a\x1bb"}, now=now)
    audit.record(Kind.DENIED, "members", actor=buyer, outcome=Outcome.DENIED, now=now + timedelta(days=1))
    other = Actor(kind="key", id="key:7", workspace=buyer.workspace, role=Role.MAKER)
    audit.record(Kind.CHANGE, "issued", actor=other, now=now + timedelta(days=2))
    return buyer


def test_it_sequences_prints_and_records_itself(three, capsys):
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].split()[2:5] == [pseudonyms.of_id(f"shell:{os.getuid()}", 0), "command", "ok"]
    assert lines[3].endswith("looked  lot=a\\x1bb")
    assert all(line.isprintable() for line in lines)
    assert waiting() == []
    assert AuditEntry.objects.filter(type="audit.command").count() == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["audit", "issued", "members", "looked"]),
        (["--actor", "buyer@north.example"], ["members", "looked"]),
        (["--actor", "key:7"], ["issued"]),
        (["--actor", f"shell:{os.getuid()}"], ["audit"]),
        (["--actor", "nobody"], []),
        (["--since", "2026-11-02", "--until", "2026-11-03T11:59:59Z"], ["members"]),
        (["--type", "change"], ["issued"]),
        (["--outcome", "denied"], ["members"]),
        (["--action", "LOOK"], ["looked"]),
        (["--limit", "2"], ["audit", "issued"]),
        (["--before", "1"], ["looked"]),
    ],
)
def test_filters_as_json(three, capsys, words, found):
    assert run("--json", *words) == 0
    told = json.loads(capsys.readouterr().out)
    assert [line["action"] for line in told["lines"]] == found
    assert {line["workspace"] for line in told["lines"]} <= {0, three.workspace}


def test_what_was_asked_for_is_in_the_line(three, capsys):
    run("--actor", "buyer@north.example", "--since", "2026-11-02", "--json")
    told = json.loads(capsys.readouterr().out)
    run("--type", "command", "--json")
    first = json.loads(capsys.readouterr().out)["lines"][-1]
    assert len(told["lines"]) == 1
    assert first["objects"] == {"since": "2026-11-02 00:00:00+00:00", "actor": pseudonyms.of_id(three.id, 0)}


@pytest.mark.parametrize("words", [["--since", "soon"], ["--limit", "0"], ["--type", "x"], ["--before", "x"]])
def test_words_that_do_not_fit_are_usage(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*words)
    assert stopped.value.code == 2


def test_a_damaged_line_is_said(three, now, capsys):
    sequence(now)
    AuditEntry.objects.filter(position=1).update(sealed=b"x" * 80)
    assert run() == 1
    assert "a line is damaged" in capsys.readouterr().out


def test_a_book_that_is_not_as_signed_is_said(three, now, capsys):
    sequence(now)
    AuditCheckpoint.objects.all().delete()
    assert run("--json") == 1
    assert "nothing is appended" in json.loads(capsys.readouterr().out)["error"]


def test_crossing_and_its_check(three, now, capsys):
    sequence(now)
    assert run("cross", module=log_command) == 0
    assert capsys.readouterr().out.splitlines() == [
        "audit, 3 entries: stated at position 0 of main",
        "the books agree",
    ]
    assert run("cross", "--check", "--json", module=log_command) == 0
    assert json.loads(capsys.readouterr().out) == {"stated": [], "findings": []}
    AuditEntry.objects.all().delete()
    from lodeline_server.log.models import LogState

    LogState.objects.filter(name="audit").update(size=0)
    assert run("cross", "--check", module=log_command) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "the books do not agree"


def test_showing_a_statement_is_a_line(three, now, capsys):
    sequence(now)
    assert run("show", "1", "--book", "audit", module=log_command) == 0
    assert [(kind, line["action"], line["objects"]) for kind, _, line in waiting()] == [
        ("audit.command", "log show", {"position": "1", "book": "audit"})
    ]


def test_a_backup_is_a_line(tmp_path, monkeypatch, capsys):
    from lodeline_server.config import backup, command_backup

    told = {"files": {"lodeline.sqlite3": {"sha256": "ab"}, "log/checkpoint": {"sha256": "cd"}}}

    def made(*, target, **_):
        target.write_bytes(b"x")
        return told

    monkeypatch.setattr(
        backup, "backup", made
    )  # the database of tests is no file; the real one runs in test_backup
    assert run(str(tmp_path / "b.tar.gz"), module=command_backup) == 0
    assert waiting()[0][2]["objects"] == {"file": "b.tar.gz", "database": "ab"}
    clear()

    def refused(**_):
        raise backup.BackupRefused("exists")

    monkeypatch.setattr(backup, "backup", refused)
    assert run(str(tmp_path / "b.tar.gz"), module=command_backup) == 1
    assert said() == [("audit.command", "backup", "refused")]


def test_a_link_made_at_the_command_line_is_a_line(three, capsys):
    from lodeline_server.parties import command as user

    assert run("link", "buyer@north.example", module=user) == 0
    line = waiting()[-1]
    assert (line[0], line[2]["action"]) == ("audit.command", "user link")
    assert line[2]["objects"] == {"person": pseudonyms.of_id(three.id, 0)}


def test_a_command_goes_on_without_a_trail(monkeypatch):
    from django.db import OperationalError

    def gone(*_args, **_kwargs):
        raise OperationalError("no such table: log_auditoutbox")

    monkeypatch.setattr(AuditOutbox, "save", gone)
    assert audit.command("backup").startswith("no such table: log_auditoutbox. 'lodeline manage migrate'")


@pytest.mark.parametrize(("code", "outcome"), [(0, "ok"), (1, "refused")])
def test_a_new_key_is_a_line(three, now, capsys, monkeypatch, code, outcome):
    from lodeline_server.log import command_keys

    sequence(now)
    assert run("status", module=command_keys) == 0
    assert waiting() == []
    # The data folder is shared with other tests: what rotates really is tested in test_rotation.
    monkeypatch.setattr(command_keys, "_rotate", lambda _args: code)
    assert run("rotate", "audit", module=command_keys) == code
    assert [(line["action"], line["objects"], line["outcome"]) for _, _, line in waiting()] == [
        ("keys rotate", {"what": "audit"}, outcome)
    ]


def test_an_erasure_is_a_line_without_a_name(now):
    from tests.apps.log.test_erasure import erase

    from lodeline_server.log import erasing
    from lodeline_server.log.actions import NewStatement, append

    with transaction.atomic():
        said_of_anna = NewStatement(type="x", payload={"body": {"name": "Anna"}}, data_subject="anna")
        append(actor=platform(), workspace=1, statements=[said_of_anna], now=now)
    clear()
    erasing.listed().unlink(missing_ok=True)
    erase()
    erasing.listed().unlink()
    ((kind, space, line),) = waiting()
    assert (kind, space, line["action"], line["outcome"]) == ("audit.change", 1, "erased", "ok")
    assert (line["objects"]["reason"], line["objects"]["statements"]) == ("request", "1")
    assert "anna" not in json.dumps(line).lower()
