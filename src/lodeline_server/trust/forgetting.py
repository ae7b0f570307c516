"""Scores that rest on statements which are being erased: they go; the nightly run computes them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lodeline_server.log.purging import Erasing


def quotes(payload: dict[str, Any], erasing: Erasing) -> bool:
    """A score carries its evidence with positions; names of parties and sites stand beside."""
    body = payload["body"]
    cited = {one.get("position") for part in ("facts", "sites") for one in body["bundle"].get(part, ())}
    return bool(cited & erasing.positions) or erasing.quoted_in(body)
