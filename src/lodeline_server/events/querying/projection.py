"""Follows the log and keeps where events of a kind stand, in few rows, and what documents say as master data."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import frozen
from django.db import connection

from lodeline_server.events.querying import master_data
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.terms import Prefixes, minute, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lodeline_server.log.queries import Statement

NAME = "events"
_TABLE = Posting._meta.db_table  # noqa: SLF001 - Django's documented access
_INSERT = f"""
INSERT INTO "{_TABLE}" ("workspace_id", "organisation", "kind", "value", "first", "last", "count", "positions", "open")
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 - the name is a constant
_EXTEND = f"""{_INSERT}
ON CONFLICT ("workspace_id", "organisation", "kind", "value") WHERE "open" DO UPDATE SET
    "last" = excluded."last", "count" = "{_TABLE}"."count" + excluded."count",
    "positions" = "{_TABLE}"."positions" || excluded."positions",
    "open" = "{_TABLE}"."count" + excluded."count" < %s
"""
Term = tuple[int, int, str, str]


@frozen
class Index:
    name: str = NAME
    types: frozenset[str] = frozenset({"epcis.event", master_data.DOCUMENT})
    order: int = 21

    def reset(self) -> None:
        Posting.objects.all().delete()
        master_data.reset()

    def apply(self, statements: Sequence[Statement]) -> None:
        found: dict[Term, list[int]] = defaultdict(list)
        prefixes = Prefixes()
        documents = []
        for statement in statements:
            if statement.type == master_data.DOCUMENT:
                if statement.payload["body"].get("masterData"):
                    documents.append(statement)
                continue
            payload, at = statement.payload, statement.position
            workspace, by = statement.workspace, statement.organisation or 0
            raw = payload["body"]["event"]
            names = prefixes.of(raw, payload["body"].get("context"))
            # A declaration or another edition is filed under its id and hash.
            for kind, value in terms(raw, names, apart="#sha-256=" in payload["id"]):
                held = found[workspace, by, kind, value]
                if not held or held[-1] != at:
                    held.append(at)
            found[workspace, by, Posting.MINUTE, minute(statement.time)].append(at)
        _write(found)
        if documents:
            master_data.keep(documents)

    def dump(self) -> Iterator[str]:
        stored = Posting.objects.order_by("workspace_id", "organisation", "kind", "value", "first")
        names = ("workspace_id", "organisation", "kind", "value")
        for term, rows in groupby(
            stored.values_list(*names, "positions").iterator(), key=lambda row: row[:4]
        ):
            places = sorted(int(one) for row in rows for one in row[4].split(",") if one)
            yield json.dumps([*term, places])
        yield from master_data.dump()


def _write(found: dict[Term, list[int]]) -> None:
    rows = [
        (
            *term, places[0], places[-1], len(places), ",".join(map(str, places)) + ",", len(places) < Posting.FULL,
        )
        for term, places in found.items()
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(_EXTEND, [(*row, Posting.FULL) for row in rows if row[-1]])
        # A full row is never open: it stands beside an open one that is left for later.
        cursor.executemany(_INSERT, [row for row in rows if not row[-1]])
