"""The events on record that a query asks for."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from attrs import evolve, field, frozen

from lodeline.access import Permission
from lodeline.events.context import EPCIS_CONTEXT
from lodeline.events.query import TOO_COMPLEX, TOO_LARGE, QueryError
from lodeline.events.query_match import NO_MASTER, Candidate, matches, order_key
from lodeline_server.events.querying import master_data, projection, walking
from lodeline_server.events.querying.narrowing import Scope
from lodeline_server.events.querying.terms import Prefixes
from lodeline_server.events.querying.walking import Mark
from lodeline_server.log import projections
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.events.query import Query
    from lodeline_server.log.queries import Statement

MOST_EXAMINED = 20_000
"""Events opened for one answer. What is left comes with the next page."""
MOST_BYTES = 8_000_000
"""A page ends with the event that goes beyond this."""


@frozen
class Selected:
    """An event on record. `event`: as it was captured, with `recordTime`, and the prefixes it needs as `@context`."""

    position: int
    record_time: datetime
    event: dict[str, Any]


@frozen
class Page:
    """Events in the order of the log. `next`: where to go on; `more`: there may be more below what was asked.

    Without `more`, `next` is the end that was looked at: a later call from there sees what came since, and nothing
    twice. `examined`: how many events were opened for it.
    """

    events: tuple[Selected, ...]
    next: int
    more: bool
    examined: int = field(default=0, eq=False)


@frozen
class Ordered:
    """Events in the order of the query. `mark`: where to go on; None when this is all."""

    events: tuple[Selected, ...]
    mark: tuple[int, str] | None
    examined: int = field(default=0, eq=False)


def end() -> int:
    """The log's end now: an answer below it does not change while events arrive."""
    return log.size()


def select(actor: Actor, query: Query, *, after: int = 0, until: int | None = None, limit: int) -> Page:
    """Events that match the query, from position `after` (inclusive) to below `until`, at most `limit`.

    In the order of the log, whatever order the query names. Erased events are not there. Raises `Denied`.
    """
    stop = end() if until is None else min(until, end())
    scope = _scope(actor, query, after, stop)
    found: list[Selected] = []
    judge, examined = _Judge(query, scope), 0
    for statement in walking.forward(scope, query) if scope else ():
        if len(found) == limit or examined == MOST_EXAMINED:
            return Page(tuple(found), statement.position, more=True, examined=examined)
        examined += 1
        found += judge(statement)
    return Page(tuple(found), max(stop, after), more=False, examined=examined)


def ordered(
    actor: Actor, query: Query, *, until: int, limit: int, mark: tuple[int, str] | None = None
) -> Ordered:
    """Events that match the query, in its order, from behind `mark`, at most `limit`.

    Raises `Denied`, `QueryError`.
    """
    scope = _scope(actor, query, 0, until)
    if scope is None:
        return Ordered((), None)
    if query.order not in {"", "eventTime", "recordTime"}:
        return _by_own_field(scope, query, limit, 0 if mark is None else mark[0])
    found: list[Selected] = []
    judge, examined, last, room = _Judge(query, scope), 0, None, MOST_BYTES
    for place, statement in _walk(scope, query, None if mark is None else Mark(*mark)):
        if len(found) == limit or examined == MOST_EXAMINED or room < 0:
            return Ordered(tuple(found), last, examined)
        examined, last = examined + 1, place
        for one in judge(statement):
            found.append(one)
            room -= len(orjson.dumps(one.event))
    return Ordered(tuple(found), None, examined)


def refuse_too_many(actor: Actor, query: Query, *, until: int) -> None:
    """Raise `QueryError` when more events match than `maxEventCount` allows, or nobody can tell at bearable cost."""
    if query.max_count is None:
        return
    page = select(actor, query, until=until, limit=query.max_count)
    if len(page.events) < query.max_count and page.more:
        raise _too_complex("to count the events")
    if page.more and _one_more(actor, query, page.next, until):
        raise QueryError(
            TOO_LARGE, f"More than {query.max_count} events match. Ask for less, or leave maxEventCount out."
        )


def _one_more(actor: Actor, query: Query, after: int, until: int) -> bool:
    page = select(actor, query, after=after, until=until, limit=1)
    if page.more and not page.events:
        raise _too_complex("to count the events")
    return bool(page.events)


def _too_complex(what: str) -> QueryError:
    return QueryError(
        TOO_COMPLEX,
        f"More than {MOST_EXAMINED} events would have to be opened {what}. Narrow the query by time, place, step or "
        "EPC.",
    )


def _scope(actor: Actor, query: Query, after: int, stop: int) -> Scope | None:
    actor.require(Permission.CAPTURE_VIEW)
    if actor.workspace is None:
        return None
    organisation = (actor.organisation or 0) if actor.only_own else None
    covered = partial(projections.position, projection.NAME)
    return Scope(
        actor.workspace,
        organisation,
        after,
        stop,
        master_data.known(actor.workspace, organisation, query, covered),
    )


def _walk(scope: Scope, query: Query, mark: Mark | None) -> Iterator[tuple[Mark, Statement]]:
    if query.order == "eventTime":
        yield from walking.by_event_time(scope, query, mark)
    elif query.order == "recordTime" and query.descending:
        stop = scope.stop if mark is None else min(mark.position, scope.stop)
        for one in walking.backward(evolve(scope, after=0, stop=stop), query):
            yield Mark(one.position), one
    else:
        after = 0 if mark is None else mark.position + 1
        for one in walking.forward(evolve(scope, after=after), query):
            yield Mark(one.position), one


def _by_own_field(scope: Scope, query: Query, limit: int, skip: int) -> Ordered:
    """All that match have to be looked at to know which is first."""
    judge = _Judge(query, scope)
    rows = []
    statements = list(islice(walking.forward(scope, query), MOST_EXAMINED + 1))
    if len(statements) > MOST_EXAMINED:
        raise _too_complex(f"to order them by {query.order[:100]}")
    for statement in statements:
        rows += [(_rank(order_key(query, judge.candidate)), one) for one in judge(statement)]
    there = sorted((row for row in rows if row[0]), key=lambda row: row[0], reverse=query.descending)
    found = [one for _, one in [*there, *(row for row in rows if not row[0])]]
    part = tuple(found[skip : skip + limit])
    more = skip + limit < len(found)
    return Ordered(part, (skip + limit, "") if more else None, len(statements))


def _rank(value: Any) -> tuple[Any, ...]:
    """Numbers before times before texts; nothing for an event without the field."""
    if value is None:
        return ()
    if isinstance(value, Decimal):
        return (0, value)
    return (2, value) if isinstance(value, str) else (1, value)


class _Judge:
    """Whether statements answer a query; contexts that repeat are read once."""

    def __init__(self, query: Query, scope: Scope | None) -> None:
        self.query, self.master = query, scope.master if scope else NO_MASTER
        self._prefixes = Prefixes()
        self.candidate = Candidate({}, {})

    def __call__(self, statement: Statement) -> list[Selected]:
        body = statement.payload["body"]
        raw = body["event"]
        self.candidate = Candidate(raw, self._prefixes.of(raw, body.get("context")), statement.time)
        return [as_captured(statement)] if matches(self.query, self.candidate, self.master) else []


def as_captured(statement: Statement) -> Selected:
    """An event under its original names; the document's own prefixes stand with it.

    `recordTime` is ours, and so is the `eventID` of an event that came without one.
    """
    body = statement.payload["body"]
    event = {**body["event"], "recordTime": statement.time.isoformat()}
    if "eventID" not in event:
        event["eventID"] = statement.payload["id"].partition("#sha-256=")[0]
    own = [entry for entry in body.get("context") or () if entry not in (None, EPCIS_CONTEXT)]
    if own:
        event["@context"] = [*own, *_entries(event.get("@context"))]
    return Selected(statement.position, statement.time, event)


def _entries(context: Any) -> list[Any]:
    if context is None:
        return []
    return context if isinstance(context, list) else [context]
