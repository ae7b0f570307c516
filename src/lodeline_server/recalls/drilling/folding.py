"""From the statements of a drill to its row."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline_server.recalls.drilling.models import Drill

if TYPE_CHECKING:
    from lodeline_server.log.queries import Statement


def drawn(statement: Statement) -> None:
    body = statement.payload["body"]
    at = datetime.fromisoformat(body["at"])
    earlier = Drill.objects.filter(workspace_id=statement.workspace, drawn_at__year=at.year).count()
    Drill.objects.create(
        workspace_id=statement.workspace,
        position=statement.position,
        number=f"DR-{at.year}-{earlier + 1:03d}",
        ticket=body["ticket"],
        repeats=body["repeats"],
        lot=body["subject"],
        label=body["label"],
        population=body["population"],
        population_hash=body["populationHash"],
        drawn_at=at,
        drawn_from=body["position"],
        limit=body["limitSeconds"],
    )


def finished(statement: Statement) -> None:
    """The first end counts; of a drill that was erased there is none."""
    body = statement.payload["body"]
    row = Drill.objects.filter(workspace_id=statement.workspace, position=body["drill"]).first()
    if row is None or row.state != Drill.State.OPEN:
        return
    row.state = body["state"]
    row.finished_position = statement.position
    row.finished_at = datetime.fromisoformat(body["at"])
    row.reason = body.get("reason", "")
    if row.state == Drill.State.ANSWERED:
        _judged(row, body)
    row.save()


def _judged(row: Drill, body: dict[str, Any]) -> None:
    row.method = body["method"]
    row.evidence_position = body["position"]
    for name in ("seconds", "milliseconds", "completeness", "precision", "reconciled", "placed"):
        setattr(row, name, None if body[name] is None else Decimal(body[name]))
    row.by_people, row.against_record = body["byPeople"], body["againstRecord"]
    row.found, row.truth, row.truth_hash = body["found"], body["truth"], body["truthHash"]
    row.missed, row.wrong = body["missed"], body["wrong"]
    row.missed_count, row.wrong_count = body["missedCount"], body["wrongCount"]
    row.passed = body["passed"]
