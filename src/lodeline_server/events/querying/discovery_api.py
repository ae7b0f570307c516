"""The collections of a repository: what stands in its events, and the events of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import Http404, HttpResponse
from ninja import Router

from lodeline.access import Permission
from lodeline.events.context import EPCIS_CONTEXT
from lodeline.events.query import QueryError, of
from lodeline.events.query_words import type_of, word
from lodeline.identifiers import IdentifierError, normalise
from lodeline_server.events.negotiating import negotiate
from lodeline_server.events.querying import answering, known, selecting, tokens
from lodeline_server.events.querying.api import DOCUMENT, PAGING, PARAMETERS
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.tokens import Place
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from lodeline.access import Actor

router = Router()
TOP = (
    "capture",
    "events",
    "queries",
    "eventTypes",
    "epcs",
    "bizSteps",
    "bizLocations",
    "readPoints",
    "dispositions",
)


class Collected(NamedTuple):
    """A collection: its address, what it is of, and how its events are asked for."""

    path: str
    kind: str
    parameter: str
    about: str


COLLECTIONS = (
    Collected("eventTypes", Posting.TYPE, "eventType", "types of events"),
    Collected("epcs", Posting.THING, "MATCH_any", "things and classes of things"),
    Collected("bizSteps", Posting.STEP, "EQ_bizStep", "business steps"),
    Collected("bizLocations", Posting.PLACE, "EQ_bizLocation", "business locations"),
    Collected("readPoints", Posting.POINT, "EQ_readPoint", "read points"),
    Collected("dispositions", Posting.DISPOSITION, "EQ_disposition", "dispositions"),
)
_COLLECTION = {
    "type": "object",
    "required": ["@context", "type", "member"],
    "properties": {
        "type": {"const": "Collection"},
        "member": {"type": "array", "items": {"type": "string"}},
    },
}
_LISTED = {
    "responses": {
        200: {"description": "A collection", "content": {"application/json": {"schema": _COLLECTION}}}
    }
}


@router.get("/", response=dict[str, Any], summary="What this repository serves", openapi_extra=_LISTED)
@endpoint(Permission.CAPTURE_VIEW)
def top(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    negotiate(request, response)
    return collection(TOP)


def collection(members: Any) -> dict[str, Any]:
    """GS1's form of a list."""
    return {"@context": [EPCIS_CONTEXT], "type": "Collection", "member": list(members)}


def _canonical(one: Collected, value: str) -> str:
    """A value of a path in the spelling that is kept; raises `Http404` for what can be none."""
    if one.kind == Posting.TYPE:
        return type_of(value, {})
    if one.kind in {Posting.STEP, Posting.DISPOSITION}:
        return word(value, {})
    try:
        return normalise(value)
    except IdentifierError:
        raise Http404(f"no such member of {one.path}") from None


def _known(request: HttpRequest, one: Collected, value: str) -> str:
    key = _canonical(one, value)
    actor = request.auth  # type: ignore[attr-defined]
    if "\0" in key or not (known.is_known(actor, one.kind, key) or _just_now(actor, one, key)):
        raise Http404(f"no such member of {one.path}")
    return key


def _just_now(actor: Actor, one: Collected, key: str) -> bool:
    """Whether an event says so that the indexes do not know yet."""
    try:
        query = of({one.parameter: [key]})
    except QueryError:
        return False
    return bool(selecting.select(actor, query, limit=1).events)


def _list_of(one: Collected) -> Callable[..., Any]:
    def listed(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
        negotiate(request, response)
        actor, moment = request.auth, now()  # type: ignore[attr-defined]
        said, paging = answering.pairs(request)
        answering.nothing_else(said)
        per = answering.per_page(paging)
        question = tokens.question(request.path, {}, per)
        beyond = ""
        if "nextPageToken" in paging:
            beyond = tokens.read(actor, question, paging["nextPageToken"], moment).mark[1]
        found = known.members(actor, one.kind, beyond, per + 1)
        if len(found) > per:
            place = Place(mark=(0, found[per - 1]), until=0)
            token, expires = tokens.made(actor, question, place, moment)
            answering.follow(request, response, [], per, token)
            response["GS1-Next-Page-Token-Expires"] = expires.isoformat()
        return collection(found[:per])

    return listed


def _member_of(one: Collected) -> Callable[..., Any]:
    def member(request: HttpRequest, response: HttpResponse, value: str) -> dict[str, Any]:
        negotiate(request, response)
        _known(request, one, value)
        return collection(["events"])

    return member


def _events_of(one: Collected) -> Callable[..., Any]:
    def events(request: HttpRequest, value: str) -> HttpResponse:
        key = _known(request, one, value)
        return answering.answer(request, answering.from_address(request, **{one.parameter: [key]}))

    return events


def _add(one: Collected) -> None:
    for suffix, view, words, extra in (
        ("", _list_of(one), f"Known {one.about}", {**_LISTED, "parameters": PAGING}),
        (
            "/{path:value}/events",
            _events_of(one),
            f"Events of one of the {one.about}",
            {**DOCUMENT, "parameters": PARAMETERS},
        ),
        ("/{path:value}", _member_of(one), f"What there is of one of the {one.about}", _LISTED),
    ):
        view.__name__ = view.__qualname__ = f"{view.__name__}_{one.path}"
        response = {} if "events" in suffix else {"response": dict[str, Any]}
        router.get(f"/{one.path}{suffix}", summary=words, openapi_extra=extra, **response)(
            endpoint(Permission.CAPTURE_VIEW)(view)
        )


for _one in COLLECTIONS:
    _add(_one)
