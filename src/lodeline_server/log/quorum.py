"""Our checkpoints whose witnesses suffice, as stored. Asking them is `witnessing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.log.models import Cosignature, Cosigned

if TYPE_CHECKING:
    from lodeline_server.log.books import Book


def cosigned(book: Book, size: int) -> str | None:
    """Our checkpoint of that size with cosignatures that reach the quorum; None when it has none such."""
    row = Cosigned.objects.filter(book=book.name, size=size, reached=True)
    return row.values_list("note", flat=True).first()


def newest(book: Book, covering: int = 0) -> Cosigned | None:
    """The newest checkpoint whose quorum is reached, of more than `covering` entries."""
    rows = Cosigned.objects.filter(book=book.name, reached=True, size__gt=covering)
    return rows.order_by("-size").first()


def by(book: Book, size: int) -> list[tuple[str, int]]:
    """Who cosigned that checkpoint (name of the key) and when (POSIX seconds), each name once, by name."""
    rows = Cosignature.objects.filter(book=book.name, size=size).values_list("key", "time")
    found: dict[str, int] = {}
    for key, time in rows:
        name = key.partition("+")[0]
        found[name] = min(time, found.get(name, time))
    return sorted(found.items())
