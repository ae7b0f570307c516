"""From the outbox into the book: each line once and in order, whatever stops in between."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from lodeline.access import Actor, Role, platform
from lodeline_server.kit import audit, scheduler
from lodeline_server.kit.audit import Kind
from lodeline_server.log import actions, notebook, queries
from lodeline_server.log.auditing import sequencer
from lodeline_server.log.auditing.outbox import OUTBOX
from lodeline_server.log.auditing.sequencer import lag, sequence
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import AUDIT
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import AuditCheckpoint, AuditEntry, AuditOutbox, TenantKey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_old_copies():
    notebook.file(AUDIT).unlink(missing_ok=True)
    yield
    notebook.file(AUDIT).unlink(missing_ok=True)


def somebody(number, workspace=1):
    return Actor(
        kind="person", id=f"user:{number}", workspace=workspace, organisation=workspace * 10, role=Role.BUYER
    )


def tell(now, numbers, workspace=1):
    for number in numbers:
        audit.record(Kind.CHANGE, "did", actor=somebody(1, workspace), objects={"n": number}, now=now)


def book():
    return [(one.workspace, int(one.payload["objects"]["n"])) for one in queries.read(book=AUDIT)]


def test_batches_keep_the_order(now, monkeypatch):
    monkeypatch.setattr(sequencer, "BATCH", 7)
    tell(now, range(20))
    assert (lag().lines, lag().since) == (20, now)
    assert sequence(now + timedelta(seconds=5)) == 20
    assert book() == [(1, number) for number in range(20)]
    assert (lag().lines, lag().since) == (0, None)
    assert list(AuditCheckpoint.objects.order_by("size").values_list("size", flat=True)) == [7, 14, 20]
    assert AuditEntry.objects.get(position=0).time == now + timedelta(seconds=5)
    assert fsck(book=AUDIT).findings == ()


def test_each_owner_has_its_lines_in_order_under_its_own_key(now):
    for number in range(9):
        tell(now, [number], workspace=number % 3 + 1)
    assert sequence(now) == 9
    assert sorted(book()) == [(1, 0), (1, 3), (1, 6), (2, 1), (2, 4), (2, 7), (3, 2), (3, 5), (3, 8)]
    for space in (1, 2, 3):
        assert [number for owner, number in book() if owner == space] == [space - 1, space + 2, space + 5]
    assert set(AuditEntry.objects.values_list("workspace", "organisation")) == {(1, 10), (2, 20), (3, 30)}
    assert TenantKey.objects.count() == 3


def test_nothing_to_do_takes_no_lock_and_writes_nothing(now, django_assert_num_queries):
    with django_assert_num_queries(3):  # savepoint, one question, release
        assert sequence(now) == 0


class Crash(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize("where", ["before the append", "after the append", "after the delete"])
def test_a_crash_between_outbox_and_book_loses_and_doubles_nothing(now, monkeypatch, where):
    monkeypatch.setattr(sequencer, "BATCH", 4)
    tell(now, range(10))
    whole, calls = actions.append, []

    def append(**words):
        calls.append(1)
        if len(calls) == 2 and where == "before the append":
            raise Crash
        done = whole(**words)
        if len(calls) == 2 and where == "after the append":
            raise Crash
        if len(calls) == 2:
            transaction.on_commit(lambda: None)
            monkeypatch.setattr(AuditOutbox.objects, "filter", _crashing(AuditOutbox.objects.filter))
        return done

    with monkeypatch.context() as patched:
        patched.setattr(actions, "append", append)
        with pytest.raises(Crash):
            sequence(now)
    monkeypatch.undo()
    assert (len(book()), lag().lines) == (4, 6)
    assert sequence(now) == 6
    assert book() == [(1, number) for number in range(10)]
    assert fsck(book=AUDIT).findings == ()


def _crashing(plain):
    class Rows:
        def __init__(self, rows):
            self.rows = rows

        def delete(self):
            self.rows.delete()
            raise Crash

    return lambda **words: Rows(plain(**words))


def test_a_book_that_is_not_as_it_was_signed_stops_the_sequencer_and_keeps_the_lines(now, caplog):
    tell(now, range(3))
    sequence(now)
    AuditCheckpoint.objects.all().delete()
    tell(now, range(3, 5))
    with pytest.raises(LogInconsistent):
        sequence(now)
    assert lag().lines == 2
    scheduler.tick(now)  # says so, and stops nothing else
    assert "at tick" in caplog.text
    assert len(book()) == 3


def test_the_worker_sequences_at_its_tick(now):
    tell(now, range(3))
    scheduler.tick(now)
    assert book() == [(1, 0), (1, 1), (1, 2)]


def test_a_line_of_an_unknown_future_is_kept_as_it_is(now):
    AuditOutbox.objects.create(
        kind="audit.later",
        workspace=1,
        organisation=None,
        payload=json.dumps({"objects": {"n": "5"}}),
        created_at=now,
    )
    assert sequence(now) == 1
    assert book() == [(1, 5)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="threads share SQLite's test database in memory")
def test_32_threads_and_two_sequencers(now, settings):
    """All write, two sequence at the same time, one rolls back: every kept line has one place."""
    done = threading.Event()

    def write(name):
        try:
            for number in range(25):
                with transaction.atomic():
                    tell(now, [name * 100 + number])
                    if number % 5 == 4:
                        transaction.set_rollback(True)
                audit.note(audit.event(Kind.READ, "read", actor=somebody(name), objects={"n": -1}, now=now))
        finally:
            connections.close_all()

    def move():
        try:
            moved = 0
            while not done.is_set():
                moved += sequence(now)
            return moved
        finally:
            connections.close_all()

    with ThreadPoolExecutor(34) as pool:
        movers = [pool.submit(move) for _ in range(2)]
        list(pool.map(write, range(1, 33)))
        done.set()
        moved = sum(one.result() for one in movers)
    OUTBOX.flush()
    moved += sequence(now)
    expected = [(1, name * 100 + number) for name in range(1, 33) for number in range(25) if number % 5 != 4]
    found = book()
    assert sorted(one for one in found if one[1] >= 0) == sorted(expected)
    assert found.count((1, -1)) == 32 * 25
    assert moved == len(found) == queries.size(AUDIT)
    assert list(AuditEntry.objects.order_by("position").values_list("position", flat=True)) == list(
        range(len(found))
    )
    assert fsck(book=AUDIT).findings == ()
    assert lag().lines == 0


def test_an_own_key_for_a_new_workspace_is_made_under_the_main_books_lock(now, monkeypatch):
    from lodeline_server.log import backend
    from lodeline_server.log.books import MAIN

    held = []
    monkeypatch.setattr(backend, "lock", held.append)
    tell(now, [1])
    sequence(now)
    assert held[:2] == [MAIN.lock, AUDIT.lock]
    held.clear()
    tell(now, [2])
    sequence(now)
    assert MAIN.lock not in held


def test_who_appends_is_the_platform_for_the_organisation(now):
    tell(now, [1])
    audit.record(Kind.CHANGE, "did", actor=platform(1), objects={"n": 2}, now=now)
    sequence(now)
    assert list(AuditEntry.objects.order_by("position").values_list("workspace", "organisation")) == [
        (1, 10),
        (1, None),
    ]
