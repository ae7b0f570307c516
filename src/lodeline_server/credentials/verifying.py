"""The means of this installation, and a judgement with them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection

from lodeline.credentials import record, resolve
from lodeline_server.credentials import checking, material, queries
from lodeline_server.credentials.models import Credential
from lodeline_server.kit import clock
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from lodeline.credentials.record import Place
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Asked, Verdict


def means() -> checking.Means:
    """Without tables (a machine that only verifies) nothing is ours and nothing is on record."""
    if not _tables():
        return checking.Means(
            contexts=material.held(),
            canonize=material.canonize,
            resolve=resolve.resolver(material.fetch, clock.now),
            list_text=material.list_of_others,
            on_record=lambda _: None,
        )
    return checking.Means(
        contexts=material.held(),
        canonize=material.canonize,
        resolve=material.resolver(),
        list_text=material.list_text,
        on_record=_on_record,
    )


def credential(item: JSON, asked: Asked) -> Verdict:
    """Judge a credential with what this installation knows."""
    return checking.credential(item, means(), asked)


def presentation(item: JSON, asked: Asked) -> Verdict:
    """Judge a presentation with what this installation knows."""
    return checking.presentation(item, means(), asked)


@lru_cache(maxsize=1)
def _tables() -> bool:
    return Credential._meta.db_table in connection.introspection.table_names()  # noqa: SLF001 - Django's documented access


def _on_record(sha256: str) -> Place | None:
    row = queries.on_record(sha256)
    if row is None:
        return None
    return record.Place(origin=MAIN.origin, position=row.position, size=row.position + 1, time=row.issued_at)
