"""Passports over HTTP, for a workspace's own people and machines. The public form stands at the Digital Link."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.completeness import total
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import actions, queries, workbench

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor
    from lodeline_server.passports.models import Passport

router = Router()
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
MOST = 500


class Head(Schema):
    id: int
    key: str
    gtin: str
    serial: str
    category: str
    status: Annotated[str, Field(description="of the passport: active, inactive, archived, invalid")]
    model: str
    maker: str
    version: int
    position: Annotated[int, Field(description="log position of the statement that issued it")]
    evidence_position: int
    issued: datetime
    address: Annotated[str, Field(description="the public passport")]
    audience: Annotated[Audience, Field(description="the reader you are for this passport")]
    completeness: Annotated[
        dict[str, int], Field(description="data points by state, of those you may know of")
    ]


class Page(Schema):
    total: int
    passports: list[Head]


class DataPoint(Schema):
    id: str
    title: str
    group: str
    duty: str
    state: str
    words: str


class Detail(Head):
    points: Annotated[dict[str, DataPoint], Field(description="by number; only those you may know of")]
    document: Annotated[dict[str, Any], Field(description="EN 18223 envelope and elements, compressed form")]


@router.get("/passports", response=Page, summary="Issued passports")
@endpoint(Permission.PASSPORTS_VIEW)
def list_passports(
    request: HttpRequest,
    gtin: Annotated[str, Field(pattern=r"^[0-9]{0,14}$")] = "",
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    """By model and serial number. Counts cover the data points you may know of."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    rows = queries.visible(actor).order_by("gtin", "serial", "pk")
    if gtin:
        rows = rows.filter(gtin=gtin)
    return {"total": rows.count(), "passports": [_head(actor, row) for row in rows[offset : offset + limit]]}


@router.get("/passports/{passport_id}", response=Detail, summary="One passport, as you may read it")
@endpoint(Permission.PASSPORTS_VIEW)
def one_passport(request: HttpRequest, passport_id: RowNumber) -> dict[str, Any]:
    """The maker reads all points, an authority what Art. 77(2) gives it, everybody else the public ones."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=passport_id)
    view = workbench.issued(row, queries.audience(actor, row.maker))
    if view is None:
        raise Problem(404, "Nothing here", detail="the statement of this passport was erased")
    points = {
        str(one.point.number): {
            "id": one.point.id,
            "title": one.point.title,
            "group": one.point.group.value,
            "duty": one.duty.value,
            "state": one.state.value,
            "words": one.words,
        }
        for one in view.rows
    }
    return {**_head(actor, row), "points": points, "document": view.document}


def _head(actor: Actor, row: Passport) -> dict[str, Any]:
    audience = queries.audience(actor, row.maker)
    return {
        "id": row.pk,
        "key": row.key,
        "gtin": row.gtin,
        "serial": row.serial,
        "category": row.category,
        "status": row.status,
        "model": row.model,
        "maker": row.maker,
        "version": row.version,
        "position": row.position,
        "evidence_position": row.evidence_position,
        "issued": row.published_at,
        "address": settings.PUBLIC_URL + actions.path(row.gtin, row.serial),
        "audience": audience,
        "completeness": total(row.counts, MATRIX[audience]),
    }
