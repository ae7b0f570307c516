"""Books from `custody.*` statements, in log order."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db.models import F

from lodeline.lots.credits import Kind
from lodeline_server.lots.custody import statements as said
from lodeline_server.lots.custody.models import (
    CustodyBook,
    CustodyClosing,
    CustodyEntry,
    CustodyRemark,
    CustodyScheme,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lodeline.lots.credits import Account
    from lodeline_server.log.queries import Statement

MODELS = (CustodyRemark, CustodyClosing, CustodyEntry, CustodyBook, CustodyScheme)


@frozen
class Books:
    name: str = "custody"
    types: frozenset[str] = said.TYPES
    order: int = 22

    def reset(self) -> None:
        for model in MODELS:
            model._default_manager.all().delete()  # noqa: SLF001 - Django's documented access

    def apply(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            _TAKE[statement.type](statement, statement.payload["body"])

    def dump(self) -> Iterator[str]:
        refs = dict(CustodyBook.objects.values_list("pk", "ref"))
        for model in reversed(MODELS):
            rows = model._default_manager  # noqa: SLF001 - Django's documented access
            for row in rows.order_by("workspace_id", "position", "pk").values().iterator():
                row.pop("id")
                for field in ("book_id", "into_id"):
                    if row.get(field):
                        row[field] = refs[row[field]]
                yield json.dumps([model.__name__, row], sort_keys=True, default=str)


def _scheme(statement: Statement, body: dict[str, Any]) -> None:
    CustodyScheme.objects.create(
        workspace_id=statement.workspace,
        position=statement.position,
        name=body["scheme"],
        version=body["version"],
        starts=datetime.fromisoformat(body["periods"]["start"]),
        content=body,
    )


def _entry(statement: Statement, body: dict[str, Any]) -> None:
    entry = said.entry(body)
    wrong = (
        CustodyEntry.objects.get(workspace_id=statement.workspace, ref=entry.reverses)
        if entry.reverses
        else None
    )
    signs = -1 if wrong and wrong.kind not in {Kind.RECEIPT, Kind.CARRY_OVER} else 1
    came = entry.kind in {Kind.RECEIPT, Kind.CARRY_OVER} or (wrong is not None and signs < 0)
    book = _book(statement, entry.account, entry.at, entry.mass if came else -entry.mass)
    into, given = None, None
    if entry.into is not None:
        given = entry.given
        into = _book(statement, entry.into, entry.at, given)
    elif wrong is not None and wrong.into is not None:
        given = wrong.given
        into = wrong.into
        CustodyBook.objects.filter(pk=into.pk).update(
            debited=F("debited") + (given or 0), entries=F("entries") + 1, position=statement.position
        )
    CustodyEntry.objects.create(
        workspace_id=statement.workspace,
        position=statement.position,
        ref=entry.id,
        kind=entry.kind.value,
        book=book,
        into=into,
        at=entry.at,
        mass=entry.mass,
        given=given,
        source=entry.source,
        event=entry.event,
        reverses=entry.reverses,
        by=statement.payload["captured_by"][:60],
        organisation=statement.organisation,
        content=body,
    )
    if wrong is not None:
        CustodyEntry.objects.filter(pk=wrong.pk).update(reversed_by=statement.position)


def _book(statement: Statement, account: Account, at: datetime, change: int) -> CustodyBook:
    """The book of an account, with one more entry in it."""
    row, _ = CustodyBook.objects.get_or_create(
        workspace_id=statement.workspace,
        ref=said.ref(account),
        defaults={
            "scheme": account.scheme,
            "model": account.model.value,
            "site": account.site,
            "group": account.group,
            "characteristics": "\n".join(sorted(account.characteristics)),
            "opened": at,
            "position": statement.position,
        },
    )
    row.entries += 1
    row.opened = min(row.opened, at)
    row.credited += max(change, 0)
    row.debited += max(-change, 0)
    row.position = statement.position
    row.save(update_fields=["entries", "opened", "credited", "debited", "position"])
    return row


def _remark(statement: Statement, body: dict[str, Any]) -> None:
    CustodyRemark.objects.create(
        workspace_id=statement.workspace,
        position=statement.position,
        ref=body["entry"],
        approver=body.get("approver", ""),
        note=body.get("note", ""),
    )


def _closed(statement: Statement, body: dict[str, Any]) -> None:
    book = CustodyBook.objects.get(workspace_id=statement.workspace, ref=said.ref(said.account(body["book"])))
    end = datetime.fromisoformat(body["end"])
    CustodyClosing.objects.create(
        workspace_id=statement.workspace,
        position=statement.position,
        book=book,
        start=datetime.fromisoformat(body["start"]),
        end=end,
        opening=int(body["openingMg"]),
        closing=int(body["closingMg"]),
        by=statement.payload["captured_by"][:60],
        organisation=statement.organisation,
        content=body,
    )
    book.closed = end
    book.save(update_fields=["closed"])


_TAKE = {said.SCHEME: _scheme, said.ENTRY: _entry, said.REMARK: _remark, said.CLOSED: _closed}
