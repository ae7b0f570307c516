"""What became of each event of a captured document, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID  # noqa: TC003  # pydantic reads it at run time

from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.events import inbox, queries
from lodeline_server.kit.permissions import endpoint

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()


class ResultFound(Schema):
    rule: str
    severity: str
    pointer: str
    message: str
    got: str | None = None


class ResultOut(Schema):
    """One event: its place in the document, what became of it, and the rows of the sheet it came from."""

    index: int
    outcome: str
    eventID: str  # noqa: N815
    type: str
    position: int | None
    rows: list[int]
    findings: list[ResultFound]


class ResultsOut(Schema):
    step: str
    total: int
    counts: dict[str, int]
    items: list[ResultOut]


@router.get(
    "/captures/{uuid:capture_id}/events",
    response=ResultsOut,
    summary="What became of each event of a document",
)
@endpoint(Permission.CAPTURE_VIEW)
def capture_events(
    request: HttpRequest,
    capture_id: UUID,
    outcome: Literal["", "accepted", "duplicate", "rejected", "withheld"] = "",
    limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    """`step`: waiting, running, filed (in the log), projected (in every view), refused or failed."""
    job = get_object_or_404(queries.jobs(request.auth), uuid=capture_id)  # type: ignore[attr-defined]
    places = inbox.places(job, outcome)
    return {
        "step": inbox.progress(job).step,
        "total": len(places),
        "counts": inbox.counts(job),
        "items": [
            {
                "index": one.index,
                "outcome": one.outcome,
                "eventID": one.event_id,
                "type": one.type,
                "position": one.position,
                "rows": list(one.rows),
                "findings": list(one.findings),
            }
            for one in inbox.results(job, places[offset : offset + limit])
        ],
    }
