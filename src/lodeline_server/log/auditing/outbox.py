"""Lines on their way into the book: rows in the caller's transaction, and reads that wait in memory.

Nobody's request waits for the log's lock. A read costs its request one append to a list; a thread writes the list
every half second in one transaction, and once more when the process ends. A killed process loses what it held:
at most half a second of reads.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from multiprocessing import util
from typing import TYPE_CHECKING, Any, Final

import structlog
from django.conf import settings
from django.db import connection, transaction

from lodeline import strictjson
from lodeline.log.leaf import instant
from lodeline_server.kit.audit import PERSON
from lodeline_server.log.auditing import pseudonyms
from lodeline_server.log.models import AuditOutbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lodeline_server.kit.audit import Event

EVERY: Final = 0.5  # seconds
MOST: Final = 2_000  # lines in memory; whoever finds more there writes them
logger = structlog.get_logger(__name__)


def row(event: Event, count: int = 1) -> AuditOutbox:
    """What is kept of an event. `count`: how many of the same a line stands for, when more than one."""
    objects = dict(event.objects)
    if PERSON in objects:
        objects[PERSON] = pseudonyms.of_id(f"user:{objects[PERSON]}", event.workspace)
    payload: dict[str, Any] = {
        "action": event.action,
        "actor": pseudonyms.of(event.actor, event.workspace),
        "objects": objects,
        "outcome": event.outcome.value,
        "request": event.request,
        "time": instant(event.time),
    }
    if event.actor is not None and event.actor.role is not None:
        payload["role"] = event.actor.role.value
    if event.permission:
        payload["permission"] = event.permission
    if count > 1:
        payload["count"] = count
    return AuditOutbox(
        kind=event.kind.value,
        workspace=event.workspace,
        organisation=event.actor.organisation if event.actor else None,
        payload=strictjson.canonical(payload).decode(),
        created_at=event.time,
    )


def rows(events: Iterable[Event]) -> list[AuditOutbox]:
    """One row each; the same by nobody in particular is one row with a count, so that a flood stays small."""
    counted: dict[tuple[Any, ...], list[Any]] = {}
    for number, event in enumerate(events):
        same = (number,) if event.actor else (event.kind, event.action, event.outcome, event.permission)
        counted.setdefault(same, [event, 0])[1] += 1
    return [row(event, count) for event, count in counted.values()]


class Outbox:
    """The writer that `kit.audit` is given."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._writing = threading.Lock()
        self._thread_of = 0  # the process that has a thread: a forked one starts its own

    def record(self, event: Event) -> None:
        """A row in the current transaction."""
        row(event).save(force_insert=True)

    def note(self, event: Event) -> None:
        """Keep it in memory; write when there is much."""
        if self._thread_of != os.getpid() and settings.AUDIT_THREAD:
            self._start()
        self._waiting.append(event)
        if len(self._waiting) >= MOST:
            self.flush()

    def flush(self) -> int:
        """Write what waits, in one transaction; how many lines. What cannot be written goes on waiting."""
        with self._writing:
            events = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not events:
                return 0
            try:
                with transaction.atomic():
                    AuditOutbox.objects.bulk_create(rows(events))
            except BaseException:
                self._waiting.extendleft(reversed(events))
                raise
            return len(events)

    def forget(self) -> None:
        """Drop what waits: for tests, whose database is undone."""
        self._waiting.clear()

    def _start(self) -> None:
        with self._writing:
            if self._thread_of == os.getpid():
                return
            if self._thread_of:
                self._waiting.clear()  # the parent's, who writes them itself
            self._thread_of = os.getpid()
        threading.Thread(target=self._work, name="audit trail", daemon=True).start()
        atexit.register(self._last)
        # Children of multiprocessing (the server's workers) leave without atexit.
        util.Finalize(None, self._last, exitpriority=100)

    def _work(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(EVERY)
            self._try()

    def _last(self) -> None:
        if self._thread_of == os.getpid():
            self._try()

    def _try(self) -> None:
        try:
            self.flush()
        except Exception:
            logger.exception("audit trail waits", lines=len(self._waiting))
            connection.close()


OUTBOX: Final = Outbox()
