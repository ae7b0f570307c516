"""One flipped bit anywhere in what the log stores is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.log.saying import put

from lodeline_server.log import notebook
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, Entry, LogState, SubjectKey, TenantKey, Tile
from lodeline_server.publishing.models import Published

pytestmark = pytest.mark.django_db

BYTES = [
    (Entry, "leaf"),
    (Entry, "leaf_hash"),
    (Entry, "sealed"),
    (Tile, "hashes"),
    (Checkpoint, "root"),
    (LogState, "root"),
    (LogState, "frontier"),
    (TenantKey, "wrapped"),
    (TenantKey, "wrapped_secret"),
    (SubjectKey, "wrapped"),
    (Published, "body"),
]


def fill():
    put(*range(260))
    put(1, subject="anna")
    put(2, 3, workspace=2)
    notebook.publish_newest()


def rules():
    return {finding.rule for finding in fsck().findings}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(BYTES), st.data())
def test_a_flipped_bit_is_found(where, data):
    model, field = where
    with transaction.atomic():
        fill()
        rows = list(model.objects.order_by("pk"))
        row = rows[data.draw(st.integers(0, len(rows) - 1))]
        value = bytearray(bytes(getattr(row, field)))
        bit = data.draw(st.integers(0, len(value) * 8 - 1))
        value[bit // 8] ^= 1 << bit % 8
        model.objects.filter(pk=row.pk).update(**{field: bytes(value)})
        assert fsck().findings
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_changed_note_is_found_whichever_it_is(row):
    fill()
    point = Checkpoint.objects.order_by("size")[row]
    Checkpoint.objects.filter(pk=point.pk).update(note=point.note.replace("\n— ", "\n\n— ", 1))
    assert "L-SIGNATURE" in rules()


def test_an_older_checkpoint_of_another_tree_is_found():
    """Validly signed, but not for what stands here: the log was rewritten behind it."""
    fill()
    first, second = Checkpoint.objects.order_by("size")[:2]
    Checkpoint.objects.filter(pk=first.pk).update(note=second.note)
    assert rules() == {"L-HISTORY"}


@pytest.mark.parametrize(
    ("damage", "rule", "place"),
    [
        (lambda: Entry.objects.filter(position=7).delete(), "L-GAP", 7),
        (lambda: Entry.objects.filter(position=262).delete(), "L-GAP", 262),
        (lambda: Entry.objects.filter(position=7).update(time=F("time") + timedelta(seconds=1)), "L-ROW", 7),
        (lambda: Entry.objects.filter(position=7).update(type="test.other"), "L-ROW", 7),
        (lambda: Entry.objects.filter(position=7).update(workspace=2), "L-ROW", 7),
        (lambda: Entry.objects.filter(position=7).update(workspace=9), "L-KEY", 7),
        (lambda: Entry.objects.filter(position=7).update(key_version=2), "L-KEY", 7),
        (lambda: TenantKey.objects.filter(workspace=2).update(pseudonym="x"), "L-ROW", 261),
        (lambda: Tile.objects.filter(level=0, index=1).delete(), "L-TILE", 256),
        (lambda: Tile.objects.filter(level=1, index=0).delete(), "L-TILE", 0),
        (lambda: LogState.objects.update(size=262), "L-CHECKPOINT", None),
        (lambda: LogState.objects.update(size=264), "L-CHECKPOINT", None),
        (lambda: Checkpoint.objects.all().delete(), "L-UNSIGNED", None),
        (lambda: Published.objects.update(body=b"x\n1\n"), "L-PUBLISHED", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_else_was_changed_is_named(damage, rule, place):
    fill()
    assert rules() == set()
    damage()
    verdict = fsck()
    assert rule in {finding.rule for finding in verdict.findings}
    if place is not None:
        assert verdict.first_bad == place


def test_two_swapped_payloads_are_found():
    fill()
    one, two = Entry.objects.get(position=3), Entry.objects.get(position=5)
    for entry, sealed in ((one, two.sealed), (two, one.sealed)):
        Entry.objects.filter(pk=entry.pk).update(sealed=bytes(sealed))
    verdict = fsck()
    assert [(one.rule, one.pointer) for one in verdict.findings] == [("L-SEALED", "3"), ("L-SEALED", "5")]


def test_an_entry_that_was_put_behind_the_end_is_found():
    fill()
    entry = Entry.objects.get(position=262)
    entry.position = 263
    entry.save(force_insert=True)
    assert rules() == {"L-SIZE"}


def test_an_older_database_is_noticed():
    """The checkpoint in the data folder is ahead of the database that was put in its place."""
    put(1, 2)
    with transaction.atomic():
        put(3)
        notebook.copy_to_file()
        transaction.set_rollback(True)
    assert rules() == {"L-ROLLBACK"}


def test_another_history_of_the_same_size_is_noticed():
    put(1, 2)
    with transaction.atomic():
        put(3)
        notebook.copy_to_file()
        transaction.set_rollback(True)
    with pytest.raises(LogInconsistent, match="3 entries was signed, the database holds 2"):
        put(4)
    seen = notebook.file().read_text()
    notebook.file().unlink()
    put(4)
    notebook.file().write_text(seen)
    assert rules() == {"L-FORK"}
    with pytest.raises(LogInconsistent, match="has another root"):
        put(5)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x\n1\ny\n", b"\x00" * 5])
def test_a_spoilt_file_is_noticed(content):
    put(1)
    notebook.copy_to_file()
    notebook.file().write_bytes(content)
    assert rules() == {"L-FILE"}


def test_many_findings_are_cut():
    fill()
    Entry.objects.update(leaf_hash=bytes(32))
    verdict = fsck()
    assert len(verdict.findings) == 100
    assert verdict.first_bad == 0


def test_the_quick_check_opens_no_entry(django_assert_max_num_queries):
    fill()
    Entry.objects.filter(position=3).update(sealed=b"")
    with django_assert_max_num_queries(8):
        assert fsck(quick=True).findings == ()
    LogState.objects.update(frontier=b"")
    assert {finding.rule for finding in fsck(quick=True).findings} == {"L-FRONTIER"}
