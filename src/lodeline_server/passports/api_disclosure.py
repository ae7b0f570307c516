"""A passport's credential for readers who say who they are. What everybody may read stands at its public address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from lodeline.access import Denied, Permission
from lodeline.credentials.verdict import CredentialRefused
from lodeline.passports.access import Audience
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import actions_disclosure, disclosure, queries
from lodeline_server.passports.api import RowNumber  # noqa: TC001  # pydantic reads it at run time

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline_server.passports.models import ReadGrant

router = Router()


class NewGrant(Schema):
    """`to` and `purpose` are needed; who may not grant is told that first."""

    to: Annotated[str, Field(max_length=500, description="short name or identifier of the organisation")] = ""
    purpose: Annotated[str, Field(max_length=300)] = ""
    days: Annotated[int, Field(ge=1, le=366)] = 30


@router.post(
    "/passports/{passport_id}/credential",
    response={201: dict[str, Any], 400: dict[str, Any]},
    summary="Sign the passport as a credential",
)
@endpoint(Permission.PASSPORTS_ISSUE)
def sign(request: HttpRequest, passport_id: RowNumber) -> Status:
    """One credential for all readers; what everybody may read of it is published at the passport's address."""
    actor = request.auth  # type: ignore[attr-defined]
    passport = get_object_or_404(queries.visible(actor), pk=passport_id)
    try:
        row = actions_disclosure.issue_credential(actor=actor, passport=passport, now=now())
    except CredentialRefused as error:
        return Status(
            400, {"title": f"refused at the step {error.step}", "detail": error.message, "status": 400}
        )
    return Status(201, {"credential": row.credential.identifier, "position": row.credential.position})


@router.get("/passports/{passport_id}/credential", response=dict[str, Any], summary="Your presentation of it")
@endpoint(Permission.PASSPORTS_VIEW)
def presentation(
    request: HttpRequest,
    passport_id: RowNumber,
    audience: Audience | None = None,
    only: Annotated[
        str,
        Field(max_length=5000, description="elements and steps to show, comma separated; empty shows all"),
    ] = "",
) -> dict[str, Any]:
    """The credential with what you may read disclosed, no more, and the same with a marker for all that is hidden.

    `audience`: the maker, who holds the credential, may take out the presentation for another reader.
    """
    actor = request.auth  # type: ignore[attr-defined]
    moment = now()
    passport = get_object_or_404(queries.visible(actor), pk=passport_id)
    own = disclosure.reader(actor, passport, moment)
    wanted = audience or own
    if wanted is not own and own is not Audience.OPERATOR and wanted is not Audience.PUBLIC:
        raise Denied(Permission.PASSPORTS_VIEW)
    row = disclosure.current(passport)
    if row is None:
        raise Problem(404, "Nothing here", detail="the maker has signed no credential of this passport")
    names = frozenset(filter(None, only.split(","))) or None
    token = disclosure.present(row, wanted, names)
    return {
        "audience": wanted,
        "credential": row.credential.identifier,
        "presentation": token,
        "subject": disclosure.shown(token, wanted),
    }


@router.post(
    "/passports/{passport_id}/grants",
    response={201: dict[str, Any]},
    summary="Let an organisation read with a legitimate interest",
)
@endpoint(Permission.PASSPORTS_ISSUE)
def grant(request: HttpRequest, passport_id: RowNumber, said: NewGrant) -> Status:
    """For a purpose and a time. It stands in the log, each read in the audit trail."""
    actor = request.auth  # type: ignore[attr-defined]
    passport = get_object_or_404(queries.visible(actor), pk=passport_id)
    row = actions_disclosure.grant(
        actor=actor, passport=passport, to=said.to, purpose=said.purpose, days=said.days, now=now()
    )
    return Status(201, _grant(row))


@router.post(
    "/passports/{passport_id}/grants/{grant_id}/end", response=dict[str, Any], summary="End such a grant"
)
@endpoint(Permission.PASSPORTS_ISSUE)
def end_grant(request: HttpRequest, passport_id: RowNumber, grant_id: RowNumber) -> dict[str, Any]:
    actor = request.auth  # type: ignore[attr-defined]
    passport = get_object_or_404(queries.visible(actor), pk=passport_id)
    row = actions_disclosure.end_grant(actor=actor, passport=passport, grant=grant_id, now=now())
    return _grant(row)


def _grant(row: ReadGrant) -> dict[str, Any]:
    return {
        "id": row.pk,
        "to": row.to.party,
        "purpose": row.purpose,
        "until": row.until.isoformat(),
        "revoked": row.revoked_at.isoformat() if row.revoked_at else None,
        "position": row.position,
    }
