"""Deliveries: what is new since the last one, in the order of the log, until the subscriber has said yes to it.

`position` moves only after a yes, so an event is delivered at least once: twice where a yes was lost. The subscriber's
rights are those of the moment. What fails is tried again with growing pauses, and given up after a week.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from attrs import frozen
from django.db import transaction
from django.db.models import F, Q

from lodeline.access import Permission, platform
from lodeline.events import query as questions
from lodeline.events.epcis import instant
from lodeline.events.query import QueryError
from lodeline.events.schedule import Schedule
from lodeline.sealing import Unreadable
from lodeline_server.events.querying import formats, selecting
from lodeline_server.events.subscriptions import webhook
from lodeline_server.events.subscriptions.models import Subscription
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.queries import actor_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.events.query import Query
    from lodeline_server.events.querying.selecting import Selected

log = structlog.get_logger(__name__)
BATCH: Final = 100
BODY: Final = 1024 * 1024
"""Events and bytes of one call; a larger event goes alone."""
CALLS: Final = 50
"""Calls to one subscriber before others have their turn."""
CLAIM: Final = timedelta(minutes=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
GIVEN_UP_AFTER: Final = timedelta(days=7)


@frozen(kw_only=True)
class Outcome:
    """What one turn did: calls that were answered with yes, events in them, and what went wrong."""

    calls: int = 0
    events: int = 0
    error: str = ""
    ended: str = ""


class _Taken(Exception):  # noqa: N818
    """The subscription was deleted meanwhile, or another process has it."""


def pause(failures: int) -> timedelta:
    """How long after so many failures in a row: 30 s, twice that each time, at most 6 h."""
    return min(FIRST_PAUSE * 2 ** min(failures - 1, 20), LONGEST_PAUSE)


def deliver(key: int, clock: Callable[[], datetime]) -> Outcome | None:
    """Bring one subscriber up to date. None when there was nothing to do, or another process is at it."""
    turn = _Turn.start(key, clock)
    if turn is None:
        return None
    try:
        return turn.run()
    except _Taken:
        return None


class _Turn:
    """One subscription while this process has it; `held` is the mark of that."""

    def __init__(self, row: Subscription, clock: Callable[[], datetime]) -> None:
        self.row, self.clock = row, clock
        self.held = row.claimed_until
        self.calls = self.events = 0

    @classmethod
    def start(cls, key: int, clock: Callable[[], datetime]) -> _Turn | None:
        now = clock()
        free = Subscription.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), pk=key)
        free = free.filter(Q(next_at=None) | Q(next_at__lte=now), state=Subscription.State.ACTIVE)
        if not free.update(claimed_until=now + CLAIM, last_tried_at=now):
            return None
        row = Subscription.objects.select_related("query__organisation").filter(pk=key).first()
        return cls(row, clock) if row else None

    def run(self) -> Outcome:
        row = self.row
        try:
            token = self._token()
            question = _question(row)
        except (Unreadable, QueryError) as error:
            return self._failed(str(error))
        until = selecting.end()
        while True:
            actor = self._actor()  # each time: a right may be taken away between two calls
            if actor is None:
                return self._ended("The right of its subscriber has ended.")
            try:
                page = selecting.select(actor, question, after=row.position, until=until, limit=BATCH)
            except QueryError as error:
                self._post(_problem(error), token, "application/problem+json")
                return self._failed(error.detail)
            except Unreadable as error:
                log.exception("an event cannot be opened", subscription=str(row.uuid))
                return self._failed(str(error))
            events = _fitting(page.events)
            last = len(events) == len(page.events)
            done = last and not page.more
            if events or (done and row.report_if_empty and not row.stream and not self.calls):
                told = self._post(self._document(events), token)
                if told.gone:
                    return self._ended("The address answered 410: it wants nothing more.")
                if not told.ok:
                    return self._failed(told.error)
                self._told(len(events), page.next if last else events[-1].position + 1)
            else:
                self._save(position=page.next)
            if done:
                return self._finished()
            if self.calls >= CALLS:
                self._save(claimed_until=None)
                return Outcome(calls=self.calls, events=self.events)

    def _document(self, events: Sequence[Selected]) -> dict[str, Any]:
        row = self.row
        made = formats.document([one.event for one in events], row.query.name, self.clock())
        made["epcisBody"]["queryResults"]["subscriptionID"] = str(row.uuid)
        return made

    def _actor(self) -> Actor | None:
        row = self.row
        actor = actor_again(row.actor, row.query.organisation, row.role, self.clock())
        if actor is None or not (
            actor.may(Permission.CAPTURE_VIEW) and actor.may(Permission.EVENTS_SUBSCRIBE)
        ):
            return None
        return actor

    def _token(self) -> str | None:
        row = self.row
        if row.sealed is None or row.key_version is None:
            return None
        return webhook.unseal(
            bytes(row.sealed), row.query.organisation.workspace_id, row.uuid, row.key_version
        )

    def _post(
        self, body: dict[str, Any], token: str | None, media_type: str = "application/json"
    ) -> webhook.Told:
        self._save(claimed_until=self.clock() + CLAIM)
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return webhook.call(self.row.dest, data, token, media_type)

    # --- what is kept -----------------------------------------------------------------------------------

    def _save(self, **values: Any) -> None:
        """Write, if the subscription is still there and this process still has it; else raise `_Taken`."""
        if not Subscription.objects.filter(pk=self.row.pk, claimed_until=self.held).update(**values):
            raise _Taken
        for name, value in values.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self.row, name, value)
        self.held = values.get("claimed_until", self.held)

    def _told(self, events: int, position: int) -> None:
        self.calls, self.events = self.calls + 1, self.events + events
        self._save(
            position=position,
            delivered=F("delivered") + events,
            notified_at=self.clock(),
            failures=0,
            failing_since=None,
            last_error="",
        )

    def _finished(self) -> Outcome:
        row, at = self.row, None
        if not row.stream:
            at = Schedule.of(row.schedule).next_after(self.clock())
            if at is None:
                return self._ended("Its schedule has no further instant.")
        self._save(claimed_until=None, next_at=at, failures=0, failing_since=None, last_error="")
        return Outcome(calls=self.calls, events=self.events)

    def _failed(self, error: str) -> Outcome:
        row, now = self.row, self.clock()
        since = row.failing_since or now
        if now - since >= GIVEN_UP_AFTER:
            return self._ended(f"Given up after {GIVEN_UP_AFTER.days} days: {error}"[:200])
        count = row.failures + 1
        log.warning("delivery failed", subscription=str(row.uuid), failures=count, error=error)
        self._save(
            claimed_until=None,
            failures=count,
            failing_since=since,
            last_error=error[:300],
            next_at=now + pause(count),
        )
        return Outcome(calls=self.calls, events=self.events, error=error)

    def _ended(self, reason: str) -> Outcome:
        """For good: the row stays, so that its owner sees why."""
        row, now = self.row, self.clock()
        with transaction.atomic():
            self._save(claimed_until=None, next_at=None, state=Subscription.State.ENDED, reason=reason)
            audit.record(
                Kind.REVOKE,
                "subscription.ended",
                actor=platform(row.query.organisation.workspace_id),
                objects={"subscription": row.uuid, "query": row.query.name, "reason": reason},
                now=now,
            )
        log.info("subscription ended", subscription=str(row.uuid), reason=reason)
        return Outcome(calls=self.calls, events=self.events, ended=reason)


def _question(row: Subscription) -> Query:
    """The named query, and nothing from before the time that the subscriber named. Raises `QueryError`."""
    said = dict(row.query.definition)
    if row.initial_record_time is not None:
        least = row.initial_record_time
        if "GE_recordTime" in said:
            least = max(least, instant(str(said["GE_recordTime"])))
        said["GE_recordTime"] = least.isoformat()
    return questions.of(said)


def _fitting(events: Sequence[Selected]) -> Sequence[Selected]:
    """As many of the first events as fit into one body; at least one."""
    room = BODY
    for index, one in enumerate(events):
        room -= len(json.dumps(one.event, ensure_ascii=False).encode())
        if room < 0 and index:
            return events[:index]
    return events


def _problem(error: QueryError) -> dict[str, Any]:
    return Problem(400, "The query cannot be answered", detail=error.detail, kind=error.type).as_dict()
