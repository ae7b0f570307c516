"""Books of credits: mass balance and book-and-claim (ISO 22095), kept in the log and held against what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from lodeline_server.log.purging import Erasing


def ready() -> None:
    """Called from the app's `ready()`."""
    from lodeline_server.log import sources
    from lodeline_server.log.projections import register
    from lodeline_server.log.purging import offer_quotes
    from lodeline_server.lots.custody import models, statements
    from lodeline_server.lots.custody.projection import Books

    register(Books())
    for name, model, kind in (
        ("custody schemes", models.CustodyScheme, statements.SCHEME),
        ("custody entries", models.CustodyEntry, statements.ENTRY),
        ("custody remarks", models.CustodyRemark, statements.REMARK),
        ("custody closings", models.CustodyClosing, statements.CLOSED),
    ):
        sources.offer(name, model, {kind}, projection="custody")
    offer_quotes(statements.REMARK, _quotes)


def _quotes(payload: dict[str, Any], erasing: Erasing) -> bool:
    return erasing.quoted_in(payload["body"])
