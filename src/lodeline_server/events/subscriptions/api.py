"""Named queries and subscriptions over HTTP: the EPCIS 2.0 REST bindings for `queries`.

A name belongs to the organisation that gave it: others neither see it nor are kept from using it.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote
from uuid import UUID  # noqa: TC003

from django.http import HttpResponse  # ninja reads it at run time
from ninja import Query, Router, Schema, Status
from pydantic import Field

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.events import query as questions
from lodeline.events.epcis import instant
from lodeline.events.schedule import FIELDS
from lodeline_server.events.negotiating import negotiate
from lodeline_server.events.querying import answering, formats, selecting
from lodeline_server.events.subscriptions import actions, answers, queries, waiting
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from lodeline.events.query import Query as EventQuery

router = Router()
BODY = 256 * 1024
LAST = 2**62
Name = Annotated[str, Field(max_length=actions.LONGEST_NAME, description="name of the query")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=200)]
Token = Annotated[int, Query(alias="nextPageToken", ge=0, le=2**62)]


class Named(Schema):
    """A question of the EPCIS query language under a name."""

    name: str
    query: dict[str, Any]


class Subscribed(Schema):
    """GS1's members; then how deliveries go. Either `stream` or `schedule` is there."""

    subscriptionID: UUID  # noqa: N815
    queryName: str  # noqa: N815
    dest: str
    createdAt: datetime  # noqa: N815
    initialRecordTime: datetime  # noqa: N815
    minRecordTime: datetime  # noqa: N815
    lastNotifiedAt: datetime | None = None  # noqa: N815
    stream: bool | None = None
    schedule: dict[str, str] | None = None
    reportIfEmpty: bool  # noqa: N815
    state: str
    reason: str | None = None
    deliveredEvents: int  # noqa: N815
    signed: bool
    nextTryAt: datetime | None = None  # noqa: N815
    lastTriedAt: datetime | None = None  # noqa: N815
    failures: int
    lastError: str | None = None  # noqa: N815


def _asks(*, required: list[str], **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_TEXT = {"type": "string"}
_NAMED = _asks(required=["name", "query"], name={**_TEXT, "maxLength": 100}, query={"type": "object"})
_WANTED = _asks(
    required=["dest"],
    dest={**_TEXT, "format": "uri", "description": "https, public, or allowed by the operator"},
    signatureToken={**_TEXT, "maxLength": 500, "description": "key of the signature in GS1-Signature"},
    stream={"const": True, "description": "told whenever something new answers; else a schedule"},
    schedule={
        "type": "object",
        "additionalProperties": False,
        "properties": {field: {**_TEXT, "examples": ["[1-5],7"]} for field in FIELDS},
    },
    reportIfEmpty={"type": "boolean"},
    initialRecordTime={**_TEXT, "format": "date-time"},
)


_READER = {
    "parameters": [
        {"name": name, "in": "query", "schema": schema, "description": words}
        for name, schema, words in (
            ("perPage", {"type": "integer", "minimum": 1}, "events to a page"),
            ("nextPageToken", _TEXT, "of the Link header"),
            (
                "wait",
                {"type": "integer", "minimum": 0, "maximum": waiting.LONGEST},
                "seconds to wait for new events",
            ),
            ("after", {"type": "integer", "minimum": 0}, "position of the log to go on from"),
        )
    ]
}


@router.get("/queries", response=list[Named], summary="Named queries of your organisation")
@endpoint(Permission.CAPTURE_VIEW)
def named_queries(
    request: HttpRequest, response: HttpResponse, per_page: PerPage = 30, next_page_token: Token = 0
) -> list[dict[str, Any]]:
    """Pages as GS1 wants them: `Link` with `rel="next"` while there is more."""
    negotiate(request, response)
    rows = _paged(request, response, queries.named(_actor(request)), per_page, next_page_token)
    return [answers.named(row) for row in rows]


@router.post("/queries", response={201: Named}, summary="Name a query", openapi_extra=_NAMED)
@endpoint(Permission.EVENTS_SUBSCRIBE)
def name_query(request: HttpRequest, response: HttpResponse) -> Status:
    """`Location` says where its events and subscriptions are."""
    negotiate(request, response)
    said = _body(request, {"name": str, "query": dict}, required=("name", "query"))
    row = actions.define(actor=_actor(request), name=said["name"], definition=said["query"], now=now())
    response["Location"] = _address(request, row.name)
    return Status(201, answers.named(row))


@router.get("/queries/{name}", response=Named, summary="A named query")
@endpoint(Permission.CAPTURE_VIEW)
def named_query(request: HttpRequest, response: HttpResponse, name: Name) -> dict[str, Any]:
    negotiate(request, response)
    return answers.named(queries.one(_actor(request), name))


@router.delete("/queries/{name}", response={204: None}, summary="Delete a named query; its subscriptions end")
@endpoint(Permission.EVENTS_SUBSCRIBE)
def delete_query(request: HttpRequest, response: HttpResponse, name: Name) -> Status:
    negotiate(request, response)
    actions.forget(actor=_actor(request), name=name, now=now())
    return Status(204, None)


# --- subscriptions -----------------------------------------------------------------------------------------


@router.get(
    "/queries/{name}/subscriptions",
    response=list[Subscribed],
    exclude_none=True,
    summary="Who is told of new events that answer a query",
)
@endpoint(Permission.CAPTURE_VIEW)
def subscriptions(
    request: HttpRequest,
    response: HttpResponse,
    name: Name,
    per_page: PerPage = 30,
    next_page_token: Token = 0,
) -> list[dict[str, Any]]:
    """Ended ones stand in it until they are deleted: `reason` says why."""
    negotiate(request, response)
    rows = queries.subscriptions(_actor(request), name)
    return [answers.subscription(row) for row in _paged(request, response, rows, per_page, next_page_token)]


@router.post(
    "/queries/{name}/subscriptions",
    response={201: Subscribed},
    exclude_none=True,
    summary="Have an address told of new events that answer a query",
    openapi_extra=_WANTED,
)
@endpoint(Permission.EVENTS_SUBSCRIBE)
def subscribe(request: HttpRequest, response: HttpResponse, name: Name) -> Status:
    """The address gets EPCISQueryDocuments by POST, signed with your token, as long as you may see the events."""
    negotiate(request, response)
    queries.one(_actor(request), name)  # what is not there is told before what is wrong with the rest
    kinds = {
        "dest": str,
        "signatureToken": str,
        "stream": bool,
        "schedule": dict,
        "reportIfEmpty": bool,
        "initialRecordTime": str,
    }
    said = _body(request, kinds, required=("dest",))
    row = actions.subscribe(
        actor=_actor(request),
        name=name,
        wanted=actions.Wanted(
            dest=said["dest"],
            token=said.get("signatureToken"),
            stream=said.get("stream", False),
            schedule=said.get("schedule"),
            report_if_empty=said.get("reportIfEmpty", False),
            initial_record_time=_instant(said.get("initialRecordTime")),
        ),
        now=now(),
    )
    response["Location"] = _address(request, name, "subscriptions", str(row.uuid))
    return Status(201, answers.subscription(row))


@router.get(
    "/queries/{name}/subscriptions/{uuid:subscription_id}",
    response=Subscribed,
    exclude_none=True,
    summary="A subscription and how its deliveries go",
)
@endpoint(Permission.CAPTURE_VIEW)
def subscription(
    request: HttpRequest, response: HttpResponse, name: Name, subscription_id: UUID
) -> dict[str, Any]:
    negotiate(request, response)
    return answers.subscription(queries.subscription(_actor(request), name, subscription_id))


@router.api_operation(
    ["OPTIONS"],
    "/queries/{name}/subscriptions/{uuid:subscription_id}",
    response={204: None},
    summary="Methods and versions, and until when events were looked at",
)
@endpoint(Permission.CAPTURE_VIEW)
def subscription_options(
    request: HttpRequest, response: HttpResponse, name: Name, subscription_id: UUID
) -> Status:
    negotiate(request, response)
    row = queries.subscription(_actor(request), name, subscription_id)
    response["Allow"] = "OPTIONS, DELETE, GET"
    response["GS1-Query-Min-Record-Time"] = answers.looked_until(row).isoformat()
    return Status(204, None)


@router.delete(
    "/queries/{name}/subscriptions/{uuid:subscription_id}", response={204: None}, summary="End a subscription"
)
@endpoint(Permission.EVENTS_SUBSCRIBE)
def unsubscribe(request: HttpRequest, response: HttpResponse, name: Name, subscription_id: UUID) -> Status:
    negotiate(request, response)
    actions.unsubscribe(actor=_actor(request), name=name, uuid=subscription_id, now=now())
    return Status(204, None)


# --- events ------------------------------------------------------------------------------------------------


@router.get(
    "/queries/{name}/events",
    response={200: dict[str, Any], 501: Any},
    summary="Events that answer a named query; with `wait`, those that come",
    openapi_extra=_READER,
)
@endpoint(Permission.CAPTURE_VIEW)
def named_events(request: HttpRequest, name: Name) -> HttpResponse:
    """Pages as of /epcis/events. With `wait` or `after` the events in the order of the log, as a feed to follow."""
    if "websocket" in request.headers.get("Upgrade", "").lower():
        raise Problem(
            501,
            "No WebSocket is spoken here",
            detail=f"Ask with ?wait={waiting.LONGEST} and follow the Link, or subscribe an address.",
            kind="epcisException:ImplementationException",
        )
    query = questions.of(queries.one(_actor(request), name).definition)
    said, paging = answering.pairs(request)
    feed = dict(said)
    if feed.keys() - {"wait", "after"} or len(feed) < len(said):
        answering.nothing_else([pair for pair in said if pair[0] not in {"wait", "after"}] or said)
    if not feed:
        return answering.answer(request, query, name=name)
    wait = _number(feed, "wait", waiting.LONGEST) or 0
    return _news(request, name, query, wait, _number(feed, "after", LAST), answering.per_page(paging))


def _news(
    request: HttpRequest, name: str, query: EventQuery, wait: int, after: int | None, per_page: int
) -> HttpResponse:
    """What has come since `after`, a position of the log; without one, what comes from now on.

    Waits until there is something, at most `wait` seconds. `Link` with `rel="next"` is always there: it goes on
    where this answer ends.
    """
    response = HttpResponse()
    negotiate(request, response)
    wanted, actor = formats.Wanted.of(request), _actor(request)
    page = selecting.select(actor, query, after=selecting.end() if after is None else after, limit=per_page)

    def moved() -> bool:
        nonlocal page
        if not page.events and selecting.end() > page.next:
            page = selecting.select(actor, query, after=page.next, limit=per_page)
        return bool(page.events) or page.more

    if not moved() and wait and not waiting.until(moved, wait):
        response["Retry-After"] = str(waiting.AGAIN)
    body = formats.written([one.event for one in page.events], wanted, name, now())
    response.content, response["Content-Type"], response["GS1-EPC-Format"] = (
        body.data,
        body.media_type,
        body.epcs,
    )
    target = f"{_address(request, name, 'events')}?wait={wait}&after={page.next}&perPage={per_page}"
    response["Link"] = f'<{target}>; rel="next"'
    return response


def _number(said: dict[str, str], name: str, most: int) -> int | None:
    text = said.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise Problem(
            400, f"{name} is a whole number up to {most}", detail=text[:20], kind=questions.PARAMETER
        )
    return int(text)


# --- reading requests --------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _address(request: HttpRequest, *parts: str) -> str:
    return request.build_absolute_uri("/epcis/queries/" + "/".join(quote(part, safe="") for part in parts))


def _paged(
    request: HttpRequest, response: HttpResponse, rows: QuerySet[Any], per_page: int, token: int
) -> list[Any]:
    found = list(rows.filter(pk__gt=token)[: per_page + 1])
    if len(found) > per_page:
        address = request.build_absolute_uri(
            f"{quote(request.path)}?perPage={per_page}&nextPageToken={found[per_page - 1].pk}"
        )
        response["Link"] = f'<{address}>; rel="next"'
    return found[:per_page]


def _body(request: HttpRequest, kinds: dict[str, type], required: tuple[str, ...]) -> dict[str, Any]:
    """The members of a JSON object, each of its kind. Raises `Problem`: 400, 413, 415."""
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", "application/ld+json"}:
        raise Problem(
            415,
            "Send JSON",
            detail="Content-Type is application/json.",
            kind="epcisException:UnsupportedMediaTypeException",
        )
    try:
        said = strictjson.loads(read_body(request, limit=BODY))
    except ValueError as error:
        raise Problem(400, "This is no JSON", detail=str(error)[:200], kind=actions.INVALID) from None
    if not isinstance(said, dict):
        raise _wrong("A JSON object is wanted.")
    for name in required:
        if said.get(name) is None:
            raise _wrong(f"/{name} is missing.")
    found: dict[str, Any] = {}
    for name, value in said.items():
        if name not in kinds:
            raise _wrong(f"/{name[:60]} is not known here; there is {', '.join(kinds)}.")
        if value is None:
            continue
        if not isinstance(value, kinds[name]):
            raise _wrong(f"/{name} is {_KINDS[kinds[name]]}.")
        found[name] = value
    return found


_KINDS = {str: "a text", dict: "an object", bool: "true or false"}


def _wrong(detail: str) -> Problem:
    return Problem(400, "The request does not fit", detail=detail, kind=actions.INVALID)


def _instant(said: str | None) -> datetime | None:
    try:
        return instant(said) if said is not None else None
    except ValueError:
        raise _wrong("/initialRecordTime is a time with an offset, like 2026-03-01T08:00:00Z.") from None
