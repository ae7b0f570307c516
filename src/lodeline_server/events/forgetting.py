"""What capture keeps beside the log about statements that are being erased."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django_tasks_db.models import DBTaskResult

from lodeline.events.epcis import EVENTS, parse_event
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline_server.events import storage, subjects
from lodeline_server.events.custody import Ledger
from lodeline_server.events.models import CaptureJob, EventRecord, Thing
from lodeline_server.events.touches import Touch
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.events.epcis import Event
    from lodeline_server.log.purging import Erasing

ERASED_ID = "urn:x-lodeline:erased:{}"


def purge(erasing: Erasing) -> None:
    """Records lose id and hash, jobs their name, signature and findings; waiting documents are given up."""
    jobs = set(_records(erasing)) | set(_documents(erasing)) | set(_waiting(erasing))
    rows = CaptureJob.objects.filter(pk__in=jobs)
    rows.update(name="", jws="", findings=[], repairs=[])
    EVENTS.clear()  # of this process; others hold theirs until the projections take them
    _said(erasing)
    for uuid in rows.values_list("uuid", flat=True):
        DBTaskResult.objects.filter(args_kwargs__icontains=str(uuid)).delete()
    _things(erasing)


def _records(erasing: Erasing) -> Iterator[int]:
    """The hash is of what it says: without the salt of the log it could be guessed from."""
    for row in EventRecord.objects.filter(position__in=erasing.positions, workspace_id=erasing.workspace):
        row.event_id, row.hash = ERASED_ID.format(row.position), secrets.token_bytes(32)
        row.transformation = ""
        row.save(update_fields=["event_id", "hash", "transformation"])
        yield row.job_id


def _documents(erasing: Erasing) -> Iterator[int]:
    digests = {one.payload.get("document") for one in erasing.statements} - {None, ""}
    yield from CaptureJob.objects.filter(workspace_id=erasing.workspace, sha256__in=digests).values_list(
        "pk", flat=True
    )


def _waiting(erasing: Erasing) -> Iterator[int]:
    """Documents that are not in the log, or never will be, and speak of this person."""
    for job in CaptureJob.objects.filter(workspace_id=erasing.workspace, raw__isnull=False).iterator(50):
        data = bytes(job.raw or b"")
        document, _ = read(data, Limits(max_bytes=len(data)))
        if document is not None and any(erasing.is_about(name) for name in subjects.in_document(document)):
            job.raw, job.finished_at = None, erasing.now
            job.state = CaptureJob.State.REFUSED
            job.save(update_fields=["raw", "finished_at", "state"])
            yield job.pk


def _said(erasing: Erasing) -> None:
    """Findings quote what they are about."""
    jobs = CaptureJob.objects.filter(workspace_id=erasing.workspace).exclude(findings=[], repairs=[])
    for job in jobs.defer("raw"):
        if erasing.quoted_in([job.findings, job.repairs, job.name], phrases=True):
            job.findings, job.repairs, job.name = [], [], ""
            job.save(update_fields=["findings", "repairs", "name"])


# --- what is known of things --------------------------------------------------------------------------


def _things(erasing: Erasing) -> None:
    """Of the things an erased event names, only what the other events say is still known."""
    gone = {key for one in erasing.statements for event in _event(one.payload) for key in Touch(event).keys}
    if not gone:
        return
    Thing.objects.filter(workspace_id=erasing.workspace, key__in=gone).delete()
    left = EventRecord.objects.filter(workspace_id=erasing.workspace).exclude(position__in=erasing.positions)
    left = left.exclude(kind=EventRecord.Kind.STATEMENT).select_related("job__organisation")
    for record in left.order_by("position").iterator(1_000):
        statement = log.get(record.position, erasing.workspace)
        for event in _event(statement.payload if statement else {}):
            if not Touch(event).keys & gone:
                continue
            home = record.job.organisation
            ledger = Ledger(erasing.workspace, home.pk, home.party, [event])
            ledger.take(event, record.key)
            if not record.ended:
                ledger.positions(event, record.position)
            storage.store_things(erasing.workspace, [one for one in ledger.rows() if one.key in gone])


def _event(payload: dict[str, object]) -> Iterator[Event]:
    body = payload.get("body")
    if isinstance(body, dict) and isinstance(body.get("event"), dict):
        yield parse_event(body["event"], body.get("context"))
