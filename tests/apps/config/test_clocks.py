"""Clocks run when they are due, by the time they are given; failed jobs wait in an inbox."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_tasks import task
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from lodeline_server.kit import scheduler

HOURLY, DAILY = timedelta(hours=1), timedelta(days=1)


@task
def ring(now: str) -> str:
    return now


@task
def break_down(now: str) -> None:
    raise RuntimeError(f"broken at {now}")


@pytest.fixture
def hourly():
    return scheduler.Clock(name="ring", task=ring, every=HOURLY)


def work_off() -> None:
    Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    ).run()


@pytest.mark.django_db(transaction=True)
def test_an_hourly_clock_rings_once_an_hour(hourly, now):
    assert scheduler.enqueue_due(now, [hourly]) == ["ring"]
    assert scheduler.enqueue_due(now + timedelta(minutes=59), [hourly]) == []
    assert scheduler.enqueue_due(now + timedelta(minutes=60), [hourly]) == ["ring"]
    work_off()
    assert set(DBTaskResult.objects.values_list("return_value", flat=True)) == {
        now.isoformat(),
        (now + HOURLY).isoformat(),
    }


def test_a_daily_clock_rings_at_midnight_utc(now):
    daily = scheduler.Clock(name="nightly", task=ring, every=DAILY)
    evening = datetime.fromisoformat("2026-11-01T23:59:59+00:00")
    assert scheduler.due(daily, None, now)
    assert not scheduler.due(daily, now, evening)
    assert scheduler.due(daily, now, evening + timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_a_failed_job_is_listed_and_can_run_again(client_as, now):
    scheduler.enqueue_due(now, [scheduler.Clock(name="broken", task=break_down, every=HOURLY)])
    work_off()
    failed = DBTaskResult.objects.failed().get()
    client = client_as("operator")
    page = client.get("/app/operator/").content.decode()
    assert f"RuntimeError: broken at {now.isoformat()}" in page
    assert client.post(f"/app/operator/jobs/{failed.pk}/again").status_code == 302
    assert not DBTaskResult.objects.failed().exists()
    assert DBTaskResult.objects.ready().count() == 1
    assert client.post(f"/app/operator/jobs/{failed.pk}/again").status_code == 404


@pytest.mark.django_db
def test_only_operators_see_jobs(client_as):
    assert client_as("buyer").get("/app/operator/").status_code == 403
