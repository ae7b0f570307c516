"""Sheets over HTTP: templates, preview, capture. The body is the file itself, XLSX or CSV."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from lodeline.access import Permission
from lodeline.events.sheet_grid import CellFinding, SheetLimits
from lodeline_server.events import actions as capture
from lodeline_server.events import answers as jobs
from lodeline_server.events.api import Job
from lodeline_server.events.sheets import actions, answers, queries
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
_TYPES = (answers.XLSX, "text/csv")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {one: {"schema": {"type": "string", "format": "binary"}} for one in _TYPES},
    }
}
_FILES = {
    "responses": {
        200: {"content": {one: {"schema": {"type": "string", "format": "binary"}} for one in _TYPES}}
    }
}
Name = Annotated[str, Field(max_length=40, description="shipments, receipts, production or assays")]
FileName = Annotated[
    str, Field(max_length=200, description="name of the file; its ending must fit the content")
]
Zone = Annotated[str, Field(max_length=60, description="time zone, where the sheet does not say it")]
Mark = Annotated[str, Field(max_length=5, description="decimal mark of numbers kept as text: point or comma")]


class ColumnOut(Schema):
    title: str
    kind: str
    required: bool
    help: str
    example: str
    words: list[str]


class TemplateOut(Schema):
    name: str
    version: int
    title: str
    purpose: str
    makes: str
    columns: list[ColumnOut]


class CellFound(Schema):
    """A finding: sheet, row, column (its heading) and cell, like B7."""

    rule: str
    severity: str
    pointer: str
    message: str
    sheet: str
    row: int
    column: str
    cell: str
    got: str | None = None
    times: int = 1


class MadeOut(Schema):
    """One event or statement: the rows it is made of, and how it stands to the record."""

    rows: list[int]
    id: str
    state: str


class PreviewOut(Schema):
    previewID: UUID  # noqa: N815
    template: str
    name: str
    sheet: str
    sha256: str
    size: int
    createdAt: datetime  # noqa: N815
    expiresAt: datetime  # noqa: N815
    rows: int
    events: int
    new: int
    duplicates: int
    corrections: int
    errors: int
    refused: bool
    findings: list[CellFound]
    made: list[MadeOut]
    captureID: UUID | None  # noqa: N815


@router.get("/sheets", response=list[TemplateOut], summary="Templates for sheets, column by column")
@endpoint(Permission.CAPTURE_VIEW)
def sheet_templates(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001
    return answers.templates()


@router.get("/sheets/{template}.xlsx", summary="A template as a workbook", openapi_extra=_FILES)
@endpoint(Permission.CAPTURE_VIEW)
def sheet_xlsx(request: HttpRequest, template: Name) -> HttpResponse:  # noqa: ARG001
    return download(template, "xlsx")


@router.get("/sheets/{template}.csv", summary="A template as CSV", openapi_extra=_FILES)
@endpoint(Permission.CAPTURE_VIEW)
def sheet_csv(request: HttpRequest, template: Name) -> HttpResponse:  # noqa: ARG001
    return download(template, "csv")


def download(name: str, form: str) -> HttpResponse:
    """A template as a file."""
    data, media_type = answers.file(actions.template_of(name), form)
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="lodeline-{name}.{form}"'
    return response


@router.post(
    "/sheets/{template}/preview",
    response=PreviewOut,
    summary="What a sheet would become",
    openapi_extra=_BODY,
)
@endpoint(Permission.CAPTURE_SUBMIT)
def sheet_preview(
    request: HttpRequest,
    template: Name,
    name: FileName = "",
    zone: Zone = "",
    decimal: Mark = "",
) -> dict[str, Any]:
    """Findings by cell, and how each row stands to the record. Nothing is captured; it is kept for a day."""
    return answers.preview(_preview(request, template, name, zone, decimal))


@router.post(
    "/sheets/{template}/capture", response={202: Job}, summary="Capture a sheet at once", openapi_extra=_BODY
)
@endpoint(Permission.CAPTURE_SUBMIT)
def sheet_capture(
    request: HttpRequest,
    response: HttpResponse,
    template: Name,
    name: FileName = "",
    zone: Zone = "",
    decimal: Mark = "",
    correct: bool = Query(False, description="correct rows that are on record with other values"),  # noqa: FBT001
) -> Status:
    """Preview and capture in one. Errors come as 400 with their findings, and nothing is captured."""
    row = _preview(request, template, name, zone, decimal)
    if row.errors:
        found = [CellFinding.from_dict(one).finding() for one in row.findings]
        actions.drop(actor=request.auth, preview=row, now=now())  # type: ignore[attr-defined]
        raise Problem(
            400, "The sheet has errors", detail="Nothing was captured.", kind=capture.INVALID, findings=found
        )
    return _captured(request, response, row, correct=correct)


@router.get("/sheets/previews/{uuid:preview_id}", response=PreviewOut, summary="A preview of yours")
@endpoint(Permission.CAPTURE_SUBMIT)
def sheet_previewed(request: HttpRequest, preview_id: UUID) -> dict[str, Any]:
    return answers.preview(_own(request, preview_id))


@router.post(
    "/sheets/previews/{uuid:preview_id}/capture", response={202: Job}, summary="Capture what a preview showed"
)
@endpoint(Permission.CAPTURE_SUBMIT)
def sheet_confirm(
    request: HttpRequest,
    response: HttpResponse,
    preview_id: UUID,
    correct: bool = Query(False, description="correct rows that are on record with other values"),  # noqa: FBT001
) -> Status:
    return _captured(request, response, _own(request, preview_id), correct=correct)


def _preview(request: HttpRequest, template: str, name: str, zone: str, decimal: str) -> Any:
    actions.template_of(template)
    data = read_body(request, limit=SheetLimits().max_bytes)
    upload = actions.Upload(data=data, template=template, name=name, zone=zone, decimal=decimal)
    return actions.preview(actor=request.auth, upload=upload, now=now())  # type: ignore[attr-defined]


def _own(request: HttpRequest, uuid: UUID) -> Any:
    rows = queries.previews(request.auth, now()).select_related("job")  # type: ignore[attr-defined]
    return get_object_or_404(rows, uuid=uuid)


def _captured(request: HttpRequest, response: HttpResponse, row: Any, *, correct: bool) -> Status:
    job = actions.confirm(actor=request.auth, preview=row, now=now(), correct=correct)  # type: ignore[attr-defined]
    response["Location"] = request.build_absolute_uri(f"/epcis/capture/{job.uuid}")
    return Status(202, jobs.job(job))
