"""The trust projection: heads of scores from `score` statements."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lodeline_server.log.queries import Statement


class TrustProjection:
    name = "trust"
    types = frozenset({"score"})
    order = 40

    def reset(self) -> None:
        Score.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        rows = [_row(statement) for statement in statements]
        last = {(row.workspace_id, row.party): row for row in rows}
        for row in rows:
            row.latest = last[row.workspace_id, row.party] is row
        for space in {row.workspace_id for row in rows}:
            parties = [party for workspace, party in last if workspace == space]
            Score.objects.filter(workspace_id=space, latest=True, party__in=parties).update(latest=False)
        Score.objects.bulk_create(rows, batch_size=200)

    def dump(self) -> Iterator[str]:
        """One canonical line per row, without row ids."""
        names = [field.attname for field in Score._meta.fields if field.name != "id"]  # noqa: SLF001
        for row in Score.objects.order_by("position").values(*names).iterator(chunk_size=1000):
            yield json.dumps(row, sort_keys=True, default=str, ensure_ascii=False)


def _row(statement: Statement) -> Score:
    body = statement.payload["body"]
    result, bundle = body["result"], body["bundle"]
    return Score(
        workspace_id=statement.workspace,
        position=statement.position,
        party=result["party"],
        name=result["name"],
        country=bundle["country"],
        segment=result["segment"],
        materials=bundle["materials"],
        computed_at=datetime.fromisoformat(result["computedAt"]),
        evidence_position=result["position"],
        method=result["method"]["id"],
        method_hash=result["method"]["hash"],
        snapshot_hash=result["snapshotHash"],
        rated=result["rated"],
        score=None if result["score"] is None else Decimal(result["score"]),
        low=Decimal(result["interval"]["low"]),
        high=Decimal(result["interval"]["high"]),
        bound_low=Decimal(result["bounds"]["low"]),
        bound_high=Decimal(result["bounds"]["high"]),
        coverage=Decimal(result["coverage"]),
        confidence=Decimal(result["confidence"]),
        band=result["band"],
        capped_by=result["cappedBy"],
        withheld_by=result["withheldBy"],
        gates=[{key: gate[key] for key in ("id", "name", "state", "due")} for gate in result["gates"]],
    )
