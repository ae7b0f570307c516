"""The audit trail over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Query, Router

from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline.log.checkpoint import to_base64
from lodeline_server.kit.audit import Kind, Outcome  # noqa: TC001 - ninja reads them at run time
from lodeline_server.kit.instants import Instant  # noqa: TC001 - ninja reads it at run time
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.log import notebook
from lodeline_server.log import queries as log
from lodeline_server.log.auditing import queries, sequencer
from lodeline_server.log.auditing.pages import people
from lodeline_server.log.books import AUDIT

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()


@router.get("/audit", summary="The audit trail, newest first")
@endpoint(Permission.AUDIT_VIEW)
def trail(
    request: HttpRequest,
    type: Annotated[Kind | Literal[""], Query()] = "",  # noqa: A002 - the name it has in a statement
    actor: Annotated[
        str, Query(max_length=254, description="a pseudonym; a name or an address for who manages members")
    ] = "",
    action: Annotated[str, Query(max_length=254, description="part of the action's name")] = "",
    outcome: Annotated[Outcome | Literal[""], Query()] = "",
    since: Annotated[Instant | None, Query()] = None,
    until: Annotated[Instant | None, Query()] = None,
    before: Annotated[int | None, Query(ge=0, lt=2**63, description="`older` of the answer before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """One call opens at most 20,000 lines: while there is `older`, go on below it. `waiting` have no place yet."""
    reader = request.auth  # type: ignore[attr-defined]
    asked = queries.Wanted(
        kind=str(type),
        actors=frozenset(people(actor, reader)) if actor else frozenset(),
        action=action,
        outcome=str(outcome),
        since=since,
        until=until,
    )
    found = queries.page(reader, asked, before=before, limit=limit)
    return {
        "lines": [line.as_dict() for line in found.lines],
        "older": found.older,
        "waiting": sequencer.lag(reader.workspace).lines,
        "size": log.size(AUDIT),
        "vkey": notebook.verifier(AUDIT),
    }


@router.get("/audit/{position}", summary="One line of the audit trail, with its proof")
@endpoint(Permission.AUDIT_VIEW)
def line(request: HttpRequest, position: int) -> dict[str, Any]:
    """Payload and salt let anyone recompute the commitment in the leaf; the path leads to the checkpoint's root."""
    found = queries.get(request.auth, position)  # type: ignore[attr-defined]
    newest = notebook.newest(AUDIT)
    if found is None or newest is None:
        raise Problem(404, "Nothing here", detail=f"no line at position {position} for you")
    return {
        "position": found.position,
        "type": found.type,
        "logged": found.time.isoformat(),
        "leaf": found.leaf.decode(errors="replace"),
        "leafHash": found.leaf_hash.hex(),
        "salt": b64url(found.salt),
        "payload": found.payload,
        "treeSize": newest.size,
        "inclusion": [to_base64(one) for one in log.inclusion(position, newest.size, AUDIT)],
        "checkpoint": newest.note,
    }
