"""The graph around a lot and the origins of a lot over HTTP, as on their pages."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Query, Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline.lots.origin import origins
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import explorer, queries
from lodeline_server.lots.answers import Sight, exact, kilograms
from lodeline_server.lots.api import Word, the_lot

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
Named = Annotated[str, Field(max_length=500)]


class GraphLot(Schema):
    """`column`: steps to the left (negative) or right. `folded`: neighbours that are not in the answer."""

    id: int
    key: str | None
    label: str
    version: int
    column: int
    made: datetime
    there: bool
    site: str
    party: str
    shareLow: str  # noqa: N815
    shareHigh: str  # noqa: N815
    unknownInput: str  # noqa: N815
    folded: int
    status: str | None
    inside: str


class GraphEdge(Schema):
    source: Annotated[int, Field(alias="from")]
    to: int
    share: str
    massKg: str | None  # noqa: N815


class GraphAnswer(Schema):
    position: int
    at: datetime | None
    substance: str
    total: int
    shown: int
    foldedByDepth: int  # noqa: N815
    foldedByLimit: int  # noqa: N815
    lots: list[GraphLot]
    edges: list[GraphEdge]


@router.get(
    "/lots/graph", response=GraphAnswer, by_alias=True, summary="The graph around a lot, as on its page"
)
@endpoint(Permission.LOTS_VIEW)
def graph_around(
    request: HttpRequest,
    key: Annotated[Word, Field(min_length=1, description="identifier, Digital Link path, or unique label")],
    direction: Literal["both", "back", "forward"] = "both",
    substance: Literal["", "mass", "Ni", "Co", "Mn", "Li", "C", "Cu", "Al"] = "",
    at: Annotated[str, Field(max_length=40, description="how things stood then: a date or a time")] = "",
    known: Annotated[int | None, Field(ge=1, le=2**62, description="as told below this log position")] = None,
    depth: Annotated[int, Field(ge=1, le=explorer.DEEPEST)] = 4,
    limit: Annotated[int, Field(ge=1, le=explorer.MOST)] = 60,
    site: Annotated[Named, Field(description="only lots made there, and the way to them")] = "",
    party: Annotated[Named, Field(description="only lots made by it, and the way to them")] = "",
    opened: Annotated[
        list[Named],
        Query(alias="open", max_length=explorer.OPENED, description="keys of lots to unfold"),
    ] = [],  # noqa: B006 - only read
) -> dict[str, Any]:
    """At most 200 lots; the others are counted as folded. Shares are lower and upper bounds."""
    actor = request.auth  # type: ignore[attr-defined]
    row = the_lot(actor, key)
    values = {
        "direction": direction,
        "substance": substance,
        "at": at,
        "depth": str(depth),
        "limit": str(limit),
        "site": site,
        "party": party,
    }
    if known is not None:
        values["known"] = str(known)
    question = explorer.asked(values, opened, queries.position())
    if question.wrong:
        raise Problem(422, "This question cannot be answered", detail="; ".join(question.wrong))
    found = explorer.explore(row, question, actor)
    if found is None:
        raise Problem(404, "This lot is not in the graph at that log position", detail=key)
    return found.as_dict()


class Bounds(Schema):
    """`high` would hold if everything unknown came from there, too."""

    name: str
    low: str
    high: str


class OriginBounds(Schema):
    massKg: str | None  # noqa: N815
    unknown: str
    countries: list[Bounds]
    sites: list[Bounds]


class OriginsAnswer(Schema):
    position: int
    origins: dict[str, OriginBounds]


@router.get(
    "/lots/origins", response=OriginsAnswer, summary="Origin of every substance of a lot, with bounds"
)
@endpoint(Permission.LOTS_VIEW)
def lot_origins(
    request: HttpRequest,
    key: Annotated[Word, Field(min_length=1, description="identifier, Digital Link path, or unique label")],
) -> dict[str, Any]:
    actor = request.auth  # type: ignore[attr-defined]
    row = the_lot(actor, key)
    sight = Sight(
        picture=queries.around(row.workspace_id, [row.key], onward=False), own=queries.named(actor),
        party_uri=actor.party,
    )  # fmt: skip
    node = sight.picture.graph.last(row.key)
    if node is None:
        raise Problem(404, "This lot is not in the graph yet", detail=key)
    return {
        "position": sight.picture.position,
        "origins": {
            name: {
                "massKg": kilograms(one.mass),
                "unknown": exact(one.unknown),
                "countries": [
                    {"name": country, "low": exact(share), "high": exact(share + one.unknown)}
                    for country, share in one.countries().items()
                ],
                "sites": [
                    {
                        "name": sight.source(source),
                        "low": exact(source.share),
                        "high": exact(source.share + one.unknown),
                    }
                    for source in one.sources
                ],
            }
            for name, one in origins(node, sight.picture.places).items()
        },
    }
