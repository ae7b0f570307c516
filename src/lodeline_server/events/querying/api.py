"""Events over HTTP: the EPCIS 2.0 REST bindings for queries and for the capture of one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from ninja import Router, Status

from lodeline.access import Permission
from lodeline.events.query import of
from lodeline.events.query_names import FIXED
from lodeline.identifiers import IdentifierError, normalise
from lodeline_server.events.negotiating import negotiate
from lodeline_server.events.querying import answering, one_event, selecting, tokens
from lodeline_server.events.querying.formats import EPC_FORMATS, WORD_FORMATS
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
MOST_EDITIONS = 100
_TEXT = {"type": "string"}


def _parameter(name: str, schema: dict[str, Any], about: str = "", where: str = "query") -> dict[str, Any]:
    return {"name": name, "in": where, "schema": schema, **({"description": about} if about else {})}


FORMATS = [
    _parameter("GS1-EPC-Format", {"enum": list(EPC_FORMATS)}, "spelling of identifiers", "header"),
    _parameter("GS1-CBV-XML-Format", {"enum": list(WORD_FORMATS)}, "standard words in XML", "header"),
]
PAGING = [
    _parameter("perPage", {"type": "integer", "minimum": 1, "default": answering.PER_PAGE}),
    _parameter("nextPageToken", _TEXT, "from the Link header"),
]
PARAMETERS = [
    *PAGING,
    _parameter(
        "GS1-Extensions", _TEXT, "prefixes in names and values: ex=https://example.com/epcis/", "header"
    ),
    *FORMATS,
    *(
        _parameter(name, _TEXT)
        for name in (*FIXED, "orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
    ),
]
_XML = {"application/xml": {"schema": {"type": "string"}}}
_JSON = {"application/json": {"schema": {"type": "object"}}}
DOCUMENT = {"responses": {200: {"description": "An EPCISQueryDocument", "content": {**_JSON, **_XML}}}}
_EVENT = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


@router.get(
    "/events", summary="Events that a query asks for", openapi_extra={**DOCUMENT, "parameters": PARAMETERS}
)
@endpoint(Permission.CAPTURE_VIEW)
def events(request: HttpRequest) -> HttpResponse:
    """Beside the parameters listed here: those whose names end in a unit, a type or the name of a field of your own."""
    return answering.answer(request, answering.from_address(request))


@router.post("/events", response={201: dict[str, Any]}, summary="Capture one event", openapi_extra=_EVENT)
@endpoint(Permission.CAPTURE_SUBMIT)
def capture_event(request: HttpRequest, response: HttpResponse) -> Status:
    """Answers when it is in the log. A known eventID is a 409, unless the event declares an error."""
    negotiate(request, response)
    event = one_event.capture(
        actor=request.auth,  # type: ignore[attr-defined]
        data=read_body(request),
        media_type=request.headers.get("Content-Type", ""),
        jws=request.headers.get("Lodeline-Signature", "").strip(),
        now=now(),
    )
    response["Location"] = request.build_absolute_uri(f"/epcis/events/{one_event.escaped(event['eventID'])}")
    return Status(201, event)


@router.get(
    "/events/{path:event_id}",
    summary="An event on record, by its id",
    openapi_extra={**DOCUMENT, "parameters": FORMATS},
)
@endpoint(Permission.CAPTURE_VIEW)
def event(request: HttpRequest, event_id: str) -> HttpResponse:
    """An EPCISQueryDocument with the event, its editions and the declarations about it, as they are in the log."""
    try:
        key = normalise(event_id)
    except IdentifierError:
        raise Http404("no such event") from None
    actor = request.auth  # type: ignore[attr-defined]
    page = selecting.select(actor, of({"EQ_eventID": [key]}), limit=MOST_EDITIONS)
    if not page.events:
        raise Http404("no such event")
    return answering.single(request, [one.event for one in page.events])


@router.delete("/nextPageToken/{token}", response={204: None}, summary="Give the token of a next page back")
@endpoint(Permission.CAPTURE_VIEW)
def end_token(request: HttpRequest, response: HttpResponse, token: str) -> Status:
    """Afterwards it opens nothing."""
    negotiate(request, response)
    if not tokens.end(request.auth, token, now()):  # type: ignore[attr-defined]
        raise Problem(404, "No such token", kind="epcisException:NoSuchResourceException")
    return Status(204, None)
