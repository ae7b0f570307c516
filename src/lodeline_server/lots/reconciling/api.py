"""Cases of reconciliation over HTTP."""

from __future__ import annotations

from datetime import date, datetime, timedelta  # pydantic reads them at run time
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline.lots.mismatch import Cause
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.lots.reconciling import actions, queries
from lodeline_server.lots.reconciling.models import Case

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
Words = Annotated[str, Field(max_length=actions.LONGEST_WORDS, pattern=r"^[^\x00]*$")]
Short = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CaseHead(Schema):
    id: int
    ref: str
    rule: str
    subject: str
    period: str
    message: str
    cause: str
    lot: str
    site: str
    state: str
    standing: bool
    owner: str
    due: date | None
    opened: datetime
    position: int
    curedAt: int | None  # noqa: N815


class CaseLine(Schema):
    position: int
    at: datetime
    by: str
    what: str
    state: str
    words: str
    cause: str
    reference: str
    owner: str
    due: date | None


class CaseEstimate(Schema):
    name: str
    event: str
    measured: str
    adjusted: str
    standardErrors: str  # noqa: N815


class WholeCase(CaseHead):
    parties: list[str]
    expected: str | None
    found: str | None
    unit: str
    here: list[str]
    there: list[str]
    estimates: list[CaseEstimate]
    resolution: str
    reference: str
    history: list[CaseLine]


class CaseList(Schema):
    total: int
    waiting: int
    cases: list[CaseHead]


class Assignment(Schema):
    owner: Annotated[Short, Field(description="id of a member, like user:7; needed")] = ""
    due: date | None = None
    words: Words = ""


class Remark(Schema):
    words: Annotated[Words, Field(description="needed")] = ""


class Resolution(Schema):
    cause: Literal[
        "missing-event",
        "missing-receipt",
        "wrong-factor",
        "double-use",
        "time-shift",
        "unit-error",
        "substituted",
        "copied",
        "",
    ] = Field("", description="needed")
    words: Annotated[Words, Field(description="needed")] = ""
    reference: Annotated[Short, Field(description="id of the correcting event, or its log position")] = ""
    dismissed: Annotated[bool, Field(description="true: nothing was wrong")] = False


assert set(Resolution.model_fields["cause"].annotation.__args__) == {"", *(one.value for one in Cause)}  # type: ignore[union-attr]


@router.get("/reconciliation/cases", response=CaseList, summary="What does not fit on record, newest first")
@endpoint(Permission.CASES_VIEW)
def list_cases(
    request: HttpRequest,
    rule: Short = "",
    site: Short = "",
    owner: Short = "",
    state: Literal["", "waiting", "open", "working", "resolved", "dismissed", "reopened", "cured"] = "",
    days: Annotated[int, Field(ge=0, le=36_500, description="open for at least so many days")] = 0,
    limit: Annotated[int, Field(ge=1, le=500)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    rows = queries.visible(request.auth)  # type: ignore[attr-defined]
    waiting = rows.filter(state__in=Case.WAITING).count()
    wanted = {"rule": rule, "site": site, "owner": owner}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if state:
        rows = rows.filter(state__in=Case.WAITING if state == "waiting" else [state])
    if days:
        rows = rows.filter(opened_at__lte=now() - timedelta(days=days))
    return {
        "total": rows.count(),
        "waiting": waiting,
        "cases": [_head(row) for row in rows[offset : offset + limit]],
    }


@router.get("/reconciliation/cases/{case_id}", response=WholeCase, summary="One case with its history")
@endpoint(Permission.CASES_VIEW)
def one_case(request: HttpRequest, case_id: RowNumber) -> dict[str, Any]:
    return as_dict(_case(request, case_id))


@router.post("/reconciliation/cases/{case_id}/assign", response=WholeCase, summary="Give a case to somebody")
@endpoint(Permission.CASES_WORK)
def assign_case(request: HttpRequest, case_id: RowNumber, wanted: Assignment) -> dict[str, Any]:
    row = _case(request, case_id)
    actor = request.auth  # type: ignore[attr-defined]
    return as_dict(
        actions.assign(
            actor=actor, case=row, owner=wanted.owner, due=wanted.due, words=wanted.words, now=now()
        )
    )


@router.post(
    "/reconciliation/cases/{case_id}/comment", response=WholeCase, summary="Say something about a case"
)
@endpoint(Permission.CASES_COMMENT)
def comment_case(request: HttpRequest, case_id: RowNumber, wanted: Remark) -> dict[str, Any]:
    row = _case(request, case_id)
    return as_dict(actions.comment(actor=request.auth, case=row, words=wanted.words, now=now()))  # type: ignore[attr-defined]


@router.post("/reconciliation/cases/{case_id}/resolve", response=WholeCase, summary="Close a case")
@endpoint(Permission.CASES_WORK)
def resolve_case(request: HttpRequest, case_id: RowNumber, wanted: Resolution) -> dict[str, Any]:
    """What was behind it, and the event or statement that puts it right. Nothing on record is adjusted by it."""
    row = _case(request, case_id)
    return as_dict(
        actions.resolve(
            actor=request.auth,  # type: ignore[attr-defined]
            case=row,
            cause=wanted.cause,
            words=wanted.words,
            reference=wanted.reference,
            dismissed=wanted.dismissed,
            now=now(),
        )
    )


def _case(request: HttpRequest, pk: int) -> Case:
    return get_object_or_404(queries.visible(request.auth), pk=pk)  # type: ignore[attr-defined]


def _head(row: Case) -> dict[str, Any]:
    return {
        "id": row.pk,
        "ref": row.ref,
        "rule": row.rule,
        "subject": row.subject,
        "period": row.period,
        "message": row.finding.get("message", ""),
        "cause": row.cause,
        "lot": row.lot,
        "site": row.site,
        "state": row.state,
        "standing": row.standing,
        "owner": row.owner,
        "due": row.due,
        "opened": row.opened_at,
        "position": row.changed,
        "curedAt": row.cured,
    }


def as_dict(row: Case) -> dict[str, Any]:
    """A case with everything that is known of it."""
    found = row.finding
    return {
        **_head(row),
        **{name: found.get(name, []) for name in ("parties", "here", "there")},
        **{name: found.get(name) for name in ("expected", "found")},
        "unit": found.get("unit", "mg"),
        "estimates": [
            {
                **{name: one[name] for name in ("name", "event", "measured", "adjusted")},
                "standardErrors": f"{one['off'] / 100:.2f}",
            }
            for one in found.get("estimates", [])
        ],
        "resolution": row.resolution,
        "reference": row.reference,
        "history": list(
            row.entries.values(
                "position", "at", "by", "what", "state", "words", "cause", "reference", "owner", "due"
            )
        ),
    }
