"""How it stands with witnesses: who cosigned ours, what we cosigned, and what we refused with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline_server.log import notebook, trusted
from lodeline_server.log.models import Cosignature, Cosigned, Suspect, WitnessAsked, Witnessed

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline_server.log.books import Book

GRAVE = (Suspect.Kind.SPLIT, Suspect.Kind.PROOF)


@frozen(kw_only=True)
class Theirs:
    """A witness of ours: the newest size it cosigned (0: none), and what went wrong last."""

    name: str
    vkey: str
    url: str
    size: int
    cosigned_at: datetime | None
    error: str


@frozen(kw_only=True)
class OfBook:
    """`size` of the newest checkpoint, `reached` the newest size with the quorum (0: none)."""

    book: str
    size: int
    reached: int
    reached_at: datetime | None
    witnesses: tuple[Theirs, ...]


@frozen(kw_only=True)
class Known:
    """A log that we witness; `size` 0 and no time before the first cosignature."""

    origin: str
    vkey: str
    size: int
    cosigned_at: datetime | None


def of_book(book: Book) -> OfBook | None:
    """None when no `log.policy` names witnesses. Raises `PolicyRefused`."""
    policy = trusted.load(trusted.LOG)
    if policy is None:
        return None
    last = notebook.newest(book)
    reached = Cosigned.objects.filter(book=book.name, reached=True).order_by("-size").first()
    asked = {row.url: row for row in WitnessAsked.objects.filter(book=book.name)}
    found = []
    for one in policy.witnesses:
        row = asked.get(one.url.rstrip("/"))
        signed = Cosignature.objects.filter(book=book.name, key=f"{one.key.name}+{one.key.id.hex()}")
        found.append(
            Theirs(
                name=one.name,
                vkey=str(one.key),
                url=one.url,
                size=signed.order_by("-size").values_list("size", flat=True).first() or 0,
                cosigned_at=row.cosigned_at if row else None,
                error=row.error if row else "",
            )
        )
    return OfBook(
        book=book.name,
        size=last.size if last else 0,
        reached=reached.size if reached else 0,
        reached_at=reached.at if reached else None,
        witnesses=tuple(found),
    )


def known() -> list[Known]:
    """The logs of `witness.policy`. Raises `PolicyRefused`."""
    policy = trusted.load(trusted.WITNESS)
    rows = {row.origin: row for row in Witnessed.objects.all()}
    found = []
    for log in policy.logs if policy else ():
        row = rows.get(log.key.name)
        found.append(
            Known(
                origin=log.key.name,
                vkey=str(log.key),
                size=row.size if row else 0,
                cosigned_at=row.cosigned_at if row else None,
            )
        )
    return found


def evidence(*, grave: bool = True) -> QuerySet[Suspect]:
    """Checkpoints we refused, newest first. `grave`: only those that a log which behaves does not sign."""
    rows = Suspect.objects.order_by("-received_at", "-pk")
    return rows.filter(kind__in=GRAVE) if grave else rows
