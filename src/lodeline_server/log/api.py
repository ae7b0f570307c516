"""The log over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from django.conf import settings
from ninja import Router

from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline.log.checkpoint import vkey
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries, reading, vault

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
LARGEST = 2**62


@router.get("/log/checkpoint", summary="The newest signed checkpoint")
@endpoint(Permission.LOG_VIEW)
def checkpoint(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """The note, and the key it verifies with."""
    return {
        "size": queries.size(),
        "checkpoint": queries.checkpoint(),
        "vkey": vkey(settings.LOG_ORIGIN, vault.signing_key().verify_key),
    }


@router.get("/log/statements/{position}", summary="One statement, its leaf, and its way into the checkpoint")
@endpoint(Permission.LOG_VIEW)
def statement(request: HttpRequest, position: int) -> dict[str, Any]:
    """Payload and salt let anyone recompute the commitment in the leaf; the path leads to the checkpoint's root."""
    found = None
    if 0 <= position < LARGEST:
        found = reading.open_statement(request.auth, position)  # type: ignore[attr-defined]
    if found is None:
        raise Problem(404, "Nothing here", detail=f"no statement at position {position} for you")
    size = queries.size()
    return {
        "position": found.position,
        "type": found.type,
        "time": found.time.isoformat(),
        "leaf": found.leaf.decode(),
        "leafHash": found.leaf_hash.hex(),
        "salt": b64url(found.salt),
        "payload": found.payload,
        "erased": found.erased,
        "treeSize": size,
        "inclusion": [base64.b64encode(one).decode() for one in queries.inclusion(position, size)],
        "checkpoint": queries.checkpoint(),
    }
