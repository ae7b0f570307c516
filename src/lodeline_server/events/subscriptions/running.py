"""Deliveries in the background of the worker: a few at a time, each on a thread, so that a slow address delays nobody.

Nothing is kept in memory that matters: what is due is read from the database, and a process that dies leaves a claim
that ends by itself. What delivers is loaded with the first look: commands that read and compute have no use for it.
"""

from __future__ import annotations

import threading
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog
from django.db import connection

from lodeline_server.kit import clock
from lodeline_server.log.queries import size

if TYPE_CHECKING:
    from datetime import datetime

AT_ONCE: Final = 4
logger = structlog.get_logger(__name__)
_slots = threading.BoundedSemaphore(AT_ONCE)
_busy: set[int] = set()
_turn = threading.Lock()
_running = False


def look(now: datetime) -> int:
    """Start what is due, as far as there is room; how many."""
    from lodeline_server.events.subscriptions import queries

    started = 0
    for key in queries.due(now, size(), AT_ONCE * 2):
        with _turn:
            if key in _busy or not _slots.acquire(blocking=False):
                continue
            _busy.add(key)
        Thread(target=_run, args=(key,), name=f"delivery {key}", daemon=True).start()
        started += 1
    return started


def in_background() -> None:
    """From now on this process delivers: called by the worker."""
    global _running  # noqa: PLW0603 - of this process
    _running = True


def tick(now: datetime) -> None:
    """The worker's clock, every few seconds."""
    if _running:
        look(now)


def wake() -> None:
    """Something was captured: look now."""
    tick(clock.now())


def _run(key: int) -> None:
    from lodeline_server.events.subscriptions import delivering

    done = None
    try:
        done = delivering.deliver(key, clock.now)
    except Exception:
        logger.exception("delivery", subscription=key)  # its claim ends by itself, then it is tried again
    finally:
        with _turn:
            _busy.discard(key)
        _slots.release()
        try:
            if done is not None:
                look(clock.now())  # what waited for a place
        except Exception:
            logger.exception("looking for deliveries")
        connection.close()
