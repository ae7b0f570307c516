"""From what was said after a recall to its rows. What is said after the closing changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from lodeline_server.recalls.closing.models import Closure, Notice, Settled

if TYPE_CHECKING:
    from lodeline_server.log.queries import Statement
    from lodeline_server.recalls.models import Recall

BULK = 500


def notice(statement: Statement, recall: Recall) -> None:
    body = statement.payload["body"]
    Notice.objects.create(
        workspace_id=statement.workspace,
        recall=recall,
        position=statement.position,
        party=body["party"],
        mark=body["mark"],
        on=datetime.fromisoformat(body["on"]),
        note=body["note"],
    )


def outcome(statement: Statement, recall: Recall) -> None:
    body = statement.payload["body"]
    on = datetime.fromisoformat(body["on"])
    rows = [
        Settled(
            recall=recall, key=key, outcome=body["outcome"], on=on, note=body["note"], position=statement.position
        )
        for key in body["things"]
    ]  # fmt: skip
    Settled.objects.bulk_create(
        rows,
        batch_size=BULK,
        update_conflicts=True,
        unique_fields=["recall", "key"],
        update_fields=["outcome", "on", "note", "position"],
    )


def closed(statement: Statement, recall: Recall) -> None:
    body = statement.payload["body"]
    Closure.objects.create(
        workspace_id=statement.workspace,
        recall=recall,
        position=statement.position,
        closed_at=datetime.fromisoformat(body["at"]),
        signed_off_by=body["signedOffBy"],
        bundle=body["bundle"],
        report=body["report"],
        evidence=body["evidence"],
    )
