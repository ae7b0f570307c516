"""Recalls from `recall.computed` statements, what was said after them, and drills."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline_server.lots.folding import LARGEST, label
from lodeline_server.recalls.closing import folding as closing
from lodeline_server.recalls.closing.models import Closure, Notice, Settled
from lodeline_server.recalls.drilling import folding as drilling
from lodeline_server.recalls.drilling.models import Drill
from lodeline_server.recalls.models import Hit, Recall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db import models

    from lodeline_server.log.queries import Statement

BULK = 500
DRILLING = {"recall.drill-drawn": drilling.drawn, "recall.drill-finished": drilling.finished}
FOLLOWING = {
    "recall.notice": closing.notice,
    "recall.outcome": closing.outcome,
    "recall.closed": closing.closed,
}


@frozen
class Recalls:
    name: str = "recalls"
    types: frozenset[str] = frozenset({"recall.computed", *DRILLING, *FOLLOWING})
    order: int = 40

    def reset(self) -> None:
        for model in (Drill, Closure, Settled, Notice, Hit, Recall):
            model.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            if statement.type in DRILLING:
                DRILLING[statement.type](statement)
            elif statement.type in FOLLOWING:
                recall = _open(statement)
                if recall is not None:
                    FOLLOWING[statement.type](statement, recall)
            else:
                _computed(statement)

    def dump(self) -> Iterator[str]:
        for recall in Recall.objects.order_by("position").iterator():
            yield _line(recall, {"id"})
            for rows in (
                recall.hits.order_by("rank"),
                recall.notices.order_by("position"),
                recall.settled.order_by("key"),
                Closure.objects.filter(recall=recall),
            ):
                for row in rows.iterator():
                    yield _line(row, {"id", "recall_id"})
        for drill in Drill.objects.order_by("position").iterator():
            yield _line(drill, {"id"})


def _computed(statement: Statement) -> None:
    body = statement.payload["body"]
    recall = _recall(statement, body)
    recall.save(force_insert=True)
    hits = [_hit(recall, rank, row) for rank, row in enumerate(body["reached"], 1)]
    Hit.objects.bulk_create(hits, batch_size=BULK)


def _open(statement: Statement) -> Recall | None:
    """The recall that a statement speaks of, while it is open; none when it was erased."""
    at = statement.payload["body"]["recall"]
    return Recall.objects.filter(workspace_id=statement.workspace, position=at, closure__isnull=True).first()


def _line(row: models.Model, without: set[str]) -> str:
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in without]  # noqa: SLF001
    return json.dumps({name: getattr(row, name) for name in names}, sort_keys=True, default=str)


def _mg(text: str | None) -> int | None:
    """Milligrams; more than the database holds counts as unknown."""
    mass = None if text is None else int(text)
    return None if mass is None or mass > LARGEST else mass


def _recall(statement: Statement, body: dict[str, Any]) -> Recall:
    computed = datetime.fromisoformat(body["computedAt"])
    earlier = Recall.objects.filter(workspace_id=statement.workspace, computed_at__year=computed.year).count()
    return Recall(
        workspace_id=statement.workspace,
        position=statement.position,
        number=f"RC-{computed.year}-{earlier + 1:03d}",
        lot=body["subject"],
        label=body["label"],
        product=body["product"],
        substance=body["substance"],
        threshold=Decimal(body["threshold"]),
        reason=body["reason"],
        computed_at=computed,
        method=body["method"],
        evidence_position=body["position"],
        milliseconds=Decimal(body["milliseconds"]),
        affected=body["affected"],
        below=body["below"],
        lots=body["lots"],
        untouched=body["untouched"],
        mass=_mg(body["massMg"]),
        held=_mg(body["heldMg"]),
        error=Decimal(body["error"]),
    )


def _hit(recall: Recall, rank: int, row: dict[str, Any]) -> Hit:
    return Hit(
        recall=recall,
        rank=rank,
        key=row["key"],
        label=label(row["key"])[:200],
        item=row["item"],
        product=row["product"],
        share=Decimal(row["share"]),
        made=_mg(row["madeMg"]),
        held=_mg(row["heldMg"]),
        via=row["via"][:200],
        site=row.get("site", ""),
        site_name=row.get("siteName", "")[:300],
        holder=row.get("holder", ""),
        holder_name=row.get("holderName", "")[:300],
        inside=row.get("inside", ""),
        status=row.get("status", ""),
    )
