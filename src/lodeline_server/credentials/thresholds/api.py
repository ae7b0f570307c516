"""Threshold proofs over HTTP: seal, ask, answer, grant, verify. Answers are private: they are about two parties."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Router, Schema, Status
from pydantic import Field

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials.thresholds import (
    actions_answer,
    actions_ask,
    actions_grant,
    actions_seal,
    actions_verify,
    allowed,
    openings,
    queries,
    shown,
)
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
MAX_BODY = 4 * 1024 * 1024
MAX_DEPTH = 64
MOST = 200
Text = Annotated[str, Field(max_length=500)]
RowNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}
_NUMBER = {
    "path": (str,), "value": (str,), "unit": (str,), "scale": (int,), "bits": (int,), "partOf": (str,),
    "name": (str,),
}  # fmt: skip


class NewQuestion(Schema):
    claim: Annotated[Text, Field(description="id of a claim of the allow-list")]
    credentials: Annotated[list[Text], Field(min_length=1, max_length=32, description="their ids")]
    audience: Annotated[Text, Field(description="one of your own names; your DID if left out")] = ""
    nonce: Annotated[
        str, Field(max_length=128, description="yours, fresh; 16 to 128 characters of base64url")
    ] = ""
    expires: datetime | None = None
    to: Annotated[Text, Field(description="who answers, where it is not the owner of the first number")] = ""


class NewGrant(Schema):
    credential: Text
    to: Annotated[Text, Field(description="short name, identifier or DID of the organisation")]
    claims: Annotated[list[Text], Field(min_length=1, max_length=50)]
    until: datetime


class Consent(Schema):
    credential: Text
    at_once: Annotated[bool, Field(alias="atOnce")]


@router.get("/thresholds/claims", response=dict[str, Any], summary="The allow-list of thresholds")
@endpoint(Permission.CREDENTIALS_VERIFY)
def claims(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - the same for everybody
    """What may be asked, with its source in law or contract, and how many questions a year about one number."""
    return {
        "claims": [one.write() for one in allowed.policy().claims],
        "questionsAYear": allowed.budget().most,
    }


@router.post(
    "/thresholds/credentials",
    response={201: dict[str, Any], 400: dict[str, Any]},
    summary="Issue a credential with sealed numbers",
    openapi_extra=_BODY,
)
@endpoint(Permission.CREDENTIALS_ISSUE)
def seal(request: HttpRequest) -> Status:
    """`{credential, numbers: [{path, value, unit, scale, bits, partOf, name}], owner, form, keep}`.

    `value` is text. `keep` is "database" (default) or "file": then `openings` in the answer is the only copy.
    """
    body = _read(request)
    home = _organisation(request)
    owner = queries.organisation(home.workspace_id, _text(body, "owner")) if body.get("owner") else home
    if owner is None:
        raise Problem(422, "There is no such owner", detail=_text(body, "owner")[:200])
    try:
        made = actions_seal.seal(
            actor=request.auth,  # type: ignore[attr-defined]
            organisation=home,
            owner=owner,
            credential=body.get("credential"),
            numbers=numbers(body.get("numbers")),
            now=now(),
            form=_text(body, "form") or actions_seal.FORMS[0],
            in_file=_text(body, "keep") == "file",
        )
    except CredentialRefused as error:
        return Status(
            400, {"title": f"refused at the step {error.step}", "detail": error.message, "status": 400}
        )
    return Status(
        201,
        {
            "verifiableCredential": made.issued.secured,
            "numbers": [shown.number(row) for row in made.numbers],
            "openings": made.openings,
        },
    )


@router.get("/thresholds/numbers", response=dict[str, Any], summary="Your sealed numbers")
@endpoint(Permission.CREDENTIALS_ISSUE)
def list_numbers(request: HttpRequest) -> dict[str, Any]:
    """Where each stands, and whether questions about it are answered at once. The numbers are not shown."""
    home = _organisation(request)
    return {
        "numbers": [shown.number(row) for row in queries.owned(home.pk)[:MOST]],
        "grants": [shown.grant(row) for row in queries.grants(home.pk)[:MOST]],
    }


@router.post("/thresholds/consent", response=dict[str, Any], summary="Answer at once, or ask me each time")
@endpoint(Permission.CREDENTIALS_ISSUE)
def consent(request: HttpRequest, said: Consent) -> dict[str, Any]:
    """For all your sealed numbers in one credential."""
    changed = actions_seal.set_at_once(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=_organisation(request),
        identifier=said.credential,
        at_once=said.at_once,
        now=now(),
    )
    return {"credential": said.credential, "atOnce": said.at_once, "numbers": changed}


@router.post("/thresholds/grants", response={201: dict[str, Any]}, summary="Let another put a sum together")
@endpoint(Permission.CREDENTIALS_ISSUE)
def make_grant(request: HttpRequest, said: NewGrant) -> Status:
    """`to` may use the openings of your numbers in this credential, for these claims, until then."""
    rows = actions_grant.grant(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=_organisation(request),
        credential=said.credential,
        to=said.to,
        claims=said.claims,
        until=_aware(said.until),
        now=now(),
    )
    return Status(201, {"grants": [shown.grant(row) for row in rows]})


@router.post("/thresholds/grants/{grant_id}/end", response=dict[str, Any], summary="End a grant")
@endpoint(Permission.CREDENTIALS_ISSUE)
def end_grant(request: HttpRequest, grant_id: RowNumber) -> dict[str, Any]:
    row = actions_grant.revoke(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=_organisation(request),
        grant=grant_id,
        now=now(),
    )
    return shown.grant(row)


@router.post("/thresholds/questions", response={201: dict[str, Any]}, summary="Ask a threshold question")
@endpoint(Permission.CREDENTIALS_VERIFY)
def ask(request: HttpRequest, said: NewQuestion) -> Status:
    """Answered at once where all owners said so; else `state` is waiting, and the question is asked for again.

    A refusal has one form, whether the claim is false, not allowed or asked too often.
    """
    moment = now()
    home = _organisation(request)
    row = actions_ask.ask(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=home,
        asked=actions_ask.Asked(
            claim=said.claim,
            credentials=tuple(said.credentials),
            audience=said.audience,
            nonce=said.nonce,
            expires=_aware(said.expires) if said.expires else None,
            prover=said.to,
        ),
        now=moment,
    )
    return Status(201, shown.question(row, home.pk, moment))


@router.get("/thresholds/questions", response=dict[str, Any], summary="Questions you asked or answer")
@endpoint(Permission.CREDENTIALS_VERIFY)
def list_questions(request: HttpRequest) -> dict[str, Any]:
    """The newest 200 of each side, newest first, without the proofs."""
    moment, home = now(), _organisation(request)

    def head(row: Any) -> dict[str, Any]:
        return {
            "id": row.pk,
            "state": shown.state(row, moment),
            "claim": row.claim,
            "credentials": row.credentials,
            "verifier": row.verifier.party,
            "prover": row.prover.party if row.prover else None,
            "expires": row.expires.isoformat(),
        }

    return {
        "asked": [head(row) for row in queries.asked_by(home.pk)[:MOST]],
        "put": [head(row) for row in queries.put_to(home.pk)[:MOST]],
    }


@router.get("/thresholds/questions/{question_id}", response=dict[str, Any], summary="One question")
@endpoint(Permission.CREDENTIALS_VERIFY)
def one_question(request: HttpRequest, question_id: RowNumber) -> dict[str, Any]:
    """With the proof once there is one, and the credentials that it rests on."""
    home = _organisation(request)
    row = queries.seen_by(home.pk).filter(pk=question_id).first()
    if row is None:
        raise Problem(404, "There is no such question")
    return shown.question(row, home.pk, now())


@router.post(
    "/thresholds/questions/{question_id}/answer",
    response=dict[str, Any],
    summary="Answer a question",
    openapi_extra=_BODY,
)
@endpoint(Permission.CREDENTIALS_ISSUE)
def answer(request: HttpRequest, question_id: RowNumber) -> dict[str, Any]:
    """`{}` proves with what lies in the database, `{openings}` with a file that you keep, `{decline: true}` refuses."""
    body, moment, home = _read(request), now(), _organisation(request)
    row = actions_answer.answer(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=home,
        question=question_id,
        now=moment,
        openings=openings.read(body.get("openings")),
        decline=body.get("decline") is True,
    )
    return shown.question(row, home.pk, moment)


@router.post(
    "/thresholds/verify",
    response={200: dict[str, Any], 400: dict[str, Any]},
    summary="Verify a threshold proof",
    openapi_extra=_BODY,
)
@endpoint(Permission.CREDENTIALS_VERIFY)
def verify(request: HttpRequest) -> Status:
    """`{message, bounds, credentials}` as a question's `proof` has it. What holds uses up its nonce."""
    body = _read(request)
    message, bounds, credentials = parts(body)
    found = actions_verify.judge(
        actor=request.auth,  # type: ignore[attr-defined]
        organisation=_organisation(request),
        message=message,
        bounds=bounds,
        credentials=credentials,
        now=now(),
    )
    return Status(200 if found.holds else 400, shown.judged(found))


def parts(body: Any) -> tuple[bytes, list[bytes], list[Any]]:
    """Message, bounds and credentials of a proof as JSON. `Problem` 422 for what is none."""
    message = body.get("message") if isinstance(body, dict) else None
    bounds = body.get("bounds", []) if isinstance(body, dict) else None
    credentials = body.get("credentials", []) if isinstance(body, dict) else None
    if (
        not isinstance(message, str)
        or not isinstance(bounds, list)
        or not all(isinstance(one, str) for one in bounds)
        or not isinstance(credentials, list)
    ):
        raise Problem(422, "A proof has a message as text, and lists of bounds and credentials")
    try:
        return message.encode(), [one.encode() for one in bounds], credentials
    except UnicodeEncodeError:
        raise Problem(422, "The message holds a sign that is none") from None


def numbers(said: Any) -> list[actions_seal.Number]:
    """The numbers to be sealed, from JSON. `Problem` 422 for anything else."""
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise Problem(422, "numbers is a list of objects")
    found = []
    for one in said:
        wrong = [name for name, value in one.items() if type(value) not in _NUMBER.get(name, ())]
        if wrong or not {"path", "value"} <= set(one):
            raise Problem(
                422,
                "A number has a path and a value as text",
                detail=f"{wrong[0][:60]!r} is not of its kind" if wrong else "one of them is missing",
            )
        members = {("part_of" if name == "partOf" else name): value for name, value in one.items()}
        found.append(actions_seal.Number(**members))
    return found


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        body = strictjson.loads(read_body(request, limit=MAX_BODY), max_depth=MAX_DEPTH)
    except ValueError as error:
        raise Problem(422, "The request cannot be read", detail=str(error)[:300]) from None
    if not isinstance(body, dict):
        raise Problem(422, "The request is a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Problem(422, f"{name} is text")
    return value


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Problem(422, "A time names its zone", detail="like 2026-11-22T09:00:00Z")
    return moment


def _organisation(request: HttpRequest) -> Organisation:
    found = Organisation.objects.filter(pk=request.auth.organisation).first()  # type: ignore[attr-defined]
    if found is None:
        raise Problem(409, "This is done for an organisation")
    return found
