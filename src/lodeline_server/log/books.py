"""The books of the log: one for facts, one for the audit trail. Same form, same functions, tables of their own."""

from __future__ import annotations

from attrs import frozen
from django.conf import settings

from lodeline_server.log import models


@frozen(kw_only=True, eq=False)
class Book:
    """`lock`: key of PostgreSQL's advisory lock. `below`: path below the log's address and origin."""

    name: str
    entries: type[models.EntryRow]
    tiles: type[models.TileRow]
    checkpoints: type[models.CheckpointRow]
    lock: int
    key_file: str
    below: str = ""

    @property
    def origin(self) -> str:
        """The name under which its checkpoints are signed."""
        return f"{settings.LOG_ORIGIN}{self.below}"

    @property
    def path(self) -> str:
        """Where it is served (C2SP tlog-tiles: the prefix)."""
        return f"/log{self.below}"


MAIN = Book(
    name="main",
    entries=models.Entry,
    tiles=models.Tile,
    checkpoints=models.Checkpoint,
    lock=0x4C4F4445,
    key_file="log.key",
)
AUDIT = Book(
    name="audit",
    entries=models.AuditEntry,
    tiles=models.AuditTile,
    checkpoints=models.AuditCheckpoint,
    lock=0x4C4F4441,
    key_file="audit.key",
    below="/audit",
)
BOOKS = {one.name: one for one in (MAIN, AUDIT)}


def book(name: str) -> Book:
    """By its name; `KeyError` for another."""
    return BOOKS[name]
