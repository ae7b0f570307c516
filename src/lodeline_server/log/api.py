"""The log over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router

from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline.log.checkpoint import to_base64
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.log import notebook, proofs, reading
from lodeline_server.log.standing import standing

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()


@router.get("/log/checkpoint", summary="The newest signed checkpoint")
@endpoint(Permission.LOG_VIEW)
def checkpoint(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """The note, and the key it verifies with."""
    newest = notebook.newest()
    return {
        "size": newest.size if newest else 0,
        "checkpoint": newest.note if newest else None,
        "vkey": notebook.verifier(),
    }


@router.get("/log/statements/{position}", summary="One statement, its leaf, and its way into the checkpoint")
@endpoint(Permission.LOG_VIEW)
def statement(request: HttpRequest, position: int) -> dict[str, Any]:
    """Payload and salt let anyone recompute the commitment in the leaf; the path leads to the checkpoint's root."""
    found = reading.open_statement(request.auth, position)  # type: ignore[attr-defined]
    if found is None:
        raise Problem(404, "Nothing here", detail=f"no statement at position {position} for you")
    stands = standing(found)
    return {
        "position": found.position,
        "type": found.type,
        "time": found.time.isoformat(),
        "leaf": found.leaf.decode(errors="replace"),
        "leafHash": found.leaf_hash.hex(),
        "salt": b64url(found.salt),
        "payload": found.payload,
        "erased": found.erased,
        "treeSize": stands.size,
        "inclusion": [to_base64(one) for one in stands.path],
        "checkpoint": stands.note,
        "faults": list(stands.faults),
    }


@router.get("/log/proof/inclusion", summary="The way of a position into the tree of a size")
@endpoint(Permission.LOG_VIEW)
def inclusion(request: HttpRequest, position: int, size: int | None = None) -> dict[str, Any]:  # noqa: ARG001
    """RFC 6962, 2.1.1, the leaf's sibling first. `checkpoint` is the one of exactly this size, where one was signed."""
    found = proofs.inclusion(position, size)
    return {
        "position": found.position,
        "treeSize": found.size,
        "leafHash": found.leaf_hash.hex(),
        "root": to_base64(found.root),
        "inclusion": [to_base64(one) for one in found.path],
        "checkpoint": found.note,
    }


@router.get("/log/proof/consistency", summary="That the tree of one size holds all of a smaller one")
@endpoint(Permission.LOG_VIEW)
def consistency(request: HttpRequest, old: int, new: int | None = None) -> dict[str, Any]:  # noqa: ARG001
    """RFC 6962, 2.1.2. Compare both roots with signed checkpoints before you believe it."""
    found = proofs.consistency(old, new)
    return {
        "old": found.old,
        "new": found.new,
        "oldRoot": to_base64(found.old_root),
        "newRoot": to_base64(found.new_root),
        "consistency": [to_base64(one) for one in found.path],
    }
