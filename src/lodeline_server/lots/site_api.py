"""Sites over HTTP: the figures of their pages."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import origin_map, queries, sites
from lodeline_server.lots.answers import exact, kilograms
from lodeline_server.lots.graph_api import Bounds  # noqa: TC001  # pydantic reads it at run time

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.lots.origin import Origin

router = Router()


class SiteRow(Schema):
    site: str
    name: str
    kind: str
    country: str
    party: str
    latitude: str
    longitude: str
    lotsThere: int  # noqa: N815


class Sites(Schema):
    total: int
    position: int
    sites: list[SiteRow]


class MassBounds(Schema):
    """`low`: what is surely left; `high`: if nothing was taken of what was drawn from without saying how much."""

    lowKg: str | None  # noqa: N815
    highKg: str | None  # noqa: N815
    lots: int


class Flow(Schema):
    times: int
    massKg: str | None  # noqa: N815
    unweighed: int


class Month(Schema):
    """`yielded`: of the transformations that can be weighed on both sides; `leftOut` cannot."""

    month: str
    flows: dict[str, Flow]
    takenKg: str | None  # noqa: N815
    givenKg: str | None  # noqa: N815
    yielded: str | None
    leftOut: int  # noqa: N815


class MonthCount(Schema):
    month: datetime
    came: int
    left: int
    made: int
    used: int


class PooledOrigin(Schema):
    massKg: str | None  # noqa: N815
    unknown: str
    countries: list[Bounds]


class SiteAnswer(Schema):
    """Origins are the mean over `origins_of` lots; what `origins_without` more lots hold is unknown in them."""

    position: int
    site: str
    name: str
    stock: MassBounds
    unweighed: int
    silent: int
    substances: dict[str, MassBounds]
    origins: dict[str, PooledOrigin]
    originsOf: int  # noqa: N815
    originsWithout: int  # noqa: N815
    months: list[MonthCount]
    period: Month | None


@router.get("/sites", response=Sites, summary="Sites you may see, those with the most lots first")
@endpoint(Permission.LOTS_VIEW)
def list_sites(
    request: HttpRequest,
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    actor = request.auth  # type: ignore[attr-defined]
    rows = sites.counted(actor).order_by("-there", "name", "uri")
    return {
        "total": rows.count(),
        "position": queries.position(),
        "sites": [
            {
                "site": row.uri, "name": row.name, "kind": row.kind, "country": row.country, "party": row.party,
                "latitude": row.latitude, "longitude": row.longitude, "lotsThere": row.there,
            }
            for row in rows[offset : offset + limit]
        ],
    }  # fmt: skip


@router.get("/sites/figures", response=SiteAnswer, summary="What is at a site now, and what happened there")
@endpoint(Permission.LOTS_VIEW)
def site_figures(
    request: HttpRequest,
    site: Annotated[str, Field(min_length=1, max_length=500, description="the site's identifier")],
    month: Annotated[
        str, Field(pattern=r"^([0-9]{4}-[0-9]{2})?$", description="the newest with anything in it when empty")
    ] = "",
) -> dict[str, Any]:
    """Stock by substance with bounds, its origins, movements by month, and the masses and the yield of one month."""
    actor = request.auth  # type: ignore[attr-defined]
    row = None if "\x00" in site else sites.visible(actor).filter(uri=site).first()
    if row is None:
        raise Problem(404, "This site is not on record", detail=site)
    months = sites.months(row)
    chosen = sites.chosen(month, [one["month"] for one in months])
    if month and (chosen is None or chosen.strftime("%Y-%m") != month):
        raise Problem(422, "This is not a month (month)", detail=month)
    there = sites.here(actor, row.uri)
    stock = sites.stock(there)
    held = origin_map.held(there, stock)
    period = sites.period(row, chosen) if chosen else None
    return {
        "position": queries.position(),
        "site": row.uri,
        "name": row.name,
        "stock": {"lowKg": kilograms(stock.low), "highKg": kilograms(stock.high), "lots": stock.lots},
        "unweighed": stock.unweighed,
        "silent": stock.silent,
        "substances": {
            name: {"lowKg": kilograms(one.low), "highKg": kilograms(one.high), "lots": one.lots}
            for name, one in stock.substances.items()
        },
        "origins": {name: _origin(one) for name, one in held.origins.items()},
        "originsOf": held.lots,
        "originsWithout": held.left_out,
        "months": months,
        "period": None if period is None or chosen is None else _month(chosen, period),
    }


def _origin(one: Origin) -> dict[str, Any]:
    return {
        "massKg": kilograms(one.mass),
        "unknown": exact(one.unknown),
        "countries": [
            {"name": country, "low": exact(share), "high": exact(share + one.unknown)}
            for country, share in one.countries().items()
        ],
    }


def _month(start: datetime, period: sites.Period) -> dict[str, Any]:
    return {
        "month": start.strftime("%Y-%m"),
        "flows": {
            name: {"times": flow.count, "massKg": kilograms(flow.mass), "unweighed": flow.unweighed}
            for name, flow in period.flows.items()
        },
        "takenKg": kilograms(period.taken),
        "givenKg": kilograms(period.given),
        "yielded": None if period.yielded is None else f"{float(period.yielded):.6f}",
        "leftOut": period.left_out,
    }
