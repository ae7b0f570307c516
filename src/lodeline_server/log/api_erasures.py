"""Erasures over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Field, Router, Schema, Status

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.log import erasing, erasures

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()


class Wanted(Schema):
    subject: str = Field(min_length=1, max_length=erasing.LONGEST, description="as in `dataSubject`")
    reason: str = Field(max_length=40, description=f"one of {', '.join(erasing.REASONS)}")


@router.post("/log/erasures", response={201: dict}, summary="Erase what is held about a person")
@endpoint(Permission.PERSONS_ERASE)
def erase(request: HttpRequest, wanted: Wanted) -> Status[dict[str, Any]]:
    """The key is destroyed, projections are derived anew, free pages overwritten. It takes as long as a rebuild."""
    actor = request.auth  # type: ignore[attr-defined]
    if actor.workspace is None:
        raise Problem(409, "A person is erased in a workspace")
    outcome = erasing.erase(
        actor=actor, workspace=actor.workspace, subject=wanted.subject, reason=wanted.reason, now=now()
    )
    return Status(201, outcome.as_dict())


@router.get("/log/erasures", summary="Erasures in this workspace, newest first")
@endpoint(Permission.PERSONS_ERASE)
def listed(request: HttpRequest) -> dict[str, Any]:
    """Pseudonyms only: nobody can tell from them who it was."""
    return {"items": [erasures.as_dict(one) for one in erasures.of(request.auth)]}  # type: ignore[attr-defined]
