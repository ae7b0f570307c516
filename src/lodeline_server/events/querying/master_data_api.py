"""Master data on record over HTTP."""

from __future__ import annotations

import json
from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline.events.query_words import term
from lodeline_server.events.querying import master_data
from lodeline_server.kit.permissions import endpoint
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()


class ElementOut(Schema):
    """What one organisation last said of an id. `position`: of the document in the log."""

    type: str
    id: str
    attributes: dict[str, list[str]]
    children: list[str]
    organisation: str
    position: int
    recordTime: datetime  # noqa: N815


class ElementsOut(Schema):
    total: int
    items: list[ElementOut]


@router.get("/master-data", response=ElementsOut, summary="Master data that came with captured documents")
@endpoint(Permission.CAPTURE_VIEW)
def elements(
    request: HttpRequest,
    type: Annotated[str, Field(max_length=500)] = "",  # noqa: A002 - as the standard calls it
    id: Annotated[str, Field(max_length=2000)] = "",  # noqa: A002
    limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    """In the order of types and ids. An id is found whatever its spelling, a type by its full name."""
    rows = master_data.visible(request.auth)  # type: ignore[attr-defined]
    if type:
        rows = rows.filter(type=type.replace("\0", ""))
    if id:
        rows = rows.filter(element=term(id.replace("\0", ""), {}))
    page = list(rows.order_by("type", "element", "organisation")[offset : offset + limit])
    named = Organisation.objects.filter(pk__in={row.organisation for row in page}).values_list("pk", "slug")
    slugs = dict(named)
    return {
        "total": rows.count(),
        "items": [
            {
                "type": row.type,
                "id": row.element,
                "attributes": json.loads(row.attributes),
                "children": json.loads(row.children or "[]"),
                "organisation": slugs.get(row.organisation, ""),
                "position": row.position,
                "recordTime": row.time,
            }
            for row in page
        ],
    }
