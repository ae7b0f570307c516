"""What is done after a book has moved and its transaction is on disk: files, copies, calls for anchors.

Never inside the transaction, and nothing here can fail it: what goes wrong is logged and caught up with later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from lodeline_server.log.books import Book

logger = structlog.get_logger(__name__)
_offered: dict[str, Callable[[Book], object]] = {}


def offer(name: str, function: Callable[[Book], object]) -> None:
    """Called from an app's `ready()`; `function` gets the book that moved."""
    _offered[name] = function


def moved(book: Book) -> None:
    """Call all that was offered, each by itself."""
    for name, function in _offered.items():
        try:
            function(book)
        except Exception:
            logger.exception("after the log moved", step=name, book=book.name)
