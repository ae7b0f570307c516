"""The means of this installation, and a judgement with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.credentials import checking, material, queries

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Asked, Verdict


def means() -> checking.Means:
    return checking.Means(
        contexts=material.held(),
        canonize=material.canonize,
        resolve=material.resolver(),
        list_text=material.list_text,
        on_record=_on_record,
    )


def credential(item: JSON, asked: Asked) -> Verdict:
    """Judge a credential with what this installation knows."""
    return checking.credential(item, means(), asked)


def presentation(item: JSON, asked: Asked) -> Verdict:
    """Judge a presentation with what this installation knows."""
    return checking.presentation(item, means(), asked)


def _on_record(sha256: str) -> tuple[int, datetime] | None:
    row = queries.on_record(sha256)
    return (row.position, row.issued_at) if row else None
