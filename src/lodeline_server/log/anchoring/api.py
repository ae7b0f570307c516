"""Anchors over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router

from lodeline.access import Permission
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.log import reading
from lodeline_server.log.anchoring import answers, queries
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
MOST = 200


@router.get("/log/anchors", summary="Where the log's checkpoints are anchored")
@endpoint(Permission.LOG_VIEW)
def anchors(request: HttpRequest) -> dict[str, Any]:
    """Every place, and the newest 200 anchors. What went wrong is said to operators."""
    errors = request.auth.may(Permission.OPERATE)  # type: ignore[attr-defined]
    places, _ = queries.standings()
    return {
        "places": [answers.standing(one, errors=errors) for one in places],
        "anchors": [answers.of(row, errors=errors) for row in queries.listed()[:MOST]],
    }


@router.get("/log/statements/{position}/anchors", summary="Which anchors cover a statement")
@endpoint(Permission.LOG_VIEW)
def covering(request: HttpRequest, position: int) -> dict[str, Any]:
    """The first one of each place, the earliest time first: the statement was in the log before `before`."""
    if not reading.may_prove(request.auth, position):  # type: ignore[attr-defined]
        raise Problem(404, "Nothing here", detail=f"no statement at position {position} for you")
    found = queries.before(MAIN, position)
    return {
        "position": position,
        "before": queries.until(found[0]).isoformat() if found else None,
        "anchors": [{**answers.of(row), "proof": f"/app/log/{position}/anchors/{row.pk}/"} for row in found],
    }
