"""The VC-API of the W3C Credentials Community Group, as the W3C suites call it: issue, verify, change the status.

A credential that is refused is answered 400 with the step that failed; nothing here answers more slowly than its
limits. With a token as everywhere, or see `opening`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router, Status

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import dates
from lodeline.credentials.status import ENTRY, REVOCATION, SUSPENSION, Code, StatusRefused
from lodeline.credentials.statusbook import Act
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions, checking, verifying
from lodeline_server.credentials.opening import opened
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.uploads import read_body
from lodeline_server.parties.authentication import authenticate
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.strictjson import JSON

auth = [*authenticate, opened]
router = Router(auth=auth)
presentations = Router(auth=auth)
MAX_BODY = 2 * 1024 * 1024
MAX_DEPTH = 64
_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}
_ANSWERS = {200: dict[str, Any], 400: dict[str, Any]}
_ACTS = {
    (REVOCATION, True): Act.REVOKE,
    (SUSPENSION, True): Act.SUSPEND,
    (SUSPENSION, False): Act.REINSTATE,
}


@router.post(
    "/issue",
    response={201: dict[str, Any], 400: dict[str, Any]},
    summary="Issue a credential",
    openapi_extra=_BODY,
)
@endpoint(Permission.CREDENTIALS_ISSUE)
def issue(request: HttpRequest) -> Status:
    """`{credential, options: {form}}`; `form` is eddsa-jcs-2022, eddsa-rdfc-2022 or vc+jwt. Answers what was signed.

    `?form=` says the same in the address, for callers that send no options.
    """
    try:
        body, options = _read(request)
        form = options.get("form", options.get("cryptosuite", request.GET.get("form", "eddsa-jcs-2022")))
        status = options.get("credentialStatus", True)
        issued = actions.issue(
            actor=request.auth,  # type: ignore[attr-defined]
            organisation=_organisation(request),
            credential=body.get("credential"),
            now=now(),
            form=form if isinstance(form, str) else "",
            status=status is not False,
        )
    except CredentialRefused as error:
        return _refused(error)
    return Status(201, {"verifiableCredential": issued.secured})


@router.post("/verify", response=_ANSWERS, summary="Verify a credential", openapi_extra=_BODY)
@endpoint(Permission.CREDENTIALS_VERIFY)
def verify(request: HttpRequest) -> Status:
    """`{verifiableCredential, options: {checks, subject, trusted, at, receipt}}`, all options left away at will.

    Without `checks` everything is looked at; "proof" alone leaves the status out. `subject`: what it must be about (a
    DID, a Digital Link). `trusted`: its issuer must be on a list that the workspace believes. `at`: judge it as of
    that moment. `receipt`: a log's receipt for it, as text or as `/api/log/statements/...` gives it. The answer tells
    each step, the evidence level and by which lists.
    """
    try:
        body, options = _read(request)
        workspace = request.auth.workspace  # type: ignore[attr-defined]
        verdict = verifying.credential(body.get("verifiableCredential"), _asked(options), workspace)
    except CredentialRefused as error:
        return _refused(error)
    return Status(200 if verdict.holds else 400, verdict.as_dict())


@presentations.post("/verify", response=_ANSWERS, summary="Verify a presentation", openapi_extra=_BODY)
@endpoint(Permission.CREDENTIALS_VERIFY)
def verify_presentation(request: HttpRequest) -> Status:
    """`{verifiablePresentation, options: {challenge, domain, checks}}`: the presentation and all credentials in it."""
    try:
        body, options = _read(request)
        workspace = request.auth.workspace  # type: ignore[attr-defined]
        verdict = verifying.presentation(body.get("verifiablePresentation"), _asked(options), workspace)
    except CredentialRefused as error:
        return _refused(error)
    return Status(200 if verdict.holds else 400, verdict.as_dict())


@router.post(
    "/status", response=_ANSWERS, summary="Revoke, suspend or reinstate a credential", openapi_extra=_BODY
)
@endpoint(Permission.CREDENTIALS_ISSUE)
def status(request: HttpRequest) -> Status:
    """`{credentialId, credentialStatus: {type, statusPurpose}, status}`; `status` false lifts a suspension."""
    try:
        body, _ = _read(request)
        identifier, entry, wanted = (
            body.get(name) for name in ("credentialId", "credentialStatus", "status")
        )
        if not isinstance(identifier, str) or not isinstance(entry, dict):
            raise StatusRefused(
                Code.MALFORMED, "credentialId and credentialStatus say whose status changes, and how"
            )
        act = _ACTS.get((str(entry.get("statusPurpose")), wanted is None or wanted is True))
        if act is None or entry.get("type") != ENTRY or not isinstance(wanted, bool | None):
            raise StatusRefused(
                Code.MALFORMED, f"credentialStatus has the type {ENTRY}; a revocation is never taken back"
            )
        row = actions.set_status(
            actor=request.auth,  # type: ignore[attr-defined]
            organisation=_organisation(request),
            identifier=identifier,
            act=act,
            now=now(),
            reason=str(body.get("reason", "")),
        )
    except CredentialRefused as error:
        return _refused(error)
    return Status(200, {"credentialId": row.identifier, "act": act.value})


def _read(request: HttpRequest) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """The body and its options. Numbers, duplicate keys and depth are strict: what is signed has one reading."""
    data = read_body(request, limit=MAX_BODY)
    try:
        body = strictjson.loads(data, max_depth=MAX_DEPTH)
    except ValueError as error:
        raise CredentialRefused("structure", f"the request cannot be read: {error}") from None
    options = body.get("options", {}) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(options, dict):
        raise CredentialRefused("structure", "the request is a JSON object, and so are its options")
    return body, options


def _asked(options: dict[str, JSON]) -> checking.Asked:
    checks, trusted, at = (options.get(name) for name in ("checks", "trusted", "at"))
    texts = {name: options.get(name) for name in ("challenge", "domain", "subject")}
    if not all(text is None or isinstance(text, str) for text in texts.values()):
        raise CredentialRefused("structure", "challenge, domain and subject are texts")
    if checks is not None and not isinstance(checks, list):
        raise CredentialRefused("structure", "checks is a list of texts")
    if not isinstance(trusted, bool | None):
        raise CredentialRefused("structure", "trusted is true or false")
    status = checks is None or bool({"credentialStatus", "status"} & {str(check) for check in checks})
    moment = None if at is None else dates.read(at, "at")
    time = now()
    if moment is not None and moment > time:
        raise CredentialRefused("dates", "at is a moment that was")
    receipt = options.get("receipt")
    return checking.Asked(
        now=time, status=status, trusted=trusted is True, at=moment, receipt=receipt, **texts
    )


def _organisation(request: HttpRequest) -> Organisation:
    found = Organisation.objects.filter(pk=request.auth.organisation).first()  # type: ignore[attr-defined]
    if found is None:
        raise Problem(409, "A credential is issued for an organisation")
    return found


def _refused(error: CredentialRefused) -> Status:
    verdict = checking.Verdict()
    verdict.refused(error)
    told = verdict.as_dict()
    return Status(400, {**told["errors"][0], "status": 400, **told})
