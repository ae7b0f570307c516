"""Anchors as JSON, for the API and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.log.checkpoint import to_base64

if TYPE_CHECKING:
    from lodeline_server.log.anchoring.models import Anchor
    from lodeline_server.log.anchoring.queries import Standing


def of(row: Anchor, *, errors: bool = False) -> dict[str, Any]:
    """One anchor. What went wrong names machines and files of the operator: only where `errors` is asked for."""
    value: dict[str, Any] = {
        "id": row.pk,
        "book": row.book,
        "size": row.size,
        "root": to_base64(bytes(row.root)),
        "kind": row.kind,
        "target": row.target,
        "state": row.state,
        "queued": row.queued_at.isoformat(),
        "changed": row.changed_at.isoformat(),
        "attested": row.attested_at.isoformat() if row.attested_at else None,
        "losses": row.losses,
    }
    if errors:
        value |= {"failures": row.failures, "error": row.error or None, "detail": row.detail}
    return value


def standing(one: Standing, *, errors: bool = False) -> dict[str, Any]:
    """Where one target stands at one book."""
    value: dict[str, Any] = {
        "target": one.target,
        "kind": one.kind,
        "book": one.book,
        "configured": one.configured,
        "size": one.size,
        "at": one.at.isoformat() if one.at else None,
        "underWay": one.open,
        "failing": bool(one.error),
    }
    return {**value, "error": one.error or None} if errors else value
