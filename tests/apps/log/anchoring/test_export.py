"""Checkpoints as files: the signed note, the same as an e-mail, and nothing that is there is overwritten."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from tests.apps.log.anchoring.conftest import queue, work
from tests.apps.log.saying import put

from lodeline.log.anchors.states import State
from lodeline.log.checkpoint import parse, parse_vkey
from lodeline_server.log import notebook
from lodeline_server.log.anchoring import checking, queries
from lodeline_server.log.anchoring.actions import Worked
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.books import AUDIT

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(named, tmp_path):
    place = tmp_path / "out" / "checkpoints"
    named("file", folder=str(place), to="auditor@example.org")
    return place


def test_the_files_of_a_checkpoint(folder, now):
    put(1, 2)
    queue(now)
    assert work(now) == Worked(looked_at=1, final=1)
    newest = notebook.newest()
    name = f"main-2-{bytes(newest.root).hex()[:16]}"
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.checkpoint", f"{name}.eml"]
    assert (folder / f"{name}.checkpoint").read_text() == newest.note
    message = message_from_bytes((folder / f"{name}.eml").read_bytes(), policy=default)
    assert (message["To"], message["Subject"]) == (
        "auditor@example.org",
        f"Checkpoint 2 of {newest.note.splitlines()[0]}",
    )
    (attached,) = message.iter_attachments()
    assert attached.get_content() == newest.note.encode()
    said = message.get_body().get_content().replace("\r\n", "\n")
    assert newest.note in said
    row = Anchor.objects.get()
    assert (row.state, row.attested_at, bytes(row.receipt).decode()) == (State.FINAL, None, newest.note)


def test_whoever_got_the_mail_can_check_it_alone(folder, now):
    put(1, book=AUDIT)
    queue(now)
    work(now)
    (mail,) = folder.glob("audit-1-*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=default)
    key = next(
        word for word in message.get_body().get_content().split() if word.startswith(f"{AUDIT.origin}+")
    )
    (attached,) = message.iter_attachments()
    assert parse(attached.get_content().decode(), dict([parse_vkey(key)])).size == 1


def test_doing_it_again_changes_no_byte(folder, now):
    put(1)
    queue(now)
    work(now)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    Anchor.objects.all().delete()
    queue(now)
    assert work(now) == Worked(looked_at=1, final=1)
    assert before == {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_file_with_other_content_is_left_alone(folder, now):
    put(1)
    folder.mkdir(parents=True)
    other = folder / f"main-1-{bytes(notebook.newest().root).hex()[:16]}.checkpoint"
    other.write_text("something else")
    queue(now)
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error == f"{other} holds another checkpoint"
    assert other.read_text() == "something else"


def test_a_folder_that_cannot_be_written(named, tmp_path, now):
    (tmp_path / "file").write_text("")
    named("file", folder=str(tmp_path / "file" / "below"))
    put(1)
    queue(now)
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error.startswith("the folder cannot be written")
    (tmp_path / "file").unlink()
    assert work(now + MINUTE) == Worked(looked_at=1, final=1)


def test_verify_finds_a_file_that_is_gone_or_changed(folder, now):
    put(1)
    queue(now)
    work(now)
    assert [fault for _, fault in checking.check_all()] == [""]
    (path,) = folder.glob("*.checkpoint")
    path.write_text(path.read_text() + "x")
    assert [fault for _, fault in checking.check_all()] == [f"{path} is gone or changed"]
    path.unlink()
    assert [fault for _, fault in checking.check_all()] == [f"{path} is gone or changed"]
    assert queries.before(AUDIT, 0) == []
