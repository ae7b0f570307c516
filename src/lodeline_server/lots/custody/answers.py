"""Books as plain values for the command line, the API and CSV. Masses are kilograms as exact decimal strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.lots.entries import Kind
from lodeline_server.lots.custody import queries
from lodeline_server.lots.custody.reading import kilograms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.lots.massbook import BookPage, Line
    from lodeline_server.lots.custody.models import CustodyBook, CustodyClosing, CustodyEntry

HEAD = (
    "at", "entry", "kind", "change_kg", "balance_kg", "other_book", "evidence", "event", "source", "reversed_by",
    "log_position",
)  # fmt: skip


def head(book: CustodyBook, now: datetime) -> dict[str, Any]:
    """A book and what is in it now."""
    left = queries.ledger(book.workspace_id).balance(queries.account(book), now).left
    return {
        "book": book.ref,
        "scheme": book.scheme,
        "model": book.model,
        "site": book.site,
        "group": book.group,
        "characteristics": book.characteristics.splitlines(),
        "balanceKg": kilograms(left),
        "entries": book.entries,
        "opened": book.opened.isoformat(),
        "closed": book.closed.isoformat() if book.closed else None,
    }


def period(shown: BookPage, book: CustodyBook) -> dict[str, Any]:
    """One period of a book with its lines."""
    rows = {row.ref: row for row in queries.entries(book)}
    return {
        "start": shown.period.start.isoformat(),
        "end": shown.period.end.isoformat(),
        "closed": bool(book.closed and book.closed >= shown.period.end),
        "openingKg": kilograms(shown.opening),
        "closingKg": kilograms(shown.closing),
        "creditedKg": {name: kilograms(mass) for name, mass in sorted(shown.credited.items())},
        "debitedKg": {name: kilograms(mass) for name, mass in sorted(shown.debited.items())},
        "expiredKg": kilograms(shown.expired),
        "lines": [_line(line, rows) for line in shown.lines],
        "undone": [one.id for one in shown.undone],
    }


def _line(line: Line, rows: dict[str, CustodyEntry]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "at": line.at.isoformat(),
        "kind": line.entry.kind.value if line.entry else "ended",
        "entry": line.entry.id if line.entry else None,
        "changeKg": kilograms(line.change),
        "balanceKg": kilograms(line.left),
        "evidence": {},
        "reversedBy": line.reversed_by or None,
        "position": None,
    }
    if line.entry is not None:
        row = rows[line.entry.id]
        found |= {"evidence": row.content["evidence"], "position": row.position}
    return found


def entry(row: CustodyEntry, *, receipts: bool = True) -> dict[str, Any]:
    """One entry, as it stands in the log."""
    return {
        "entry": row.ref,
        "kind": row.kind,
        "book": row.book.ref,
        "into": row.into.ref if row.into else None,
        "at": row.at.isoformat(),
        "massKg": kilograms(row.mass),
        "givenKg": None if row.given is None or row.kind == Kind.CORRECTION.value else kilograms(row.given),
        "evidence": row.content["evidence"],
        "source": row.source or None,
        "reverses": row.reverses or None,
        "reversed": row.reversed_by is not None,
        "position": row.position if receipts else None,
    }


def closing(row: CustodyClosing) -> dict[str, Any]:
    return {
        "book": row.book.ref,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "openingKg": kilograms(row.opening),
        "closingKg": kilograms(row.closing),
        "findings": [{"rule": one["rule"], "message": one["message"]} for one in row.content["findings"]],
        "position": row.position,
    }


def table(shown: BookPage, book: CustodyBook) -> Iterator[list[Any]]:
    """A period as rows with a head row; opening and closing are rows, too."""
    yield list(HEAD)
    start, end = shown.period.start.isoformat(), shown.period.end.isoformat()
    yield [start, "", "opening", "", kilograms(shown.opening), *[""] * 6]
    rows = {row.ref: row for row in queries.entries(book)}
    for line in shown.lines:
        one = line.entry
        if one is None:
            yield [line.at.isoformat(), "", "ended", kilograms(line.change), kilograms(line.left), *[""] * 6]
            continue
        row = rows[one.id]
        into = row.into.ref if row.into and row.into_id != book.pk else row.book.ref if row.into else ""
        yield [
            line.at.isoformat(), one.id, one.kind.value, kilograms(line.change), kilograms(line.left), into,
            one.evidence, one.event, one.source, line.reversed_by, row.position,
        ]  # fmt: skip
    yield [end, "", "closing", "", kilograms(shown.closing), *[""] * 6]
