"""Naming queries, subscribing to them, and ending both. What is delivered is in `delivering`."""

from __future__ import annotations

import uuid as uuids
from typing import TYPE_CHECKING, Any, Final

import structlog
from attrs import frozen
from django.db import IntegrityError, transaction

from lodeline.access import Permission
from lodeline.events import query as questions
from lodeline.events.query import QueryError
from lodeline.events.schedule import Schedule, ScheduleRefused
from lodeline_server.events.subscriptions import queries, webhook
from lodeline_server.events.subscriptions.models import NamedQuery, Subscription
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind
from lodeline_server.kit.problems import Problem
from lodeline_server.log.queries import size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from lodeline.access import Actor

log = structlog.get_logger(__name__)
MOST_QUERIES, MOST_SUBSCRIPTIONS = 500, 200
"""Of one organisation."""
LONGEST_NAME: Final = 100
INVALID: Final = "epcisException:ValidationException"
CONTROLS: Final = "epcisException:SubscriptionControlsException"
EXISTS: Final = "epcisException:ResourceAlreadyExistsException"


@frozen(kw_only=True)
class Wanted:
    """A subscription as it is asked for."""

    dest: str
    token: str | None = None
    stream: bool = False
    schedule: Mapping[str, Any] | None = None
    report_if_empty: bool = False
    initial_record_time: datetime | None = None


def define(*, actor: Actor, name: str, definition: Mapping[str, Any], now: datetime) -> NamedQuery:
    """Give a query a name. Raises `Problem`: 400 for what is no query or no name, 409 when the name is taken."""
    actor.require(Permission.EVENTS_SUBSCRIBE)
    organisation = _organisation(actor)
    if not fit(name):
        raise Problem(
            400,
            "This is no name of a query",
            detail=f"1 to {LONGEST_NAME} printable characters without / and without blanks at its ends.",
            kind=INVALID,
        )
    try:
        query = questions.of(definition)
    except QueryError as error:
        raise Problem(400, "This is no query", detail=error.detail, kind=error.type) from None
    try:
        with transaction.atomic():
            if queries.named(actor).count() >= MOST_QUERIES:
                raise Problem(
                    409, f"An organisation names at most {MOST_QUERIES} queries", detail="Delete one first."
                )
            row = NamedQuery.objects.create(
                organisation_id=organisation,
                name=name,
                definition=query.as_dict(),
                created_by=actor.id,
                created_at=now,
            )
            audit.record(Kind.CHANGE, "query.named", actor=actor, objects={"query": name}, now=now)
    except IntegrityError:
        raise Problem(409, "There is a query of this name", detail=name, kind=EXISTS) from None
    log.info("query named", by=actor.id, query=row.pk)
    return row


def fit(name: str) -> bool:
    """True for what can be a name: it stands in addresses."""
    plain = name.isprintable() and "/" not in name and "\\" not in name and name == name.strip()
    return plain and 0 < len(name) <= LONGEST_NAME and name not in {".", ".."}


@transaction.atomic
def forget(*, actor: Actor, name: str, now: datetime) -> int:
    """Delete a named query and end its subscriptions; how many there were. Raises `Problem` 404."""
    actor.require(Permission.EVENTS_SUBSCRIBE)
    row = queries.one(actor, name)
    count = row.subscriptions.count()
    row.delete()
    audit.record(
        Kind.REVOKE, "query.deleted", actor=actor, objects={"query": name, "subscriptions": count}, now=now
    )
    log.info("query deleted", by=actor.id, subscriptions=count)
    return count


@transaction.atomic
def subscribe(*, actor: Actor, name: str, wanted: Wanted, now: datetime) -> Subscription:
    """Have an address told of events that answer the query, as `actor` may see them at that time.

    Raises `Problem`: 400 for an address that is not called, and for neither or both of stream and schedule; 404; 409
    at the limit.
    """
    actor.require(Permission.EVENTS_SUBSCRIBE)
    actor.require(Permission.CAPTURE_VIEW)
    organisation = _organisation(actor)
    row = queries.one(actor, name)
    schedule = _checked(wanted, row)
    if Subscription.objects.filter(query__organisation_id=organisation).count() >= MOST_SUBSCRIPTIONS:
        raise Problem(409, f"An organisation has at most {MOST_SUBSCRIPTIONS} subscriptions")
    uuid = uuids.uuid4()
    sealed = webhook.seal(wanted.token, actor.workspace or 0, uuid, now) if wanted.token is not None else None
    made = Subscription.objects.create(
        uuid=uuid,
        query=row,
        actor=actor.id,
        role=actor.role.value if actor.role else "",
        dest=wanted.dest,
        sealed=sealed[0] if sealed else None,
        key_version=sealed[1] if sealed else None,
        stream=wanted.stream,
        schedule={key: str(value) for key, value in (wanted.schedule or {}).items()},
        report_if_empty=wanted.report_if_empty,
        initial_record_time=wanted.initial_record_time,
        position=0 if wanted.initial_record_time else size(),
        created_at=now,
        next_at=schedule.next_after(now) if schedule else None,
    )
    objects = {"subscription": made.uuid, "query": name, "dest": wanted.dest}
    audit.record(Kind.GRANT, "subscription.made", actor=actor, objects=objects, now=now)
    log.info("subscription made", by=actor.id, subscription=str(made.uuid), stream=made.stream)
    return made


@transaction.atomic
def unsubscribe(*, actor: Actor, name: str, uuid: UUID, now: datetime) -> None:
    """Nothing more is delivered; a call that is under way is not called back. Raises `Problem` 404."""
    actor.require(Permission.EVENTS_SUBSCRIBE)
    row = queries.subscription(actor, name, uuid)
    row.delete()
    objects = {"subscription": uuid, "query": name, "dest": row.dest}
    audit.record(Kind.REVOKE, "subscription.deleted", actor=actor, objects=objects, now=now)
    log.info("subscription deleted", by=actor.id, subscription=str(uuid))


def _checked(wanted: Wanted, row: NamedQuery) -> Schedule | None:
    """The schedule, if it has one; raises `Problem` 400."""
    if wanted.stream == (wanted.schedule is not None):
        detail = 'Send either "stream": true or a schedule, and not both.'
        raise Problem(400, "When is it to be told?", detail=detail, kind=CONTROLS)
    try:
        webhook.check(wanted.dest)
    except webhook.DestinationRefused as error:
        raise Problem(400, "This address is not called", detail=f"dest: {error}", kind=INVALID) from None
    token = wanted.token
    if token is not None and not (token.isprintable() and 0 < len(token) <= webhook.LONGEST_TOKEN):
        detail = f"signatureToken: 1 to {webhook.LONGEST_TOKEN} printable characters."
        raise Problem(400, "This is no signature token", detail=detail, kind=INVALID)
    ordering = {"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"} & row.definition.keys()
    if ordering:
        said = ", ".join(sorted(ordering))
        detail = f"Deliveries hold all events, in the order of the record: {said} cannot be kept."
        raise Problem(400, "This query cannot be subscribed to", detail=detail, kind=CONTROLS)
    if wanted.schedule is None:
        return None
    try:
        return Schedule.of(wanted.schedule)
    except ScheduleRefused as error:
        raise Problem(400, "This is no schedule", detail=str(error), kind=CONTROLS) from None


def _organisation(actor: Actor) -> int:
    if actor.workspace is None or actor.organisation is None:
        raise Problem(403, "Only an organisation has queries", detail="This actor acts for none.")
    return actor.organisation
