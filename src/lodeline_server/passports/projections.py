"""The passports projection: the newest version of each passport."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline_server.passports.models import Passport

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lodeline_server.log.queries import Statement

FIELDS = [field.name for field in Passport._meta.fields if field.name not in {"id", "workspace", "key"}]  # noqa: SLF001


class PassportsProjection:
    name = "passports"
    types = frozenset({"passport.published"})
    order = 40

    def reset(self) -> None:
        Passport.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        keys = {statement.payload["body"]["subject"] for statement in statements}
        held = {(row.workspace_id, row.key): row for row in Passport.objects.filter(key__in=list(keys))}
        for statement in statements:
            at = (statement.workspace, statement.payload["body"]["subject"])
            held[at] = _row(statement, held.get(at))
        Passport.objects.bulk_create(
            held.values(),
            batch_size=500,
            update_conflicts=True,
            unique_fields=["workspace", "key"],
            update_fields=FIELDS,
        )

    def dump(self) -> Iterator[str]:
        """One canonical line per row, without row ids."""
        names = [field.attname for field in Passport._meta.fields if field.name != "id"]  # noqa: SLF001
        for row in Passport.objects.order_by("workspace_id", "key").values(*names).iterator(chunk_size=1000):
            yield json.dumps(row, sort_keys=True, default=str, ensure_ascii=False)


def _row(statement: Statement, before: Passport | None) -> Passport:
    body: dict[str, Any] = statement.payload["body"]
    changed = before is None or before.public_hash != body["publicHash"]
    version = 1 if before is None else before.version + 1
    return Passport(
        workspace_id=statement.workspace,
        key=body["subject"],
        gtin=body["gtin"],
        serial=body["serial"],
        category=body["category"],
        status=body["status"],
        ceased=body["ceased"],
        model=body["model"],
        maker=body["maker"],
        maker_name=body["makerName"],
        version=version,
        position=statement.position,
        evidence_position=body["position"],
        first_published_at=statement.time if before is None else before.first_published_at,
        published_at=statement.time,
        content_hash=body["contentHash"],
        public_hash=body["publicHash"],
        public_position=statement.position if changed or before is None else before.public_position,
        public_at=statement.time if changed or before is None else before.public_at,
        public_version=version if changed or before is None else before.public_version,
        counts=body["completeness"],
    )
