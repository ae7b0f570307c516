"""Master data on record: kept from the log beside the index of events, and what of it a query looks at.

A document's bytes are opened only where its statement says that they carry master data. What a later document of the
same organisation says of an id and type takes the place of what an earlier one said; organisations keep their own.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q

from lodeline.events.limits import Limits
from lodeline.events.master_data import Element, Known, read
from lodeline.events.query import TOO_COMPLEX, QueryError
from lodeline.events.query_match import NO_MASTER, attributes_of
from lodeline.events.reading import read as read_bytes
from lodeline.strictjson import canonical
from lodeline_server.events.querying.models import MasterData
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline.events.query import Condition, Query
    from lodeline.events.query_match import Master
    from lodeline_server.log.queries import Statement

DOCUMENT: Final = "epcis.document"
MOST_ROWS, MOST_BYTES = 20_000, 32_000_000
"""Elements looked at for one query, and characters of what they say."""
MOST_NAMES: Final = 50
"""Attributes that the database looks for; with more of them, all elements are looked at."""
IN_ONE: Final = 500
_ATTRIBUTED: Final = frozenset({"HASATTR", "EQATTR"})
_KEY: Final = ("workspace_id", "organisation", "type", "element")


def elements_of(statement: Statement) -> list[Element]:
    """What a document in the log says; nothing when its statement does not say that it carries master data."""
    body = statement.payload.get("body") or {}
    if not body.get("masterData"):
        return []
    data = gzip.decompress(base64.b64decode(body["raw"]))
    document, _ = read_bytes(data, Limits(max_bytes=len(data)))
    return [] if document is None else read(document)


def keep(statements: Iterable[Statement]) -> None:
    """Keep what documents say, in the order of the log."""
    found: dict[tuple[Any, ...], MasterData] = {}
    for statement in statements:
        for one in elements_of(statement):
            row = _row(statement, one)
            found[tuple(getattr(row, name) for name in _KEY)] = row
    MasterData.objects.bulk_create(
        found.values(),
        batch_size=IN_ONE,
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=["attributes", "children", "position", "time"],
    )


def _row(statement: Statement, one: Element) -> MasterData:
    return MasterData(
        workspace_id=statement.workspace, organisation=statement.organisation or 0, type=one.type, element=one.id,
        attributes=canonical({name: list(values) for name, values in one.attributes.items()}).decode(),
        children=canonical(list(one.children)).decode() if one.children else "", position=statement.position,
        time=statement.time,
    )  # fmt: skip


def reset() -> None:
    MasterData.objects.all().delete()


def dump() -> Iterator[str]:
    """Canonical lines of all of it."""
    rows = MasterData.objects.order_by(*_KEY).values_list(*_KEY, "attributes", "children", "position")
    for *key, attributes, children, position in rows.iterator():
        said = json.loads(attributes), json.loads(children or "[]")
        yield json.dumps(["master data", *key, *said, position], sort_keys=True)


def visible(actor: Actor) -> QuerySet[MasterData]:
    """What the actor may see: its workspace's; a supplier's own."""
    rows = MasterData.objects.filter(workspace_id=actor.workspace)
    return rows.filter(organisation=actor.organisation or 0) if actor.only_own else rows


def known(workspace: int, organisation: int | None, query: Query, covered: Callable[[], int]) -> Master:
    """What is on record that this query looks at, for those who may see everything or only one organisation's.

    `covered`: the rows hold what stands below this position; documents that came since are read from the log.
    Raises `QueryError` beyond `MOST_ROWS`.
    """
    conditions = [one for one in query.conditions if one.asked.op in {"WD", *_ATTRIBUTED}]
    if not conditions:
        return NO_MASTER
    start = covered()
    rows = MasterData.objects.filter(workspace_id=workspace)
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    found = {
        (row.organisation, row.type, row.element): (row.position, _element(row))
        for row in _few(rows.filter(_wanted(conditions)))
    }
    for statement in log.read(start, types={DOCUMENT}, workspace=workspace):
        by = statement.organisation or 0
        if not statement.erased and organisation in {None, by}:
            for one in elements_of(statement):
                before = found.get((by, one.type, one.id))
                if before is None or before[0] < statement.position:
                    found[by, one.type, one.id] = statement.position, one
    return Known(one for _, one in found.values())


def _wanted(conditions: Sequence[Condition]) -> Q:
    """Rows that can matter: with children for places, with one of the names for attributes."""
    names = {name for one in conditions if one.asked.op in _ATTRIBUTED for name in attributes_of(one)}
    if len(names) > MOST_NAMES:
        return Q()
    wanted = Q(pk__in=())
    for name in sorted(names):
        wanted |= Q(attributes__contains=canonical(name).decode())
    return wanted | ~Q(children="") if any(one.asked.op == "WD" for one in conditions) else wanted


def _few(rows: QuerySet[MasterData]) -> list[MasterData]:
    found, room = [], MOST_BYTES
    for row in rows.order_by().iterator(IN_ONE):
        found.append(row)
        room -= len(row.attributes) + len(row.children)
        if len(found) > MOST_ROWS or room < 0:
            raise QueryError(
                TOO_COMPLEX,
                f"More than {MOST_ROWS} elements of master data, or very long ones, would have to be looked at. Name "
                "fewer attributes, or ask for the places themselves.",
            )
    return found


def _element(row: MasterData) -> Element:
    attributes = {name: tuple(values) for name, values in json.loads(row.attributes).items()}
    return Element(
        type=row.type, id=row.element, attributes=attributes, children=tuple(json.loads(row.children or "[]"))
    )
