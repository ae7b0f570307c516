"""Each book's checkpoint stands in the other: a book that is replaced alone is found out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from lodeline.access import platform
from lodeline.log.merkle import Frontier
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind
from lodeline_server.log import notebook, queries, vault
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.auditing import crossing, tasks
from lodeline_server.log.auditing.crossing import Crossed, check, cross
from lodeline_server.log.auditing.sequencer import sequence
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import AuditEntry, AuditTile, LogState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_old_copies():
    yield
    notebook.file(AUDIT).unlink(missing_ok=True)


def say(now, count=1):
    with transaction.atomic():
        append(
            actor=platform(),
            workspace=1,
            statements=[NewStatement(type="x", payload={"n": number}) for number in range(count)],
            now=now,
        )


def tell(now, count=1):
    for _ in range(count):
        audit.record(Kind.READ, "looked", actor=platform(), now=now)
    sequence(now)


def test_what_moved_is_stated_once(now):
    assert cross(now) == []
    say(now, 3)
    tell(now, 5)
    assert cross(now) == [
        Crossed(of="audit", into="main", size=5, position=3),
        Crossed(of="main", into="audit", size=4, position=5),
    ]
    assert cross(now) == []  # only the statements themselves were added
    tell(now)
    assert cross(now) == [Crossed(of="audit", into="main", size=7, position=4)]
    assert cross(now) == []
    say(now)
    assert cross(now) == [Crossed(of="main", into="audit", size=6, position=7)]
    assert cross(now) == []
    assert check() == []
    assert [fsck(book=book).findings for book in (MAIN, AUDIT)] == [(), ()]


def test_it_is_stated_as_signed(now):
    tell(now, 2)
    note = queries.checkpoint(AUDIT)
    cross(now)
    found = queries.get(0)
    assert found.type == "log.checkpoint"
    assert (found.workspace, found.organisation) == (0, None)
    assert found.payload == {"log": "audit", "size": 2, "checkpoint": note}
    assert notebook.read(note, AUDIT).root == bytes(AUDIT.checkpoints.objects.get(size=2).root)


def test_growth_afterwards_is_sound(now):
    for number in range(1, 5):
        say(now, number)
        tell(now, 2 * number)
        assert len(cross(now + timedelta(hours=number))) == 2
    assert check() == []


def test_an_audit_book_that_was_cut_short_is_found(now):
    say(now)
    tell(now, 5)
    cross(now)
    AuditEntry.objects.filter(position__gte=3).delete()
    LogState.objects.filter(name="audit").update(size=3)
    (finding,) = check()
    assert (finding.rule, finding.pointer) == ("L-CROSS-SHORT", "main/1")


def test_an_audit_book_that_was_written_anew_is_found(now):
    """Even with the signing key: the main book has the old root."""
    tell(now, 5)
    cross(now)
    AUDIT.entries.objects.all().delete()
    AUDIT.tiles.objects.all().delete()
    AUDIT.checkpoints.objects.all().delete()
    LogState.objects.filter(name="audit").update(size=0, root=Frontier().root(), frontier=b"")
    notebook.file(AUDIT).unlink(missing_ok=True)
    tell(now, 9)
    assert fsck(book=AUDIT).findings == ()  # sound by itself
    assert [(one.rule, one.pointer) for one in check()] == [("L-CROSS-ROOT", "main/0")]


def test_tiles_that_are_gone_are_found(now):
    tell(now, 5)
    cross(now)
    AuditTile.objects.all().delete()
    assert [one.rule for one in check()] == ["L-CROSS-ROOT"]


def test_a_stated_checkpoint_that_we_did_not_sign_is_found(now, monkeypatch):
    tell(now, 2)
    other = vault.signing_key("another.key")
    monkeypatch.setattr(
        crossing,
        "_payload",
        lambda of, size, note: {"log": of.name, "size": size, "checkpoint": _signed(note, other)},
    )
    cross(now)
    assert [(one.rule, one.pointer) for one in check()] == [("L-CROSS-SIGNATURE", "main/0")]


def _signed(note, key):
    from lodeline.log import checkpoint as notes

    return notes.sign(notebook.read(note, AUDIT), key)


def test_sizes_that_go_back_are_found(now, monkeypatch):
    tell(now, 2)
    first = queries.checkpoint(AUDIT)
    tell(now, 2)
    cross(now)
    tell(now, 2)
    monkeypatch.setattr(
        crossing, "_payload", lambda of, _size, _note: {"log": of.name, "size": 2, "checkpoint": first}
    )
    cross(now)
    assert [(one.rule, one.pointer) for one in check()] == [("L-CROSS-ORDER", "main/1")]


def test_a_crossing_that_was_changed_is_damage(now):
    tell(now, 2)
    cross(now)
    MAIN.entries.objects.filter(position=0).update(sealed=b"x" * 99)
    assert [(one.rule, one.pointer) for one in check()] == [("L-CROSS-UNREADABLE", "main")]


def test_the_hourly_task_does_it(now):
    tell(now, 2)
    say(now)
    assert tasks.cross.call(now.isoformat()) == ["audit", "main"]
    assert tasks.sequence.call(now.isoformat()) == 0
    from lodeline_server.kit.scheduler import clocks

    (clock,) = [one for one in clocks() if one.task is tasks.cross]
    assert clock.every == timedelta(hours=1)
