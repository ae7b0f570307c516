"""Recalls over HTTP."""

from __future__ import annotations

import secrets
from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from decimal import Decimal
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries as lots
from lodeline_server.lots.folding import label
from lodeline_server.recalls import actions, exploring, queries
from lodeline_server.recalls.answers import as_dict, head
from lodeline_server.recalls.deciding import Order

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=13, decimal_places=12)]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class NewRecall(Schema):
    lot: Annotated[
        str, Field(min_length=1, max_length=500, description="identifier, or label when it is unique")
    ]
    threshold: Annotated[
        Share, Field(description="smallest dose that counts, a share; 0: everything reached")
    ] = Decimal(0)
    substance: Literal["", "Ni", "Co", "Mn", "Li", "C", "Cu", "Al", "mass"] = ""
    reason: Text = ""


class RecallHead(Schema):
    id: int
    number: str
    lot: str
    label: str
    product: str
    substance: str | None
    threshold: str
    reason: str
    computed: datetime
    milliseconds: float
    position: int
    evidencePosition: int  # noqa: N815
    affected: int
    below: int
    lots: int
    untouched: int
    lotMassKg: str | None  # noqa: N815
    error: str


class Hit(Schema):
    rank: int
    key: str
    label: str
    product: str
    dose: str
    massKg: str | None  # noqa: N815
    via: str
    holder: str
    holderName: str  # noqa: N815
    site: str
    siteName: str  # noqa: N815
    inside: str
    status: str


class RecallMasses(Schema):
    affected: str
    below: str
    lotsOnTheWay: str  # noqa: N815
    lot: str


class WholeRecall(RecallHead):
    massKg: RecallMasses  # noqa: N815
    items: list[Hit]
    itemsBelow: list[Hit]  # noqa: N815
    lotsOnTheWay: list[Hit]  # noqa: N815


class Recalls(Schema):
    total: int
    recalls: list[RecallHead]


@router.get("/recalls", response=Recalls, summary="Recalls on record, newest first")
@endpoint(Permission.RECALLS_VIEW)
def list_recalls(
    request: HttpRequest,
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    rows = queries.visible(request.auth)  # type: ignore[attr-defined]
    return {"total": rows.count(), "recalls": [head(row) for row in rows[offset : offset + limit]]}


@router.post("/recalls", response={201: WholeRecall}, summary="Compute a recall and put it on record")
@endpoint(Permission.RECALLS_RUN)
def make_recall(request: HttpRequest, wanted: NewRecall) -> Status:
    """Every item the lot reached, ranked by dose. Nobody is told and nothing is blocked by it."""
    actor = request.auth  # type: ignore[attr-defined]
    found = lots.find(lots.visible(actor), wanted.lot)
    if not found:
        raise Problem(404, "This lot is not on record", detail=wanted.lot)
    if len(found) > 1:
        raise Problem(409, "Several lots are called that", detail=", ".join(one.key for one in found[:5]))
    order = Order(
        lot=found[0].key,
        threshold=Fraction(wanted.threshold),
        substance=wanted.substance,
        reason=wanted.reason,
    )
    return Status(201, as_dict(actions.compute(actor=actor, order=order, now=now(), timer=perf_counter)))


Word = Annotated[str, Field(min_length=1, max_length=500)]


class WhatIf(Schema):
    lots: Annotated[list[Word], Field(min_length=1, max_length=exploring.MOST_SUSPECTS)]
    threshold: Share = Decimal(0)
    substance: Literal["", "Ni", "Co", "Mn", "Li", "C", "Cu", "Al", "mass"] = ""


class Suspect(Schema):
    key: str
    label: str
    reached: int
    affected: int
    only: int


class Dosed(Schema):
    key: str
    label: str
    dose: str
    massKg: str  # noqa: N815


class WhatIfAnswer(Schema):
    snapshot: str
    position: int
    substance: str
    threshold: str
    items: int
    suspectMassKg: str  # noqa: N815
    alone: list[Suspect]
    listed: list[Dosed]


class Failures(Schema):
    failed: Annotated[list[Word], Field(min_length=1, max_length=exploring.MOST_FAILED)]
    sound: Annotated[list[Word], Field(max_length=exploring.MOST_SOUND)] = []


class Factor(Schema):
    kind: str
    name: str
    label: str


class Finding(Schema):
    factors: list[Factor]
    failed: int
    sound: int
    odds: str
    oddsLow: str  # noqa: N815
    oddsHigh: str  # noqa: N815
    p: str
    adjusted: str


class Draw(Schema):
    ticket: str
    lot: str
    label: str


class NewDrill(Schema):
    lot: Word
    truth: Annotated[
        list[Word], Field(max_length=10_000, description="items that a list kept elsewhere names")
    ]
    limitSeconds: Annotated[int, Field(ge=1, le=86_400)] = 60  # noqa: N815


class DrillAnswer(Schema):
    lot: str
    label: str
    position: int
    seconds: str
    limitSeconds: str  # noqa: N815
    found: int
    truth: int
    completeness: str
    precision: str
    missed: list[str]
    wrong: list[str]
    reconciled: str | None
    passed: bool


class CausesAnswer(Schema):
    snapshot: str
    position: int
    failed: int
    sound: int
    tested: int
    findings: list[Finding]


@router.post(
    "/recalls/what-if",
    response=WhatIfAnswer,
    summary="What several lots would reach; nothing is put on record",
)
@endpoint(Permission.RECALLS_RUN)
def ask_what_if(request: HttpRequest, wanted: WhatIf) -> dict[str, Any]:
    """Items by dose (the first 1,000), and what each lot adds to the others."""
    actor = request.auth  # type: ignore[attr-defined]
    keys = exploring.chosen(actor, wanted.lots)
    substance = exploring.column(wanted.substance, keys, actor.workspace)
    return exploring.what_if(actor.workspace, keys, threshold=Fraction(wanted.threshold), substance=substance)


@router.post(
    "/recalls/common-cause", response=CausesAnswer, summary="Which lots, sites and days explain failed items"
)
@endpoint(Permission.RECALLS_RUN)
def ask_common_cause(request: HttpRequest, wanted: Failures) -> dict[str, Any]:
    """Fisher's exact test over all that flowed into the items, the best explanation first; it proves no cause."""
    actor = request.auth  # type: ignore[attr-defined]
    failed, sound = exploring.chosen(actor, wanted.failed), exploring.chosen(actor, wanted.sound)
    return exploring.common_cause(actor.workspace, failed, sound)


@router.post("/recalls/drill/draw", response=Draw, summary="Draw a lot for a drill at random")
@endpoint(Permission.RECALLS_RUN)
def draw_for_drill(request: HttpRequest) -> dict[str, Any]:
    ticket = secrets.randbelow(2**64)
    lot = exploring.drawn(request.auth.workspace, ticket)  # type: ignore[attr-defined]
    return {"ticket": str(ticket), "lot": lot, "label": label(lot)}


@router.post(
    "/recalls/drill", response=DrillAnswer, summary="Recall a lot as a drill; nothing is put on record"
)
@endpoint(Permission.RECALLS_RUN)
def run_drill(request: HttpRequest, wanted: NewDrill) -> dict[str, Any]:
    """Timed, with what was missed and what was listed wrongly against the truth."""
    actor = request.auth  # type: ignore[attr-defined]
    (lot,) = exploring.chosen(actor, [wanted.lot])
    truth = exploring.spelled(actor, wanted.truth)
    return exploring.drill(actor.workspace, lot, truth, limit=wanted.limitSeconds, clock=perf_counter)


@router.get("/recalls/{recall_id}", response=WholeRecall, summary="One recall with its lists")
@endpoint(Permission.RECALLS_VIEW)
def one_recall(request: HttpRequest, recall_id: RowNumber) -> dict[str, Any]:
    return as_dict(get_object_or_404(queries.visible(request.auth), pk=recall_id))  # type: ignore[attr-defined]
