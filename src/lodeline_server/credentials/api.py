"""The VC-API of the W3C Credentials Community Group, as the W3C suites call it: issue, verify, change the status.

A credential that is refused is answered 400 with the step that failed; nothing here answers more slowly than its
limits. With a token as everywhere, or see `opening`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Router, Status

from lodeline.access import Permission
from lodeline.credentials import dates
from lodeline.credentials.status import ENTRY, REVOCATION, SUSPENSION, Code, StatusRefused
from lodeline.credentials.statusbook import Act
from lodeline.credentials.verdict import CredentialRefused
from lodeline.log.note import COSIGNATURE, NoteRefused, parse_vkey
from lodeline_server.credentials import actions, checking, verifying
from lodeline_server.credentials.api_body import BODY as _BODY
from lodeline_server.credentials.api_body import hidden
from lodeline_server.credentials.api_body import organisation as _organisation
from lodeline_server.credentials.api_body import read as _read
from lodeline_server.credentials.api_body import refused as _refused
from lodeline_server.credentials.opening import opened
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.parties.authentication import authenticate

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.log.policy import Policy
    from lodeline.strictjson import JSON

auth = [*authenticate, opened]
router = Router(auth=auth)
presentations = Router(auth=auth)
MOST_LOGS = 16
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
    """`{credential, options: {form}}`; `form` is eddsa-jcs-2022, eddsa-rdfc-2022, vc+jwt or vc+sd-jwt. Answers what was
    signed. `?form=` says the same in the address, for callers that send no options.

    For vc+sd-jwt: `mandatoryPointers` name what stays open (default: of each subject id and type), `holder` the
    did:key that alone may present it.
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
            hidden=hidden(body.get("credential"), options),
        )
    except CredentialRefused as error:
        return _refused(error)
    return Status(201, {"verifiableCredential": issued.secured})


@router.post("/verify", response=_ANSWERS, summary="Verify a credential", openapi_extra=_BODY)
@endpoint(Permission.CREDENTIALS_VERIFY)
def verify(request: HttpRequest) -> Status:
    """`{verifiableCredential, options: {checks, subject, trusted, at, receipt, logKeys}}`, all of them at will.

    Without `checks` everything is looked at; "proof" alone leaves the status out. `subject`: what it must be about (a
    DID, a Digital Link). `trusted`: its issuer must be on a list that the workspace believes. `at`: judge it as of
    that moment. `receipt`: a log's receipt for it, as text or as `/api/log/statements/...` gives it; `logKeys`: of
    logs whose receipts count besides ours. The answer tells
    each step, the evidence level and by which lists. `{bundle}` instead: judged with what it carries, nobody is asked.
    """
    try:
        body, options = _read(request)
        workspace = request.auth.workspace  # type: ignore[attr-defined]
        if "bundle" in body:
            verdict = verifying.bundle(body["bundle"], _asked(options), workspace)
        else:
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
    return checking.Asked(
        now=time,
        status=status,
        trusted=trusted is True,
        at=moment,
        receipt=options.get("receipt"),
        policy=_logs(options.get("logKeys")),
        **texts,
    )


def _logs(keys: JSON) -> Policy | None:
    """The logs whose receipts the caller lets count, besides those that count here."""
    if keys is None:
        return None
    if not isinstance(keys, list) or len(keys) > MOST_LOGS:
        raise CredentialRefused("receipt", f"logKeys is a list of at most {MOST_LOGS} keys of logs")
    found = verifying.policy()
    for key in keys:
        try:
            named = parse_vkey(str(key))
        except NoteRefused as error:
            raise CredentialRefused("receipt", f"{str(key)[:80]!r} is no key of a log: {error}") from None
        if named.kind == COSIGNATURE:
            raise CredentialRefused("receipt", f"{str(key)[:80]!r} is the key of a witness, not of a log")
        found = found.with_log(named)
    return found
