"""Statements that may answer a query, in the order it wants, from a mark on. Lazy: who stops early pays for little.

A mark says where a statement stands in that order; the same marks come again while the end of the log that is looked
at stays the same, whatever arrives meanwhile.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lodeline_server.events.models import EventRecord
from lodeline_server.events.querying import narrowing, projection
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.terms import hour
from lodeline_server.log import projections
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lodeline.events.query import Query
    from lodeline_server.events.querying.narrowing import Scope
    from lodeline_server.log.queries import Statement

EVENTS = frozenset({"epcis.event"})
CHUNK = 200
IN_ONE = 900
HOURS = 50


class Mark(NamedTuple):
    """Where a statement stands: its position, and the event time (ISO, UTC) where that is the order."""

    position: int
    time: str = ""


def covered() -> int:
    """Below this position the indexes know everything."""
    return min(projections.position(projection.NAME), projections.position("lots"))


def forward(scope: Scope, query: Query) -> Iterator[Statement]:
    """In the order of the log."""
    known = min(covered(), scope.stop)
    found = narrowing.narrowed(scope, query) if known > scope.after else None
    if found is None:
        yield from _own(scope, _read(scope, scope.after, scope.stop))
        return
    yield from _opened(scope, [int(one) for one in found if one < known])
    yield from _own(scope, _read(scope, max(known, scope.after), scope.stop))


def backward(scope: Scope, query: Query) -> Iterator[Statement]:
    """The last of the log first."""
    known = min(covered(), scope.stop)
    for start in range(scope.stop, max(known, scope.after), -CHUNK):
        part = list(_read(scope, max(start - CHUNK, known, scope.after), start))
        yield from _own(scope, reversed(part))
    found = narrowing.narrowed(scope, query) if known > scope.after else None
    if found is not None:
        yield from _opened(scope, [int(one) for one in reversed(found) if one < known])
        return
    for start in range(known, scope.after, -CHUNK):
        yield from _own(scope, reversed(list(_read(scope, max(start - CHUNK, scope.after), start))))


def by_event_time(scope: Scope, query: Query, mark: Mark | None) -> Iterator[tuple[Mark, Statement]]:
    """In the order of event times (query's direction), those of one time in the order of the log."""
    known = min(covered(), scope.stop)
    tail = _times(scope, range(max(known, scope.after), scope.stop))
    found = narrowing.narrowed(scope, query)
    if found is not None:
        groups: Iterable[list[Mark]] = [[*_times(scope, [int(one) for one in found if one < known]), *tail]]
    else:
        groups = _by_hour(scope, query, mark, tail)
    for group in groups:
        wanted = sorted(group, key=_order, reverse=query.descending)
        if mark is not None:
            wanted = [one for one in wanted if _behind(one, mark, descending=query.descending)]
        by_place = {one.position: one for one in wanted}
        for statement in _opened(scope, [one.position for one in wanted]):
            yield by_place[statement.position], statement


def _order(mark: Mark) -> tuple[str, int]:
    return mark.time, mark.position


def _behind(one: Mark, mark: Mark, *, descending: bool) -> bool:
    return _order(one) < _order(mark) if descending else _order(one) > _order(mark)


def _by_hour(scope: Scope, query: Query, mark: Mark | None, tail: Sequence[Mark]) -> Iterator[list[Mark]]:
    """All events, hour by hour."""
    rest: dict[str, list[Mark]] = {}
    for one in tail:
        rest.setdefault(one.time[:13], []).append(one)
    merged = heapq.merge(
        _hours(scope, mark, descending=query.descending),
        sorted(rest, reverse=query.descending),
        reverse=query.descending,
    )
    last = ""
    for one in merged:
        if one == last or (mark and not _not_passed(one, mark, descending=query.descending)):
            continue
        last = one
        rows = Posting.objects.filter(workspace_id=scope.workspace, kind=Posting.HOUR, value=one)
        if scope.organisation is not None:
            rows = rows.filter(organisation=scope.organisation)
        there = [int(place) for place in narrowing.positions(rows) if place < scope.stop]
        yield [
            *(found for found in _times(scope, there) if found not in rest.get(one, ())),
            *rest.get(one, ()),
        ]


def _not_passed(name: str, mark: Mark, *, descending: bool) -> bool:
    return name <= mark.time[:13] if descending else name >= mark.time[:13]


def _hours(scope: Scope, mark: Mark | None, *, descending: bool) -> Iterator[str]:
    rows = Posting.objects.filter(workspace_id=scope.workspace, kind=Posting.HOUR)
    if scope.organisation is not None:
        rows = rows.filter(organisation=scope.organisation)
    order, beyond = ("-value", "lt") if descending else ("value", "gt")
    names = rows.order_by(order).values_list("value", flat=True).distinct()
    if mark is not None:
        names = names.filter(**{f"value__{beyond}e": mark.time[:13]})
    part = list(names[:HOURS])
    while part:
        yield from part
        part = list(names.filter(**{f"value__{beyond}": part[-1]})[:HOURS])


def _times(scope: Scope, places: Sequence[int]) -> list[Mark]:
    """Positions with their event times; of those that are events of the scope."""
    rows = EventRecord.objects.filter(workspace_id=scope.workspace).exclude(kind=EventRecord.Kind.STATEMENT)
    if scope.organisation is not None:
        rows = rows.filter(job__organisation_id=scope.organisation)
    if isinstance(places, range):
        parts = [rows.filter(position__gte=places.start, position__lt=places.stop)] if places else []
    else:
        parts = [rows.filter(position__in=places[at : at + IN_ONE]) for at in range(0, len(places), IN_ONE)]
    return [
        Mark(position, moment(time))
        for part in parts
        for position, time in part.values_list("position", "event_time")
    ]


def moment(time: datetime) -> str:
    """An instant as text that sorts as time does."""
    time = time.astimezone(UTC)
    return f"{hour(time)}:{time.minute:02}:{time.second:02}.{time.microsecond:06}"


def _read(scope: Scope, start: int, stop: int) -> Iterator[Statement]:
    return log.read(start, types=EVENTS, workspace=scope.workspace, stop=stop) if start < stop else iter(())


def _opened(scope: Scope, places: Sequence[int]) -> Iterator[Statement]:
    """The statements at these positions, in this order; few at first, since most answers are short."""
    at, size = 0, CHUNK // 4
    while at < len(places):
        part = places[at : at + size]
        there: dict[int, Any] = log.at(part, scope.workspace)
        yield from _own(scope, (there[one] for one in part if one in there))
        at, size = at + size, CHUNK * 2


def _own(scope: Scope, statements: Iterable[Statement]) -> Iterator[Statement]:
    for one in statements:
        if not one.erased and one.type in EVENTS and scope.organisation in {None, one.organisation}:
            yield one
