"""From captured to logged: the sequencer's half of capture.

A captured document stands in its job row, acknowledged and on the disk. Whoever holds the log's lock takes waiting
documents, small ones together so that they share one flush, and gives their statements positions in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from django.db import transaction
from django.db.models import F

from lodeline.evidence import Finding, Severity
from lodeline_server.events import filing, queries
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.collecting import uncollected
from lodeline_server.log import backend, projections
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

log = structlog.get_logger(__name__)
State = CaptureJob.State
MOST_ATTEMPTS = 5
GROUP, GROUP_BYTES = 100, 1_000_000
"""Documents, and their bytes, in one transaction: who wants to write waits for it."""


@frozen
class Done:
    """What became of a group: jobs that were looked at to the end, and errors nobody expected."""

    jobs: tuple[CaptureJob, ...]
    errors: tuple[Exception, ...] = ()


def waiting(passed_over: Collection[int] = (), before: datetime | None = None) -> list[CaptureJob]:
    """The oldest open jobs that go into one transaction: one of any size, or several small ones."""
    found: list[CaptureJob] = []
    room = GROUP_BYTES
    for job in queries.open_jobs(before=before).exclude(pk__in=passed_over).defer("raw")[:GROUP]:
        room -= job.size
        if found and room < 0:
            break
        found.append(job)
    return found


def process(job: CaptureJob, now: datetime, *, follow: bool = True) -> CaptureJob:
    """Put a job's document into the log, in one transaction: wholly in, or wholly out.

    Doing it twice does nothing the second time. An unexpected error leaves the job open for another attempt;
    after five it is given up and listed. `follow`: bring the projections up afterwards.
    """
    done = process_group([job], now)
    if done.errors:
        raise done.errors[0]
    if follow:
        projections.follow_all()
    return done.jobs[0]


def process_group(jobs: Sequence[CaptureJob], now: datetime) -> Done:
    """Put several documents into the log in one transaction, each of them wholly or not at all."""
    keys = [job.pk for job in jobs]
    tries = CaptureJob.objects.filter(pk__in=keys, state__in=CaptureJob.OPEN)
    tries.update(state=State.RUNNING, attempts=F("attempts") + 1)
    done: list[CaptureJob] = []
    errors: dict[int, Exception] = {}
    try:
        with uncollected():
            contents = _contents(keys, errors)
            with transaction.atomic():
                backend.lock(MAIN.lock)
                for key in keys:
                    if key not in errors:
                        _one(key, contents.get(key), now, done, errors)
    except Exception as error:
        log.exception("captures failed together", jobs=[str(job.uuid) for job in jobs])
        done, errors = [], dict.fromkeys(keys, error)
    for key, error in errors.items():
        _give_up(key, now)
        log.error("capture failed", job=key, error=repr(error))
    for row in done:
        log.info("document processed", job=str(row.uuid), state=row.state, accepted=row.accepted)
    return Done(jobs=tuple(done), errors=tuple(errors.values()))


def _contents(keys: Sequence[int], errors: dict[int, Exception]) -> dict[int, tuple[filing.Content, bytes]]:
    """Read and parsed before the transaction, which holds the log's only lock. With the bytes."""
    found = {}
    rows = CaptureJob.objects.filter(pk__in=keys, raw__isnull=False)
    for key, raw, lenient, organisation in rows.values_list("pk", "raw", "lenient", "organisation_id"):
        try:
            space = queries.namespace(organisation) if lenient else ""
            data = bytes(raw)
            found[key] = filing.Content.again(data, lenient=lenient, namespace=space), data
        except Exception as error:
            log.exception("capture cannot be read again", job=key)
            errors[key] = error
    return found


def _one(
    key: int,
    parsed: tuple[filing.Content, bytes] | None,
    now: datetime,
    done: list[CaptureJob],
    errors: dict[int, Exception],
) -> None:
    try:
        with transaction.atomic():
            rows = CaptureJob.objects.select_related("organisation").select_for_update()
            row = rows.defer("raw").get(pk=key)
            if not row.done and parsed is not None:
                content, row.raw = parsed
                filing.file(row, content, now)
    except Exception as error:
        log.exception("capture failed", job=key)
        errors[key] = error
    else:
        done.append(row)


def _give_up(key: int, now: datetime) -> None:
    """After an unexpected error: wait for the next attempt, or list the job as failed."""
    message = (
        "The document could not be processed; the cause stands in the server's log. Send it again later."
    )
    finding = Finding(rule="capture.failed", severity=Severity.ERROR, pointer="", message=message)
    open_job = CaptureJob.objects.filter(pk=key, state__in=CaptureJob.OPEN)
    open_job.filter(attempts__lt=MOST_ATTEMPTS).update(state=State.WAITING)
    open_job.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=State.FAILED, finished_at=now, findings=[finding.as_dict()]
    )


def process_pending(now: datetime, *, before: datetime | None = None) -> list[CaptureJob]:
    """Process every open job, oldest first; `before`: only those that came until then."""
    done: list[CaptureJob] = []
    seen: set[int] = set()
    while group := waiting(seen, before):
        seen |= {job.pk for job in group}
        for job in group:
            if job.attempts >= MOST_ATTEMPTS:
                _give_up(job.pk, now)
        done += process_group([job for job in group if job.attempts < MOST_ATTEMPTS], now).jobs
    if done:
        projections.follow_all()
    return done
