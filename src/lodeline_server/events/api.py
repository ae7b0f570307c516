"""Capture over HTTP: the EPCIS 2.0 REST bindings for capture, and the same for statements.

Source: GS1 EPCIS 2.0, section 12 and the OpenAPI of the REST bindings. A 202 promises syntax, schema and
permission; the job says how it ended.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003

from django.http import HttpResponse  # noqa: TC002  # ninja reads it at run time
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.events import actions, answers, queries
from lodeline_server.events.models import CaptureJob
from lodeline_server.events.negotiating import negotiate
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
epcis = Router()
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}
_EITHER = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/xml": {"schema": {"type": "object"}},
        },
    },
    "parameters": [
        {
            "name": "Lodeline-Lenient", "in": "header", "schema": {"type": "string", "enum": ["true", "false"]},
            "description": "true: repair by named rules first; the job lists each repair",
        }
    ],
}  # fmt: skip
LENIENT = "Lodeline-Lenient"
AGAIN = 1
"""Seconds until it is worth asking again how far a job is (`Retry-After`)."""


class Found(Schema):
    """A finding: `pointer` says where in the document."""

    rule: str
    severity: str
    pointer: str
    message: str
    eventID: str | None = None  # noqa: N815 - GS1's spelling
    got: str | None = None


class Error(Schema):
    type: str
    title: str
    detail: str | None = None


class Repaired(Schema):
    """What lenient mode changed: the rule's code, where, and both forms as JSON."""

    rule: str
    pointer: str
    before: str
    after: str


class Job(Schema):
    """A capture job in GS1's words, and what became of each event."""

    captureID: UUID  # noqa: N815
    createdAt: datetime  # noqa: N815
    finishedAt: datetime | None  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: str  # noqa: N815
    errors: list[Error]
    state: str
    name: str
    sha256: str
    size: int
    documentType: str  # noqa: N815
    signature: str
    accepted: int
    duplicates: int
    rejected: int
    outcomes: list[str] = Field(
        default_factory=list, description="of each event, in order; of a single job that is done"
    )
    findings: list[Found]
    repairs: list[Repaired]


class Jobs(Schema):
    total: int
    items: list[Job]


@epcis.post("/capture", response={202: Job}, summary="Capture an EPCIS document", openapi_extra=_EITHER)
@endpoint(Permission.CAPTURE_SUBMIT)
def capture(request: HttpRequest, response: HttpResponse) -> Status:
    """Answers 202 with a job; findings of severity error come at once as 400, a known id with another body as 409."""
    negotiate(request, response)
    return _submit(request, response, actions.EPCIS)


@router.post("/statements", response={202: Job}, summary="Capture a statement document", openapi_extra=_BODY)
@endpoint(Permission.CAPTURE_SUBMIT)
def capture_statements(request: HttpRequest, response: HttpResponse) -> Status:
    """The same for what parties say about themselves, their sites, lots, models and items."""
    return _submit(request, response, actions.STATEMENTS)


def _submit(request: HttpRequest, response: HttpResponse, wanted: str) -> Status:
    behaviour = request.headers.get("GS1-Capture-Error-Behaviour", CaptureJob.Behaviour.ROLLBACK).strip()
    if behaviour not in CaptureJob.Behaviour.values:
        raise Problem(
            400,
            "GS1-Capture-Error-Behaviour is 'rollback' or 'proceed'",
            detail=behaviour[:40],
            kind=actions.INVALID,
        )
    document = actions.Document(
        data=read_body(request),
        media_type=request.headers.get("Content-Type", ""),
        jws=request.headers.get("Lodeline-Signature", "").strip(),
        behaviour=behaviour,
        lenient=_lenient(request),
        wanted=wanted,
    )
    job = actions.submit(actor=request.auth, document=document, now=now())  # type: ignore[attr-defined]
    response["Location"] = request.build_absolute_uri(f"/epcis/capture/{job.uuid}")
    _later(response, job)
    return Status(202, answers.job(job))


def _later(response: HttpResponse, job: CaptureJob) -> None:
    """When to ask again for a job that runs: whoever asks all the time takes from what works on it."""
    if not job.done:
        response["Retry-After"] = str(AGAIN)


def _lenient(request: HttpRequest) -> bool:
    """The header that asks for repairs; a word that says neither yes nor no is refused."""
    said = request.headers.get(LENIENT, "false").strip().lower()
    if said not in {"true", "false"}:
        raise Problem(400, f"{LENIENT} is 'true' or 'false'", detail=said[:40], kind=actions.INVALID)
    return said == "true"


@epcis.get("/capture", response=list[Job], summary="Capture jobs, newest first")
@endpoint(Permission.CAPTURE_VIEW)
def capture_jobs(
    request: HttpRequest,
    response: HttpResponse,
    per_page: int = Query(30, alias="perPage", ge=1, le=200),
    next_page_token: int = Query(0, alias="nextPageToken", ge=0, le=2**62),
) -> list[dict[str, Any]]:
    """Pages as GS1 wants them: `Link` with `rel="next"` while there is more."""
    negotiate(request, response)
    rows = queries.jobs(request.auth)  # type: ignore[attr-defined]
    if next_page_token:
        rows = rows.filter(pk__lt=next_page_token)
    found = list(rows[: per_page + 1])
    if len(found) > per_page:
        token = found[per_page - 1].pk
        address = request.build_absolute_uri(f"/epcis/capture?perPage={per_page}&nextPageToken={token}")
        response["Link"] = f'<{address}>; rel="next"'
    return [answers.job(row) for row in found[:per_page]]


@epcis.api_operation(
    ["OPTIONS"], "/capture", response={204: None}, summary="Versions and limits, in the headers"
)
@endpoint(Permission.CAPTURE_VIEW)
def capture_options(request: HttpRequest, response: HttpResponse) -> Status:
    negotiate(request, response)
    response["Allow"] = "GET, POST, OPTIONS"
    return Status(204, None)


@epcis.get("/capture/{uuid:capture_id}", response=Job, summary="One capture job")
@endpoint(Permission.CAPTURE_VIEW)
def capture_job(request: HttpRequest, response: HttpResponse, capture_id: UUID) -> dict[str, Any]:
    negotiate(request, response)
    row = get_object_or_404(queries.jobs(request.auth), uuid=capture_id)  # type: ignore[attr-defined]
    _later(response, row)
    return answers.job(row, outcomes=True)


KeyName = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$", description="name of the key")
]


class SigningKeyIn(Schema):
    kid: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$", description="name of the key")
    ]
    public_key: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="Ed25519, 32 bytes in base64url")
    ]


class SigningKeyOut(SigningKeyIn):
    valid_from: datetime
    valid_until: datetime | None


@router.get(
    "/signing-keys", response=list[SigningKeyOut], summary="Your organisation's public keys for documents"
)
@endpoint(Permission.KEYS_MANAGE)
def signing_keys(request: HttpRequest) -> list[dict[str, Any]]:
    return [answers.signing_key(row) for row in queries.signing_keys(request.auth)]  # type: ignore[attr-defined]


@router.post("/signing-keys", response={201: SigningKeyOut}, summary="Register a public key for documents")
@endpoint(Permission.KEYS_MANAGE)
def register_signing_key(request: HttpRequest, wanted: SigningKeyIn) -> Status:
    """Documents signed with it (`Lodeline-Signature`) are logged as signed by your organisation."""
    row = actions.register_key(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=queries.own_organisation(request.auth),  # type: ignore[attr-defined]
        kid=wanted.kid,
        public_key=answers.bytes_of(wanted.public_key),
        now=now(),
    )
    return Status(201, answers.signing_key(row))


@router.delete("/signing-keys", response=SigningKeyOut, summary="End a public key; what it signed stays")
@endpoint(Permission.KEYS_MANAGE)
def end_signing_key(request: HttpRequest, kid: KeyName) -> dict[str, Any]:
    return answers.signing_key(actions.end_key(actor=request.auth, kid=kid, now=now()))  # type: ignore[attr-defined]


@router.get("/captures", response=Jobs, summary="Captured documents and how they ended")
@endpoint(Permission.CAPTURE_VIEW)
def captures(
    request: HttpRequest,
    state: CaptureJob.State | None = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    rows = queries.jobs(request.auth)  # type: ignore[attr-defined]
    if state is not None:
        rows = rows.filter(state=state)
    return {"total": rows.count(), "items": [answers.job(row) for row in rows[offset : offset + limit]]}
