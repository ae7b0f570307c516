"""What follows a recall, over HTTP: notices, outcomes, the closing."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field

from lodeline.access import Permission
from lodeline.recalls.closure import Mark, Outcome  # noqa: TC001  # pydantic reads them at run time
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.recalls import queries as recalls
from lodeline_server.recalls.closing import actions, answers

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline_server.recalls.models import Recall

router = Router()
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
Word = Annotated[str, Field(max_length=500)]
CLEAN = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, Field(max_length=500, pattern=CLEAN)]
Moment = Annotated[AwareDatetime | None, Field(description="when it happened; left out: now")]


class NewMarks(Schema):
    mark: Annotated[Mark | None, Field(description="needed")] = None
    parties: Annotated[
        list[Word], Field(max_length=1_000, description='needed, as the list names them; "": not known')
    ] = []
    on: Moment = None
    note: Text = ""


class NewOutcome(Schema):
    outcome: Annotated[Outcome | None, Field(description="needed")] = None
    things: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=500)]],
        Field(max_length=10_000, description="without any: all that is open, of the holder if one is named"),
    ] = []
    holder: Word | None = None
    on: Moment = None
    note: Text = ""


class NewClosure(Schema):
    signedOffBy: Annotated[str, Field(max_length=200, pattern=CLEAN, description="needed")] = ""  # noqa: N815
    reasons: Annotated[
        dict[Word, Text], Field(max_length=1_000, description="by holder: why what is open may stay so")
    ] = {}


class Said(Schema):
    said: int


class MarkSet(Schema):
    mark: str
    on: datetime
    note: str
    position: int
    times: int


class OnList(Schema):
    key: str
    label: str
    product: str
    item: bool
    dose: str | None
    massKg: str | None  # noqa: N815
    site: str
    status: str
    outcome: str | None


class Holder(Schema):
    party: str
    name: str
    country: str
    contact: str
    items: int
    lots: int
    massKg: str | None  # noqa: N815
    open: int
    marks: list[MarkSet]
    things: list[OnList]


class Notices(Schema):
    number: str
    position: int
    evidencePosition: int  # noqa: N815
    holders: list[Holder]


class Counted(Schema):
    things: int
    massKg: str | None  # noqa: N815


class ByOutcome(Counted):
    outcome: str


class StillOpen(Counted):
    holder: str
    name: str


class RestsOn(Schema):
    position: int
    type: str
    leafHash: str  # noqa: N815


class Closed(Schema):
    report: dict[str, Any]
    evidence: list[RestsOn]
    bundle: str
    matches: bool
    position: int


class Progress(Schema):
    number: str
    position: int
    evidencePosition: int  # noqa: N815
    reached: Counted
    outcomes: list[ByOutcome]
    open: list[StillOpen]
    settledShare: str  # noqa: N815
    reconciledShare: str | None  # noqa: N815
    closure: Closed | None


@router.get(
    "/recalls/{recall_id}/notices", response=Notices, summary="Whom to tell of a recall, and who was told"
)
@endpoint(Permission.RECALLS_VIEW)
def list_notices(request: HttpRequest, recall_id: RowNumber) -> dict[str, Any]:
    return answers.notices(_recall(request, recall_id))


@router.post("/recalls/{recall_id}/notices", response={201: Said}, summary="Mark notices as sent or answered")
@endpoint(Permission.RECALLS_RUN)
def mark_notices(request: HttpRequest, recall_id: RowNumber, wanted: NewMarks) -> Status:
    """One statement for each holder. Nothing is sent by this: it says that somebody did."""
    at, recall = now(), _recall(request, recall_id)
    if wanted.mark is None:
        raise Problem(422, "A mark is needed", detail="Give sent, acknowledged or answered.")
    marking = actions.Marking(mark=wanted.mark, parties=wanted.parties, on=wanted.on or at, note=wanted.note)
    said = actions.mark(actor=_actor(request), recall=recall, marking=marking, now=at)
    return Status(201, {"said": said})


@router.post(
    "/recalls/{recall_id}/outcomes", response={201: Said}, summary="Say what became of what was reached"
)
@endpoint(Permission.RECALLS_RUN)
def tell_outcome(request: HttpRequest, recall_id: RowNumber, wanted: NewOutcome) -> Status:
    at, recall = now(), _recall(request, recall_id)
    if wanted.outcome is None:
        raise Problem(422, "An outcome is needed", detail="Give returned, quarantined, scrapped or clean.")
    settling = actions.Settling(
        outcome=wanted.outcome,
        keys=wanted.things,
        holder=wanted.holder,
        on=wanted.on or at,
        note=wanted.note,
    )
    said = actions.settle(actor=_actor(request), recall=recall, settling=settling, now=at)
    return Status(201, {"said": said})


@router.get(
    "/recalls/{recall_id}/closure", response=Progress, summary="How far a recall has come, or its closing"
)
@endpoint(Permission.RECALLS_VIEW)
def show_closure(request: HttpRequest, recall_id: RowNumber) -> dict[str, Any]:
    return answers.progress(_recall(request, recall_id))


@router.post("/recalls/{recall_id}/closure", response={201: Progress}, summary="Close a recall, on record")
@endpoint(Permission.RECALLS_RUN)
def close_recall(request: HttpRequest, recall_id: RowNumber, wanted: NewClosure) -> Status:
    """Refused (409) while something is open at a holder for whom no reason is given."""
    recall = _recall(request, recall_id)
    actions.close(
        actor=_actor(request),
        recall=recall,
        reasons=wanted.reasons,
        signed_off_by=wanted.signedOffBy,
        now=now(),
    )
    return Status(201, answers.progress(recall))


def _actor(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _recall(request: HttpRequest, recall_id: int) -> Recall:
    found: Recall = get_object_or_404(recalls.visible(_actor(request)), pk=recall_id)
    return found
