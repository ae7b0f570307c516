"""Touches and lots as plain values, read and written in bulk: a document touches thousands of lots.

In SQL, the same for both engines: Django's models cost more per row than the database does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from attrs import Factory, define
from django.db import connection

from lodeline_server.log import backend
from lodeline_server.lots.models import Effect, Happening, Lot, Touch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

IN_ONE = 900
"""Keys asked for in one statement; databases limit the number of parameters."""


@define(slots=True)
class TouchRow:
    """A `Touch` without its id, in the order of `COLUMNS`."""

    key: str
    position: int
    event: str
    time: datetime
    act: str
    step: str = ""
    site: str = ""
    party: str = ""
    captured_by: str = ""
    group: str = ""
    other: str = ""
    amount: str = ""
    uom: str = ""
    ilmd: dict[str, Any] = Factory(dict)
    void: bool = False
    ended: int | None = None
    point: str = ""


COLUMNS = tuple(TouchRow.__slots__[:17])
HAPPENING = (
    "position",
    "event",
    "time",
    "step",
    "site",
    "point",
    "party",
    "captured_by",
    "group",
    "void",
    "ended",
)
EFFECT = ("key", "position", "act", "other", "amount", "uom", "ilmd")
_TABLE = Touch._meta.db_table  # noqa: SLF001 - Django's documented access
_HAPPENINGS = Happening._meta.db_table  # noqa: SLF001
_EFFECTS = Effect._meta.db_table  # noqa: SLF001
_LOTS = Lot._meta.db_table  # noqa: SLF001


@define(slots=True)
class LotRow:
    """A row of `Lot` without its id, in the order of `LOT_COLUMNS`."""

    key: str
    label: str
    item: bool
    gtin: str
    product: str
    party: str
    site: str
    made_at: datetime
    amount: str
    uom: str
    mass: int | None
    composition: dict[str, str]
    custody: str
    status: str
    seen_at: datetime
    position: int
    current_site: str = ""
    holder: str = ""
    inside: str = ""
    used: int | None = None


@define(slots=True)
class LotState:
    """What of a stored lot changes while things happen to it, in the order of `STATE`; and what tells how."""

    id: int
    key: str
    item: bool
    mass: int | None
    status: str
    seen_at: datetime
    current_site: str
    holder: str
    inside: str
    used: int | None


LOT_COLUMNS = tuple(LotRow.__slots__[:20])
STATE = tuple(LotState.__slots__[:10])
_LOT_TYPES = (
    "text", "bool", "text", "text", "text", "text", "timestamptz", "text", "text", "int8", "jsonb", "text", "text",
    "timestamptz", "int8", "text", "text", "text", "int8",
)  # fmt: skip
_MOVING = (
    ("id", "int8"), ("status", "text"), ("seen_at", "timestamptz"), ("current_site", "text"), ("holder", "text"),
    ("inside", "text"), ("used", "int8"),
)  # fmt: skip


def touches(workspace: int, keys: Iterable[str], *, before: int) -> Iterator[TouchRow]:
    """What is stored about these lots by statements below position `before`."""
    names = _names(COLUMNS)
    for which, part in backend.among(keys):
        sql = (
            f'SELECT {names} FROM "{_TABLE}" WHERE "workspace_id" = %s AND "key" {which} '  # noqa: S608
            'AND "position" < %s'
        )
        for row in _all(sql, [workspace, *part, before]):
            ilmd = row[13] if isinstance(row[13], dict) else {} if row[13] == "{}" else orjson.loads(row[13])
            yield TouchRow(*row[:3], _utc(row[3]), *row[4:13], ilmd, bool(row[14]), *row[15:])


def events_known(workspace: int, events: Iterable[str]) -> set[str]:
    """Those of `events` that have touches."""
    found: set[str] = set()
    for which, part in backend.among(events):
        sql = f'SELECT "event" FROM "{_HAPPENINGS}" WHERE "workspace_id" = %s AND "event" {which}'  # noqa: S608
        found.update(row[0] for row in _all(sql, [workspace, *part]))
    return found


def packed_in(workspace: int, parents: Iterable[str]) -> set[str]:
    """The keys of what was ever packed in these."""
    found: set[str] = set()
    for which, part in backend.among(parents):
        sql = (
            f'SELECT DISTINCT "key" FROM "{_EFFECTS}" '  # noqa: S608
            f'WHERE "workspace_id" = %s AND "other" {which} AND NOT ("other" = \'\')'
        )
        found.update(row[0] for row in _all(sql, [workspace, *part]))
    return found


def packing(workspace: int) -> bool:
    """Whether anything was ever packed in anything here."""
    sql = f'SELECT 1 FROM "{_EFFECTS}" WHERE "workspace_id" = %s AND NOT ("other" = \'\') LIMIT 1'  # noqa: S608
    return bool(_all(sql, [workspace]))


def insert(workspace: int, rows: Sequence[TouchRow]) -> None:
    """Add touches; those of one position are of one event."""
    instant = backend.instants()
    backend.add_rows(
        _HAPPENINGS,
        ("workspace_id", *HAPPENING),
        [
            (
                workspace, one.position, one.event, instant(one.time), one.step, one.site, one.point, one.party,
                one.captured_by, one.group, one.void, one.ended,
            )
            for one in {one.position: one for one in rows}.values()
        ],
    )  # fmt: skip
    backend.add_rows(
        _EFFECTS,
        ("workspace_id", *EFFECT),
        [
            (workspace, one.key, one.position, one.act, one.other, one.amount, one.uom, _text(one.ilmd))
            for one in rows
        ],
    )


def end(workspace: int, declared: dict[tuple[str, str], int]) -> set[str]:
    """Void stored events: the position of the declaration by event and who captured it. The lots it concerns."""
    found: list[int] = []
    for which, part in backend.among({event for event, _ in declared}):
        sql = (
            f'SELECT "position", "event", "captured_by" FROM "{_HAPPENINGS}" '  # noqa: S608
            f'WHERE "workspace_id" = %s AND "event" {which} AND NOT "void"'
        )
        for position, event, captured_by in _all(sql, [workspace, *part]):
            if (event, captured_by) in declared:
                found.append(position)
                Happening.objects.filter(position=position).update(
                    void=True, ended=declared[event, captured_by]
                )
    keys: set[str] = set()
    for start in range(0, len(found), IN_ONE):
        part_ = found[start : start + IN_ONE]
        keys.update(
            Effect.objects.filter(position__in=part_, workspace_id=workspace).values_list("key", flat=True)
        )
    return keys


def lots_known(workspace: int, keys: Iterable[str]) -> set[str]:
    """Those of `keys` that are lots."""
    return set(_ids(workspace, keys))


def lots(workspace: int, keys: Iterable[str]) -> dict[str, LotState]:
    """The lots among `keys`, as far as what happens to them changes them."""
    found: dict[str, LotState] = {}
    for which, part in backend.among(keys):
        sql = f'SELECT {_names(STATE)} FROM "{_LOTS}" WHERE "workspace_id" = %s AND "key" {which}'  # noqa: S608
        for row in _all(sql, [workspace, *part]):
            found[row[1]] = LotState(*row[:5], _utc(row[5]), *row[6:])
    return found


def move_lots(lots_: Iterable[LotState]) -> None:
    """Store what happened to lots that are there."""
    instant = backend.instants()
    backend.change_rows(
        _LOTS,
        _MOVING,
        [
            (one.id, one.status, instant(one.seen_at), one.current_site, one.holder, one.inside, one.used)
            for one in lots_
        ],
    )


def store_lots(workspace: int, lots_: Iterable[LotRow]) -> None:
    """Insert or replace lots."""
    found = {one.key: one for one in lots_}
    known = _ids(workspace, found)
    instant = backend.instants()
    new, old = [], []
    for key, one in found.items():
        values = (
            one.label, one.item, one.gtin, one.product, one.party, one.site, instant(one.made_at), one.amount,
            one.uom, one.mass, _text(one.composition), one.custody, one.status, instant(one.seen_at), one.position,
            one.current_site, one.holder, one.inside, one.used,
        )  # fmt: skip
        if key in known:
            old.append((known[key], *values))
        else:
            new.append((workspace, key, *values))
    backend.add_rows(_LOTS, ("workspace_id", *LOT_COLUMNS), new)
    backend.change_rows(_LOTS, (("id", "int8"), *zip(LOT_COLUMNS[1:], _LOT_TYPES, strict=True)), old)


def _ids(workspace: int, keys: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for which, part in backend.among(keys):
        sql = f'SELECT "key", "id" FROM "{_LOTS}" WHERE "workspace_id" = %s AND "key" {which}'  # noqa: S608
        found.update(_all(sql, [workspace, *part]))
    return found


def _text(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode() if value else "{}"


def _utc(value: datetime) -> datetime:
    """SQLite hands out naive times, which are UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _all(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
