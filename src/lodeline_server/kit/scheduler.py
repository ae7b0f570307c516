"""Clocks: work that comes round by itself. No table of its own.

A clock names a task and a period. When a clock last ran is read from the queue's own record, so that
several processes agree; what is due is enqueued and the worker does it. Time is passed in.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta


@frozen(kw_only=True)
class Clock:
    """`task` is a django-tasks task that takes one argument: the instant it is run for, as ISO 8601."""

    name: str
    task: Any
    every: timedelta


logger = structlog.get_logger(__name__)
_clocks: dict[str, Clock] = {}
_at_ticks: dict[str, Callable[[datetime], object]] = {}


def register(clock: Clock) -> None:
    """Called from an app's `ready()`."""
    _clocks[clock.name] = clock


def clocks() -> tuple[Clock, ...]:
    return tuple(_clocks[name] for name in sorted(_clocks))


def last_run(clock: Clock) -> datetime | None:
    """The instant the clock was last enqueued for, from the queue's record."""
    rows = DBTaskResult.objects.filter(task_path=clock.task.module_path).order_by("-enqueued_at")
    last = rows.values_list("args_kwargs", flat=True).first()
    return datetime.fromisoformat(last["args"][0]) if last else None


def due(clock: Clock, last: datetime | None, now: datetime) -> bool:
    """True when a full period has passed. Periods of a day or more start at midnight UTC."""
    if last is None:
        return True
    if clock.every.days >= 1:
        return (now.date() - last.date()) >= clock.every
    return now - last >= clock.every


def enqueue_due(now: datetime, among: Iterable[Clock] | None = None) -> list[str]:
    """Enqueue what is due at `now`; the names of what was enqueued."""
    started = []
    for clock in clocks() if among is None else among:
        with exclusive_transaction("default"):  # two schedulers cannot both find it due
            if due(clock, last_run(clock), now):
                clock.task.enqueue(now.isoformat())
                started.append(clock.name)
    return started


def at_tick(name: str, work: Callable[[datetime], object]) -> None:
    """Short work that the worker does itself every few seconds, when there is any; it leaves no row in the queue."""
    _at_ticks[name] = work


def tick(now: datetime) -> None:
    """Do all of it; what fails is logged and stops nothing else."""
    for name, work in _at_ticks.items():
        try:
            work(now)
        except Exception:
            logger.exception("at tick", work=name)
