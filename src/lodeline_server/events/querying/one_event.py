"""The capture of one event, answered when it is in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lodeline import strictjson
from lodeline.events.vocabulary import EVENT_TYPES
from lodeline_server.events import actions, processing
from lodeline_server.events.models import CaptureJob, EventRecord
from lodeline_server.events.querying.selecting import as_captured
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor

EXISTS = "epcisException:ResourceAlreadyExistsException"


def capture(*, actor: Actor, data: bytes, media_type: str, jws: str, now: datetime) -> dict[str, Any]:
    """The event as it is on record now. Raises `Problem`: 400, 409, 413, 415, 503."""
    document = actions.Document(data=data, media_type=media_type, jws=jws, wanted=actions.EPCIS)
    _one(document)
    job = actions.submit(actor=actor, document=document, now=now, queue=False)
    job = processing.process(job, now)
    if job.duplicates and not job.accepted:
        raise Problem(409, "This event is on record", detail="Nothing was written.", kind=EXISTS)
    if job.state != CaptureJob.State.TAKEN or not job.accepted:
        detail = "; ".join(found["message"] for found in job.findings if found["severity"] == "error")
        raise Problem(409, "This event was not taken", detail=detail[:500], kind=EXISTS)
    position = EventRecord.objects.values_list("position", flat=True).get(job=job, index=0)
    statement = log.get(position, actor.workspace)
    assert statement is not None
    return as_captured(statement).event


def _one(document: actions.Document) -> None:
    """A bare event in JSON; documents are for `capture`."""
    kind = document.media_type.partition(";")[0].strip().lower()
    if kind not in {"application/json", "application/ld+json", "application/jsonld"}:
        raise Problem(
            415,
            "Send the event as JSON",
            detail="Documents, and XML, are sent to /epcis/capture.",
            kind="epcisException:UnsupportedMediaTypeException",
        )
    bounds = actions.limits()
    try:
        said = strictjson.loads(document.data, max_bytes=bounds.max_bytes)
    except strictjson.StrictJSONError:
        return  # the check says what is wrong
    if isinstance(said, dict) and said.get("type") in {"EPCISDocument", "EPCISQueryDocument"}:
        raise Problem(
            400,
            "One event is taken here",
            detail=f"Its type is one of {', '.join(EVENT_TYPES)}, or one of your own. Documents go to /epcis/capture.",
            kind=actions.INVALID,
        )


def escaped(event_id: str) -> str:
    """An event's id in a path."""
    return quote(event_id, safe="")
