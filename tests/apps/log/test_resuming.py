"""An older database was put in place: refused, and resumed in the open, with every signed leaf where it was."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from tests.apps.log.saying import NOON, put

from lodeline.access import platform
from lodeline.log.proof import verify_consistency
from lodeline_server.kit.problems import Problem
from lodeline_server.log import files, notebook, queries
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import MAIN
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, Entry, TenantKey
from lodeline_server.log.resuming import resume

pytestmark = pytest.mark.django_db


@pytest.fixture
def older():
    """Five of 305 entries are in the database; all are signed, their leaves are in the files."""
    put(1, 2, 3, 4, 5)
    with transaction.atomic():
        put(*range(6, 296))
        put(*range(296, 306), workspace=2)
        notebook.copy_to_file()
        files.publish(MAIN)
        leaves = [bytes(leaf) for leaf in Entry.objects.order_by("position").values_list("leaf", flat=True)]
        transaction.set_rollback(True)
    return leaves


def go_on(**changed):
    return resume(**{"actor": platform(), "reason": "disk of 3 November", "now": NOON, **changed})


def test_nothing_is_appended_until_somebody_decides(older):
    with pytest.raises(LogInconsistent, match="305 entries was signed, the database holds 5"):
        put(400)
    assert (queries.size(), {one.rule for one in fsck().findings}) == (5, {"L-ROLLBACK"})


def test_every_signed_leaf_comes_back_and_the_log_says_so(older):
    signed = notebook.read(notebook.file().read_text())
    done = go_on()
    assert (done.first, done.end, done.position) == (5, 305, 305)
    assert [bytes(one) for one in Entry.objects.order_by("position").values_list("leaf", flat=True)][
        :305
    ] == older
    assert fsck().findings == ()
    said = queries.get(305)
    assert said.type == "log.resumed"
    assert {name: said.payload["body"][name] for name in ("from", "to", "reason", "by")} == {
        "from": 5, "to": 305, "reason": "disk of 3 November", "by": "platform",
    }  # fmt: skip
    newest = notebook.newest()
    proof = queries.consistency(signed.size, newest.size)
    verify_consistency(signed.size, newest.size, signed.root, bytes(newest.root), proof)
    put(400)
    assert (queries.size(), fsck().findings) == (307, ())


def test_what_was_lost_reads_as_gone_and_the_rest_as_it_was(older):
    go_on()
    read = list(queries.read(stop=305))
    assert [one.erased for one in read] == [False] * 5 + [True] * 300
    assert {one.workspace for one in read[5:295]} == {1}
    assert {one.workspace for one in read[295:]} == {0}  # its key was made after the older database
    assert TenantKey.objects.filter(workspace=2).count() == 0


def test_a_payload_that_was_taken_away_is_still_found(older):
    go_on()
    Entry.objects.filter(position=2).update(sealed=b"")
    assert [(one.rule, one.pointer) for one in fsck().findings] == [("L-SEALED", "2")]


def test_a_changed_leaf_does_not_come_back(older):
    path = files.folder(MAIN) / "tile/entries/000"
    data = path.read_bytes()
    path.write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])
    with pytest.raises(Problem, match="The files are of another log"):
        go_on()
    assert (queries.size(), Checkpoint.objects.count()) == (5, 1)


def test_missing_files_are_named(older):
    (files.folder(MAIN) / "tile/entries/001.p/49").unlink()
    with pytest.raises(Problem) as refused:
        go_on()
    assert refused.value.status == 409
    assert "tile/entries/001.p/49" in refused.value.detail
    assert queries.size() == 5


def test_there_is_nothing_to_resume_in_a_sound_log():
    put(1, 2)
    with pytest.raises(Problem, match="Nothing is missing"):
        go_on()
    notebook.copy_to_file()
    with pytest.raises(Problem, match="Nothing is missing"):
        go_on()
    assert connection.in_atomic_block
