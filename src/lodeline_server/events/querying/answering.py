"""From a request to a page of events: parameters, limits, tokens, headers. Every address that lists events uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from attrs import evolve
from django.http import HttpResponse

from lodeline.events.query import PARAMETER, TOO_COMPLEX, TOO_LARGE, QueryError, of, parse
from lodeline_server.events.negotiating import negotiate
from lodeline_server.events.querying import selecting, tokens
from lodeline_server.events.querying.formats import Wanted, written
from lodeline_server.events.querying.tokens import Place
from lodeline_server.kit.clock import now
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from lodeline.events.query import Query

PER_PAGE, MOST_PER_PAGE = 30, 1_000
LONGEST: Final = 16_000
"""Characters of a query string; longer questions are asked as named queries."""
PAGING: Final = ("perPage", "nextPageToken")
SIMPLE: Final = "SimpleEventQuery"
_STATUS: Final = {TOO_LARGE: 413, TOO_COMPLEX: 413}


def pairs(request: HttpRequest) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The parameters of the question, and those of paging. Raises `Problem` 400, 414."""
    text = request.META.get("QUERY_STRING", "")
    if len(text) > LONGEST:
        raise Problem(
            414,
            "The address is too long",
            detail=f"At most {LONGEST} characters of parameters. Name the query, and ask for its events.",
            kind="epcisException:URITooLongException",
        )
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=500)
    except ValueError:
        raise Problem(
            400, "The parameters cannot be read", detail="Not UTF-8, or too many.", kind=PARAMETER
        ) from None
    paging = {name: value for name, value in found if name in PAGING}
    if len(paging) != sum(name in PAGING for name, _ in found):
        raise Problem(400, "perPage and nextPageToken are given once", kind=PARAMETER)
    return [pair for pair in found if pair[0] not in PAGING], paging


def refused(error: QueryError) -> Problem:
    """A query's error in GS1's words."""
    return Problem(
        _STATUS.get(error.type, 400), "This query cannot be answered", detail=error.detail, kind=error.type
    )


def prefixes(request: HttpRequest) -> dict[str, str]:
    """Prefixes that the client defines: `GS1-Extensions: ex=https://example.com/epcis/, …`."""
    found = {}
    for part in request.headers.get("GS1-Extensions", "")[:LONGEST].split(","):
        prefix, equals, space = part.strip().partition("=")
        if equals and prefix.isidentifier() and ":" in space and " " not in space:
            found[prefix] = space
    return found


def per_page(paging: Mapping[str, str]) -> int:
    """How many to a page. Raises `Problem` 400."""
    said = paging.get("perPage", str(PER_PAGE))
    if not (said.isascii() and said.isdigit() and len(said) < 10 and int(said) > 0):
        raise Problem(400, "perPage is a whole number above 0", detail=said[:20], kind=PARAMETER)
    return min(int(said), MOST_PER_PAGE)


def nothing_else(said: list[tuple[str, str]]) -> None:
    """Raises `Problem` 400 when an address that takes no question was asked one."""
    if said:
        raise refused(QueryError(PARAMETER, f"There is no parameter '{said[0][0][:80]}' here."))


def answer(request: HttpRequest, query: Query, *, name: str = SIMPLE) -> HttpResponse:
    """A page of the events that a query asks for: the first, or the one its token names. Raises `Problem`."""
    actor, moment = request.auth, now()  # type: ignore[attr-defined]
    response = HttpResponse()
    negotiate(request, response)
    wanted = Wanted.of(request)
    said, paging = pairs(request)
    per = per_page(paging)
    question = tokens.question(request.path, query.as_dict(), per)
    place = None
    if "nextPageToken" in paging:
        place = tokens.read(actor, question, paging["nextPageToken"], moment)
    until = selecting.end() if place is None else place.until
    left = query.count_limit if place is None else place.left
    try:
        if place is None:
            selecting.refuse_too_many(actor, query, until=until)
        page = selecting.ordered(
            actor,
            query,
            until=until,
            limit=per if left is None else min(per, left),
            mark=None if place is None else place.mark,
        )
    except QueryError as error:
        raise refused(error) from None
    left = None if left is None else left - len(page.events)
    body = written([one.event for one in page.events], wanted, name, moment)
    response.content = body.data
    response["Content-Type"] = body.media_type
    response["GS1-EPC-Format"] = body.epcs
    if page.mark is not None and left != 0:
        token, expires = tokens.made(actor, question, Place(mark=page.mark, until=until, left=left), moment)
        follow(request, response, said, per, token)
        response["GS1-Next-Page-Token-Expires"] = expires.isoformat()
    return response


def single(request: HttpRequest, events: list[dict[str, Any]]) -> HttpResponse:
    """An answer of one page."""
    response = HttpResponse()
    negotiate(request, response)
    body = written(events, Wanted.of(request), SIMPLE, now())
    response.content = body.data
    response["Content-Type"] = body.media_type
    response["GS1-EPC-Format"] = body.epcs
    return response


def follow(
    request: HttpRequest, response: HttpResponse, said: list[tuple[str, str]], per: int, token: str
) -> None:
    """Say where the next page is."""
    rest = urlencode([*said, ("perPage", str(per)), ("nextPageToken", token)])
    response["Link"] = f'<{request.build_absolute_uri(quote(request.path))}?{rest}>; rel="next"'


def from_address(request: HttpRequest, **more: list[str]) -> Query:
    """The query of an address; `more`: what its path asks. Raises `Problem` 400, 413, 414."""
    known = prefixes(request)
    try:
        query = parse(pairs(request)[0], known)
        return evolve(query, conditions=(*query.conditions, *of(more).conditions)) if more else query
    except QueryError as error:
        raise refused(error) from None
