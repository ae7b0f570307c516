"""Public bytes: DID documents, and status lists as they are or were. The same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.views.decorators.http import require_safe

from lodeline.credentials import dates
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import lists, queries
from lodeline_server.kit.permissions import public
from lodeline_server.publishing import serving
from lodeline_server.publishing.pages import not_acceptable, send

if TYPE_CHECKING:
    from django.http import HttpRequest

PAST = "public, no-cache"


@require_safe
@public
def did_document(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - the path is the key
    """The DID document of an organisation: `did:web:<host>:orgs:<name>`."""
    found = send(request)
    if found is None:
        raise Http404("there is no such issuer")
    return found


@require_safe
@public
def status_list(request: HttpRequest, name: str) -> HttpResponse:
    """A status list; `?at=2026-11-22T10:00:00Z` as it was out at that moment."""
    if "at" not in request.GET:
        found = send(request)
        if found is None:
            raise Http404("there is no such status list")
        return found
    try:
        moment = dates.read(
            request.GET["at"].replace(" ", "+"), "at"
        )  # a plus sign in a query arrives as a blank
    except CredentialRefused as error:
        return HttpResponseBadRequest(f"{error.message}\n", content_type="text/plain; charset=utf-8")
    version = queries.list_version(name, moment)
    if version is None:
        raise Http404("the list was not published then")
    media_types = serving.acceptable(request.headers.get("Accept", ""), lists.MEDIA_TYPES)
    if not media_types:
        return not_acceptable(sorted(lists.MEDIA_TYPES))
    response = HttpResponse(bytes(version.body), content_type=media_types[0])
    response["Cache-Control"] = PAST
    response["Vary"] = "Accept"
    response["Access-Control-Allow-Origin"] = "*"
    return response
