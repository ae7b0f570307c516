"""The events on record that a query asks for, in the order of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.access import Permission
from lodeline.events.context import EPCIS_CONTEXT, names_for
from lodeline.events.query_match import NO_MASTER, Candidate, matches
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.events.query import Query
    from lodeline.events.query_match import Master
    from lodeline_server.log.queries import Statement

MOST_EXAMINED = 20_000
"""Events opened for one answer. What is left comes with the next page."""


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
    twice.
    """

    events: tuple[Selected, ...]
    next: int
    more: bool


def end() -> int:
    """The log's end now: an answer below it does not change while events arrive."""
    return log.size()


def select(actor: Actor, query: Query, *, after: int = 0, until: int | None = None, limit: int) -> Page:
    """Events that match the query, from position `after` (inclusive) to below `until`, at most `limit`.

    In the order of the log, whatever order the query names. Erased events are not there. Raises `Denied`.
    """
    actor.require(Permission.CAPTURE_VIEW)
    stop = end() if until is None else min(until, end())
    found: list[Selected] = []
    for examined, statement in enumerate(_statements(actor, query, after, stop)):
        if len(found) == limit or examined == MOST_EXAMINED:
            return Page(tuple(found), statement.position, more=True)
        one = judged(query, statement)
        if one is not None:
            found.append(one)
    return Page(tuple(found), max(stop, after), more=False)


def judged(query: Query, statement: Statement, master: Master = NO_MASTER) -> Selected | None:
    """The event of a statement, if the query asks for it."""
    body = statement.payload["body"]
    raw, context = body["event"], body.get("context")
    candidate = Candidate(raw, names_for(raw, context).prefixes, statement.time)
    return as_captured(statement) if matches(query, candidate, master) else None


def as_captured(statement: Statement) -> Selected:
    """An event under its original names: `recordTime` is ours, the document's own prefixes stand with it."""
    body = statement.payload["body"]
    event = {**body["event"], "recordTime": statement.time.isoformat()}
    own = [entry for entry in body.get("context") or () if entry not in (None, EPCIS_CONTEXT)]
    if own:
        event["@context"] = [*own, *_entries(event.get("@context"))]
    return Selected(statement.position, statement.time, event)


def _entries(context: Any) -> list[Any]:
    if context is None:
        return []
    return context if isinstance(context, list) else [context]


def _statements(actor: Actor, query: Query, after: int, stop: int) -> Iterator[Statement]:
    del query
    if actor.workspace is None:
        return
    own = actor.organisation if actor.only_own else None
    for statement in log.read(after, types={"epcis.event"}, workspace=actor.workspace, stop=stop):
        if not statement.erased and (own is None or statement.organisation == own):
            yield statement
