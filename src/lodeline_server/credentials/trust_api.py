"""Trust lists over HTTP: which the workspace has, taking one in, believing its owner and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router, Status

from lodeline.access import Permission
from lodeline.credentials import editions, trustlists
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import trust_actions, trust_queries
from lodeline_server.credentials.api_body import BODY, read, refused
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.models import TrustEdition

router = Router()
MOST = 500
"""Lists in one answer."""


@router.get("/trust-lists", summary="The trust lists that the workspace has, and which it believes")
@endpoint(Permission.CREDENTIALS_VERIFY)
def listed(request: HttpRequest) -> dict[str, Any]:
    """The newest edition of each, its listings left out. At most 500."""
    actor = request.auth  # type: ignore[attr-defined]
    rows = trust_queries.all_newest(actor)[:MOST]
    return {"items": trust_queries.as_dicts(rows, actor.workspace, now())}


@router.get("/trust-lists/{list_id}", summary="One edition with its listings, and as signed")
@endpoint(Permission.CREDENTIALS_VERIFY)
def one(request: HttpRequest, list_id: int) -> dict[str, Any]:
    row = _row(request, list_id)
    token = bytes(row.token).decode()
    return _told(request, row) | {"list": trustlists.to_dict(editions.glance(token)), "token": token}


@router.post(
    "/trust-lists",
    response={201: dict[str, Any], 400: dict[str, Any]},
    summary="Take in a trust list that its owner signed",
    openapi_extra=BODY,
)
@endpoint(Permission.CREDENTIALS_TRUST)
def take(request: HttpRequest) -> Status:
    """`{token, source}`. That is not to believe it. The same again changes nothing; an older edition is refused."""
    try:
        body, _ = read(request)
        token, source = _texts(body)
        row = trust_actions.import_list(
            actor=request.auth,  # type: ignore[attr-defined]
            workspace=request.auth.workspace,  # type: ignore[attr-defined]
            token=token,
            source=source,
            now=now(),
        )
    except CredentialRefused as error:
        return refused(error)
    return Status(201, _told(request, row))


@router.post("/trust-lists/{list_id}/believe", summary="From now on what the list says counts here")
@endpoint(Permission.CREDENTIALS_TRUST)
def believe(request: HttpRequest, list_id: int) -> dict[str, Any]:
    """Believes the owner's list of that name, this edition and those that follow."""
    row = _row(request, list_id)
    trust_actions.believe(**_who(request, row))
    return _told(request, row)


@router.post("/trust-lists/{list_id}/stop", summary="From now on the list does not count any more")
@endpoint(Permission.CREDENTIALS_TRUST)
def stop(request: HttpRequest, list_id: int) -> dict[str, Any]:
    """What was decided before keeps its reasons."""
    row = _row(request, list_id)
    trust_actions.stop_believing(**_who(request, row))
    return _told(request, row)


def _texts(body: dict[str, JSON]) -> tuple[str, str]:
    token, source = body.get("token"), body.get("source", "")
    if not isinstance(token, str) or not isinstance(source, str):
        raise CredentialRefused("structure", "token and source are texts")
    return token, source


def _who(request: HttpRequest, row: TrustEdition) -> dict[str, Any]:
    return {
        "actor": request.auth,  # type: ignore[attr-defined]
        "workspace": row.workspace_id,
        "owner": row.owner,
        "name": row.name,
        "now": now(),
    }


def _row(request: HttpRequest, list_id: int) -> TrustEdition:
    row = trust_queries.by_id(request.auth, list_id)  # type: ignore[attr-defined]
    if row is None:
        raise Problem(404, "There is no such trust list here", detail=str(list_id))
    return row


def _told(request: HttpRequest, row: TrustEdition) -> dict[str, Any]:
    workspace = request.auth.workspace  # type: ignore[attr-defined]
    return trust_queries.as_dicts([row], workspace, now())[0]
