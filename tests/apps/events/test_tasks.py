"""Queued work of capture: documents, what a crash left behind, and room for other writers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lodeline_server.events import actions, filing, processing, tasks
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit import scheduler
from lodeline_server.log import projections, queries
from lodeline_server.log.fsck import fsck

pytestmark = pytest.mark.django_db


@pytest.fixture
def submit(organisation, acting, events, now):
    def run(*what, at=now):
        document = actions.Document(data=events.document(*what))
        return actions.submit(actor=acting(organisation), document=document, now=at)

    return run


def queued():
    from django_tasks_db.models import DBTaskResult

    return DBTaskResult.objects.count()


def test_submitting_enqueues_and_the_task_brings_it_all_the_way(submit, events):
    submit(events.make("A"))
    assert queued() == 1
    assert tasks.process_captures.func() == "1 processed"
    assert {projections.position(one.name) for one in projections.registered()} == {queries.size()}
    assert tasks.process_captures.func() == "0 processed"
    assert queries.size() == 2


def test_one_waiting_task_serves_all_documents_that_come_until_it_starts(submit, events):
    from django_tasks_db.models import DBTaskResult

    for word in "ABC":
        submit(events.make(word))
    assert queued() == 1
    DBTaskResult.objects.update(status="RUNNING", started_at="2026-11-01T12:00Z", worker_ids=["w"])
    submit(events.make("D"))
    assert queued() == 2
    assert tasks.process_captures.func() == "4 processed"
    assert queries.size() == 8


def test_small_documents_share_a_transaction_large_ones_do_not(submit, events, monkeypatch):
    jobs = [submit(events.make(word)) for word in "ABCD"]
    assert processing.waiting() == jobs
    monkeypatch.setattr(processing, "GROUP_BYTES", jobs[0].size + jobs[1].size)
    assert processing.waiting() == jobs[:2]
    assert processing.waiting({jobs[0].pk}) == jobs[1:3]
    monkeypatch.setattr(processing, "GROUP_BYTES", 1)
    assert processing.waiting() == jobs[:1]


def test_one_that_fails_takes_no_other_with_it(submit, events, now, monkeypatch):
    jobs = [submit(events.make(word)) for word in "ABC"]
    whole = filing.file

    def file(job, content, at):
        whole(job, content, at)
        if job.pk == jobs[1].pk:
            raise RuntimeError("after it was written")

    monkeypatch.setattr(filing, "file", file)
    with pytest.raises(RuntimeError, match="after it was written"):
        tasks.process_captures.func()
    states = dict(CaptureJob.objects.values_list("pk", "state"))
    assert [states[job.pk] for job in jobs] == ["taken", "waiting", "taken"]
    assert (queries.size(), fsck().findings) == (4, ())
    monkeypatch.undo()
    assert tasks.process_captures.func() == "1 processed"
    assert (queries.size(), fsck().findings) == (6, ())


def test_projections_wait_while_documents_wait_but_not_for_ever(submit, events, monkeypatch):
    monkeypatch.setattr(processing, "GROUP_BYTES", 1)
    followed = []
    monkeypatch.setattr(projections, "follow_all", lambda **_: followed.append(queries.size()))
    monkeypatch.setattr(tasks, "_followed", tasks.time.monotonic() + 1000)  # however slow the machine
    for word in "AB":
        submit(events.make(word))
    tasks.process_captures.func()
    assert followed == [4]
    for word in "CD":
        submit(events.make(word))
    monkeypatch.setattr(tasks, "_followed", tasks.time.monotonic() - tasks.BETWEEN - 1)
    tasks.process_captures.func()
    assert followed == [4, 6, 8]


def test_only_what_was_left_behind_is_taken_up(submit, events, now):
    old, young = submit(events.make("A"), at=now - timedelta(minutes=2)), submit(events.make("B"))
    assert tasks.process_left_behind.func(now.isoformat()) == "1 processed"
    states = dict(CaptureJob.objects.values_list("pk", "state"))
    assert states == {old.pk: "taken", young.pk: "waiting"}


def test_the_clock_is_registered():
    assert "captures left behind" in [clock.name for clock in scheduler.clocks()]


def test_room_is_made_only_between_transactions(monkeypatch):
    rested = []
    monkeypatch.setattr(tasks.time, "sleep", rested.append)
    monkeypatch.setattr(tasks, "_rested", 0.0)
    tasks.make_room()
    assert rested == []  # a test is a transaction


@pytest.mark.django_db(transaction=True)
def test_room_is_made_after_a_second_of_work(monkeypatch):
    from django.db import connection

    rested = []
    monkeypatch.setattr(tasks.time, "sleep", rested.append)
    monkeypatch.setattr(tasks, "_rested", 0.0)
    tasks.make_room()
    tasks.make_room()
    assert rested == ([tasks.RESTING] if connection.vendor == "sqlite" else [])
