"""Reading the audit trail, newest first. What a line says is sealed: all but its kind is found by opening it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import field, frozen

from lodeline.access import Permission
from lodeline.sealing import Unreadable
from lodeline_server.log import queries, vault
from lodeline_server.log.books import AUDIT
from lodeline_server.log.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from lodeline.access import Actor

CHUNK: Final = 500
LOOKED_AT: Final = 20_000
"""Lines that one page or call opens at most; its answer says where it stopped."""


@frozen(kw_only=True)
class Line:
    """One line. `actor` is a pseudonym; `count`: how many of the same it stands for; `time`: when it happened."""

    position: int
    kind: str
    workspace: int
    organisation: int | None
    logged: datetime
    time: str
    actor: str
    action: str
    outcome: str
    objects: dict[str, str]
    request: str
    role: str
    permission: str
    count: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "position": self.position,
            "time": self.time,
            "type": self.kind,
            "actor": self.actor,
            "role": self.role,
            "action": self.action,
            "outcome": self.outcome,
            "objects": self.objects,
            "permission": self.permission,
            "request": self.request,
            "count": self.count,
            "logged": self.logged.isoformat(),
        }


@frozen(kw_only=True)
class Wanted:
    """What to look for; empty is everything. `actors`: pseudonyms. Times are inclusive, as things happened."""

    kind: str = ""
    actors: frozenset[str] = frozenset()
    action: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, line: Line) -> bool:
        when = datetime.fromisoformat(line.time)
        return (
            (not self.actors or line.actor in self.actors)
            and (not self.action or self.action.lower() in line.action.lower())
            and (not self.outcome or line.outcome == self.outcome)
            and (self.since is None or when >= self.since)
            and (self.until is None or when <= self.until)
        )


@frozen(kw_only=True)
class Page:
    """Lines, newest first. `older`: the position to go on below; None when there is no more."""

    lines: list[Line] = field(factory=list)
    older: int | None = None
    looked_at: int = 0


def visible(reader: Actor) -> QuerySet[AuditEntry]:
    """Whose lines a reader may see: the platform all, an operator the workspace's, others their organisation's.

    Raises `Denied` without AUDIT_VIEW.
    """
    rows = AuditEntry.objects.select_related("subject_key")
    if reader.kind == "platform":
        return rows
    reader.require(Permission.AUDIT_VIEW)
    rows = rows.filter(workspace=reader.workspace)
    if reader.may(Permission.OPERATE):
        return rows
    return rows.none() if reader.organisation is None else rows.filter(organisation=reader.organisation)


def _line(entry: AuditEntry, keys: vault.Keyring) -> Line:
    try:
        said: dict[str, Any] = orjson.loads(queries.opened(entry, keys)[1])
    except Unreadable:
        if entry.subject_key is None or entry.subject_key.destroyed_at is None:
            raise
        said = {}
    return Line(
        position=entry.position,
        kind=entry.type,
        workspace=entry.workspace,
        organisation=entry.organisation,
        logged=entry.time,
        time=said.get("time", entry.time.isoformat()),
        actor=said.get("actor", ""),
        action=said.get("action", ""),
        outcome=said.get("outcome", ""),
        objects=said.get("objects", {}),
        request=said.get("request", ""),
        role=said.get("role", ""),
        permission=said.get("permission", ""),
        count=said.get("count", 1),
    )


def lines(
    reader: Actor, wanted: Wanted, *, before: int | None = None, chunk: int = CHUNK
) -> Iterator[tuple[int, Line | None]]:
    """Position and line, newest first; None for one that was opened and does not fit.

    Raises `Unreadable` at a damaged one.
    """
    rows = visible(reader).order_by("-position")
    if wanted.kind:
        rows = rows.filter(type=wanted.kind)
    if wanted.since:
        rows = rows.filter(time__gte=wanted.since)  # nothing is logged before it happened
    keys = vault.Keyring()
    while True:
        found = list((rows if before is None else rows.filter(position__lt=before))[:chunk])
        for entry in found:
            line = _line(entry, keys)
            yield entry.position, line if wanted.fits(line) else None
        if len(found) < chunk:
            return
        before = found[-1].position


def page(reader: Actor, wanted: Wanted, *, before: int | None = None, limit: int = 50) -> Page:
    """At most `limit` lines below `before`; it stops after having opened 20,000."""
    found: list[Line] = []
    looked_at = 0
    chunk = CHUNK if wanted.actors or wanted.action or wanted.outcome or wanted.until else limit + 1
    for position, line in lines(reader, wanted, before=before, chunk=chunk):
        looked_at += 1
        if line is not None and len(found) == limit:
            return Page(lines=found, older=found[-1].position, looked_at=looked_at)
        if line is not None:
            found.append(line)
        if looked_at >= LOOKED_AT:
            return Page(lines=found, older=position, looked_at=looked_at)
    return Page(lines=found, looked_at=looked_at)


def get(reader: Actor, position: int) -> queries.Statement | None:
    """One line with all that its proof needs; None when there is none for this reader."""
    if not 0 <= position < queries.LARGEST or not visible(reader).filter(position=position).exists():
        return None
    return queries.get(position, book=AUDIT)
