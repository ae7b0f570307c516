"""Whole numbers that are a table's own order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Ordinal(models.BigIntegerField):
    """A 64-bit primary key that is SQLite's row id: no second tree beside the table, one look-up less."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """`integer primary key` is SQLite's name for it; `bigint` would get an index of its own."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)
