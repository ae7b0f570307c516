"""Drills over HTTP."""

from __future__ import annotations

import secrets
from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.recalls.drilling import actions, answers, queries

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
MOST = 10_000
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
Word = Annotated[str, Field(min_length=1, max_length=500)]
Listed = Annotated[list[Word], Field(max_length=MOST)]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NewDrill(Schema):
    limitSeconds: Annotated[int, Field(ge=1, le=30 * 86_400)] = 4 * 3600  # noqa: N815
    ticket: Annotated[
        str, Field(pattern=r"^([0-9]{1,20})?$", description="of an earlier drill, to repeat it; else drawn")
    ] = ""


class DrillAnswer(Schema):
    listed: Annotated[
        Listed | None, Field(description="items that people found; left out: Lodeline lists them")
    ] = None
    truth: Annotated[
        Listed | None, Field(description="items on a list kept elsewhere; left out: the record")
    ] = None


class Abandoning(Schema):
    reason: Annotated[Text, Field(description="needed; it stays in the history")] = ""


class DrillHead(Schema):
    id: int
    number: str
    state: str
    ticket: str
    repeats: int | None
    lot: str
    label: str
    population: int
    populationHash: str  # noqa: N815
    position: int
    drawn: datetime
    drawnFrom: int  # noqa: N815
    limitSeconds: int  # noqa: N815
    finished: datetime | None
    finishedPosition: int | None  # noqa: N815
    reason: str
    method: str
    evidencePosition: int | None  # noqa: N815
    seconds: str | None
    milliseconds: str | None
    byPeople: bool  # noqa: N815
    againstRecord: bool  # noqa: N815
    found: int | None
    truth: int | None
    truthHash: str  # noqa: N815
    missedCount: int  # noqa: N815
    wrongCount: int  # noqa: N815
    completeness: str | None
    precision: str | None
    reconciled: str | None
    placed: str | None
    passed: bool | None


class WholeDrill(DrillHead):
    missed: list[str]
    wrong: list[str]
    sameTicket: list[DrillHead]  # noqa: N815


class DrillFigures(Schema):
    drawn: int
    answered: int
    abandoned: int
    passed: int
    medianSeconds: str | None  # noqa: N815
    medianCompleteness: str | None  # noqa: N815
    medianReconciled: str | None  # noqa: N815


class Drills(Schema):
    total: int
    figures: DrillFigures
    drills: list[DrillHead]


@router.get("/recalls/drills", response=Drills, summary="Recall drills on record, newest first")
@endpoint(Permission.RECALLS_VIEW)
def list_drills(
    request: HttpRequest,
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    rows = queries.visible(request.auth)  # type: ignore[attr-defined]
    return {
        "total": rows.count(),
        "figures": answers.figures(queries.figures(rows)),
        "drills": [answers.head(row) for row in rows[offset : offset + limit]],
    }


@router.post("/recalls/drills", response={201: WholeDrill}, summary="Draw a lot for a drill, on record")
@endpoint(Permission.RECALLS_RUN)
def draw_drill(request: HttpRequest, wanted: NewDrill) -> Status:
    """The clock runs from here. One drill runs at a time; it ends with an answer or is abandoned, on record."""
    row = actions.draw(
        actor=request.auth,  # type: ignore[attr-defined]
        limit=wanted.limitSeconds,
        ticket=wanted.ticket,
        now=now(),
        random=secrets.randbelow,
    )
    return Status(201, answers.as_dict(row))


@router.get("/recalls/drills/{drill_id}", response=WholeDrill, summary="One drill with its lists")
@endpoint(Permission.RECALLS_VIEW)
def one_drill(request: HttpRequest, drill_id: RowNumber) -> dict[str, Any]:
    return answers.as_dict(get_object_or_404(queries.visible(request.auth), pk=drill_id))  # type: ignore[attr-defined]


@router.post(
    "/recalls/drills/{drill_id}/answer", response=WholeDrill, summary="Answer a drill; its clock stops"
)
@endpoint(Permission.RECALLS_RUN)
def answer_drill(request: HttpRequest, drill_id: RowNumber, given: DrillAnswer) -> dict[str, Any]:
    """What was missed and what was listed wrongly is put on record."""
    actor = request.auth  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=drill_id)
    answer = actions.Answer(listed=given.listed, truth=given.truth)
    return answers.as_dict(actions.answer(actor=actor, row=row, given=answer, now=now(), timer=perf_counter))


@router.post(
    "/recalls/drills/{drill_id}/abandon", response=WholeDrill, summary="End a drill without an answer"
)
@endpoint(Permission.RECALLS_RUN)
def abandon_drill(request: HttpRequest, drill_id: RowNumber, given: Abandoning) -> dict[str, Any]:
    actor = request.auth  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=drill_id)
    return answers.as_dict(actions.abandon(actor=actor, row=row, reason=given.reason, now=now()))
