"""Recalls over HTTP."""

from __future__ import annotations

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
from lodeline_server.recalls import actions, queries
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
    method: str
    position: int
    evidencePosition: int  # noqa: N815
    affected: int
    below: int
    lots: int
    untouched: int
    lotMassKg: str | None  # noqa: N815
    error: str
    closed: datetime | None


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
    rows = queries.visible(request.auth).select_related("closure")  # type: ignore[attr-defined]
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


@router.get("/recalls/{recall_id}", response=WholeRecall, summary="One recall with its lists")
@endpoint(Permission.RECALLS_VIEW)
def one_recall(request: HttpRequest, recall_id: RowNumber) -> dict[str, Any]:
    return as_dict(get_object_or_404(queries.visible(request.auth), pk=recall_id))  # type: ignore[attr-defined]
