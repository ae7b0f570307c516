"""Queued work of capture: documents, what a crash left behind, and room for other writers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lodeline_server.events import actions, tasks
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit import scheduler
from lodeline_server.log import projections, queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def submit(organisation, acting, events, now):
    def run(*what, at=now):
        document = actions.Document(data=events.document(*what))
        return actions.submit(actor=acting(organisation), document=document, now=at)

    return run


def test_submitting_enqueues_and_the_task_brings_it_all_the_way(submit, events):
    from django_tasks_db.models import DBTaskResult

    job = submit(events.make("A"))
    (queued,) = DBTaskResult.objects.all()
    assert queued.args_kwargs == {"args": [str(job.uuid)], "kwargs": {}}
    assert tasks.process_capture.func(str(job.uuid)) == "taken"
    assert {projections.position(one.name) for one in projections.registered()} == {queries.size()}
    assert tasks.process_capture.func(str(job.uuid)) == "taken"
    assert queries.size() == 2


def test_projections_wait_while_documents_wait_but_not_for_ever(submit, events, monkeypatch):
    first, second = submit(events.make("A")), submit(events.make("B"))
    followed = []
    monkeypatch.setattr(projections, "follow_all", lambda **_: followed.append(queries.size()))
    monkeypatch.setattr(tasks, "_followed", tasks.time.monotonic())
    tasks.process_capture.func(str(first.uuid))
    assert followed == []
    tasks.process_capture.func(str(second.uuid))
    assert followed == [4]
    third, _fourth = submit(events.make("C")), submit(events.make("D"))
    monkeypatch.setattr(tasks, "_followed", tasks.time.monotonic() - tasks.BETWEEN - 1)
    tasks.process_capture.func(str(third.uuid))
    assert followed == [4, 6]


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
