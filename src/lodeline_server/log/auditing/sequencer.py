"""From the outbox into the book: each line once, in order, a batch in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import frozen
from django.db import transaction
from django.db.models import Count, Min

from lodeline.access import Actor
from lodeline_server.log import actions, backend
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import AuditOutbox, TenantKey

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from lodeline_server.log.backend import LogInconsistent  # noqa: F401 - named in the docstring

BATCH: Final = 1_000


@frozen(kw_only=True)
class Lag:
    """How many lines wait for their place, and since when."""

    lines: int
    since: datetime | None


def lag(workspace: int | None = None) -> Lag:
    """Of all lines, or of those of one workspace."""
    rows = AuditOutbox.objects.all()
    if workspace is not None:
        rows = rows.filter(workspace=workspace)
    found = rows.aggregate(lines=Count("pk"), since=Min("created_at"))
    return Lag(lines=found["lines"], since=found["since"])


def sequence(now: datetime) -> int:
    """Give every waiting line its place; how many. Raises `LogInconsistent` and leaves them waiting."""
    done = 0
    while True:
        moved = _batch(now)
        done += moved
        if moved < BATCH:
            return done


def make_keys(workspaces: Collection[int]) -> None:
    """Inside a transaction: before a workspace's first entry, hold the main book's lock, too.

    Both books make a workspace's key on first use; two appends must not make it at once.
    """
    known = TenantKey.objects.filter(workspace__in=workspaces).values("workspace").distinct().count()
    if known < len(set(workspaces)):
        backend.lock(MAIN.lock)


def _batch(now: datetime) -> int:
    with transaction.atomic():
        waiting = AuditOutbox.objects.order_by("pk")[:BATCH]
        if not waiting.exists():  # asked without the lock: nothing to do is the usual case
            return 0
        make_keys(set(AuditOutbox.objects.values_list("workspace", flat=True).distinct()))
        backend.lock(AUDIT.lock)
        rows = list(waiting.all())
        groups: dict[tuple[int, int | None], list[actions.NewStatement]] = {}
        for row in rows:
            payload: dict[str, Any] = orjson.loads(row.payload)
            statement = actions.NewStatement(type=row.kind, payload=payload)
            groups.setdefault((row.workspace, row.organisation), []).append(statement)
        for (workspace, organisation), statements in groups.items():
            actions.append(
                actor=Actor(kind="platform", id="platform", organisation=organisation),
                workspace=workspace,
                statements=statements,
                now=now,
                book=AUDIT,
            )
        AuditOutbox.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
