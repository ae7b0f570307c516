"""Statements for tests of the log, and a projection that keeps what it saw in published rows."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from lodeline.access import platform
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.books import MAIN
from lodeline_server.publishing.models import Published

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def said(*numbers, kind="test.said", subject=""):
    return [
        NewStatement(type=kind, payload={"id": f"urn:test:{n}", "body": {"n": n}}, data_subject=subject)
        for n in numbers
    ]


def put(*numbers, workspace=1, kind="test.said", subject="", now=NOON, book=MAIN):
    """Append in a transaction of its own."""
    with transaction.atomic():
        return append(
            actor=platform(),
            workspace=workspace,
            statements=said(*numbers, kind=kind, subject=subject),
            now=now,
            book=book,
        )


class Seen:
    """Keeps one row per statement. A statement that comes twice breaks the unique key."""

    def __init__(self, name, order=10, types=("test.said",), on_apply=lambda statements: None):
        self.name, self.order, self.types, self.on_apply = name, order, frozenset(types), on_apply

    def rows(self):
        return Published.objects.filter(kind=self.name)

    def reset(self):
        self.rows().delete()

    def apply(self, statements):
        Published.objects.bulk_create(
            Published(
                key=f"{self.name}/{one.position:06}",
                media_type="text/plain",
                body=str(one.payload["body"]["n"]).encode(),
                gzip=b"",
                kind=self.name,
                position=one.position,
                published_at=one.time,
            )
            for one in statements
        )
        self.on_apply(statements)

    def dump(self):
        for row in self.rows().order_by("key"):
            yield f"{row.key} {bytes(row.body).decode()}"

    def positions(self):
        return list(self.rows().order_by("key").values_list("position", flat=True))
