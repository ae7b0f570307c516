"""Lots and traces over HTTP."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.db.models import Q
from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline.lots import trace
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries
from lodeline_server.lots.answers import Sight, kilograms

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor
    from lodeline_server.lots.models import Lot

router = Router()
Word = Annotated[str, Field(max_length=500)]
Substance = Literal["", "Ni", "Co", "Mn", "Li", "C", "Cu", "Al"]


class LotRow(Schema):
    key: str
    label: str
    kind: Literal["lot", "item"]
    gtin: str
    product: str
    party: str
    site: str
    made: datetime
    quantity: str
    uom: str
    massKg: str | None  # noqa: N815
    custody: str
    currentSite: str  # noqa: N815
    holder: str
    inside: str
    status: str
    statement: int


class Lots(Schema):
    total: int
    position: int
    lots: list[LotRow]


class TracedLot(Schema):
    """`key` is empty for lots of other parties, to those who see their own only."""

    id: int
    key: str | None
    label: str
    version: int
    product: str
    quantity: str | None
    uom: str
    massKg: str | None  # noqa: N815
    made: datetime
    site: str
    siteName: str  # noqa: N815
    country: str
    party: str
    partyName: str  # noqa: N815
    statement: int | None
    depth: int
    shares: dict[str, str]


class TracedEdge(Schema):
    source: Annotated[int, Field(alias="from")]
    to: int
    massKg: str | None  # noqa: N815
    substancesKg: dict[str, str]  # noqa: N815
    statement: int | None


class SourceShare(Schema):
    site: str
    name: str
    country: str
    recycled: bool
    share: str
    lots: list[str]
    statement: int | None


class GapShare(Schema):
    lot: str | None
    share: str
    statement: int | None


class OriginShares(Schema):
    name: str
    massKg: str | None  # noqa: N815
    sources: list[SourceShare]
    countries: dict[str, str]
    unknown: str
    gaps: list[GapShare]


class TraceAnswer(Schema):
    direction: Literal["back", "forward"]
    position: int
    target: int
    lots: list[TracedLot]
    edges: list[TracedEdge]
    origins: dict[str, OriginShares]


@router.get("/lots", response=Lots, summary="Lots and items you may see, newest first")
@endpoint(Permission.LOTS_VIEW)
def list_lots(
    request: HttpRequest,
    q: Annotated[
        str, Field(max_length=200, description="part of the label or product, or a whole identifier")
    ] = "",
    kind: Literal["", "lot", "item"] = "",
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    actor = request.auth  # type: ignore[attr-defined]
    rows = queries.visible(actor).order_by("-made_at", "key")
    if "\x00" in q:
        rows = rows.none()
    elif q:
        rows = rows.filter(Q(label__icontains=q) | Q(product__icontains=q) | Q(key=q))
    if kind:
        rows = rows.filter(item=kind == "item")
    return {
        "total": rows.count(),
        "position": queries.position(),
        "lots": [_row(row, actor) for row in rows[offset : offset + limit]],
    }


@router.get(
    "/lots/trace",
    response=TraceAnswer,
    by_alias=True,
    summary="Where a lot or item comes from, or where it went",
)
@endpoint(Permission.LOTS_VIEW)
def trace_lot(
    request: HttpRequest,
    key: Annotated[
        Word, Field(min_length=1, description="identifier, Digital Link path, or label when it is unique")
    ],
    direction: Literal["back", "forward"] = "back",
    substance: Substance = "",
) -> dict[str, Any]:
    """The lots with quantities, sites, dates and shares; for a trace back the origin of every substance.

    A trace back says which share of the asked lot's substance each lot carried; a trace forward which share of each
    lot's substance came from the asked one.
    """
    actor = request.auth  # type: ignore[attr-defined]
    row = the_lot(actor, key)
    picture = queries.around(row.workspace_id, [row.key], onward=direction == "forward")
    sight = Sight(picture=picture, own=queries.named(actor), party_uri=actor.party)
    graph = picture.graph
    node = graph.last(row.key)
    if node is None:
        raise Problem(404, "This lot is not in the graph yet", detail=key)
    answer = (
        trace.onward(graph, node) if direction == "forward" else trace.back(graph, node, sight.picture.places)
    )
    return sight.as_dict(answer, substance or None)


def the_lot(actor: Actor, key: str) -> Lot:
    """The lot a word means."""
    found = queries.find(queries.visible(actor), key)
    if not found:
        raise Problem(404, "This lot is not on record", detail=key)
    if len(found) > 1:
        raise Problem(409, "Several lots are called that", detail=", ".join(one.key for one in found[:5]))
    return found[0]


def _row(row: Lot, actor: Actor) -> dict[str, Any]:
    site, holder = queries.whereabouts(actor, row)
    return {
        "key": row.key,
        "label": row.label,
        "kind": "item" if row.item else "lot",
        "gtin": row.gtin,
        "product": row.product,
        "party": row.party,
        "site": row.site,
        "made": row.made_at,
        "quantity": row.amount,
        "uom": row.uom or "C62",
        "massKg": kilograms(row.mass),
        "custody": row.custody,
        "currentSite": site,
        "holder": holder,
        "inside": row.inside if holder else "",
        "status": row.status,
        "statement": row.position,
    }
