"""The holder's half of the VC-API, and the wallet: what is issued of our own knowledge, what is held of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ninja import Query, Router, Status

from lodeline.access import Permission
from lodeline.credentials import dates, presenting
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions, actions_wallet, holding, kinds, queries_wallet
from lodeline_server.credentials.api import auth
from lodeline_server.credentials.api_body import BODY, MAX_BODY, organisation, read, refused
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.uploads import read_body

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.models import Credential, Held

deriving = Router(auth=auth)
presentations = Router(auth=auth)
wallet = Router()
_MADE = {201: dict[str, Any], 400: dict[str, Any]}
MOST = 200
"""Rows in one answer."""


@deriving.post("/derive", response=_MADE, summary="Show parts of a credential", openapi_extra=BODY)
@endpoint(Permission.CREDENTIALS_ISSUE)
def derive(request: HttpRequest) -> Status:
    """`{verifiableCredential, options: {selectivePointers}}`: an SD-JWT with what the pointers name, nothing else."""
    try:
        body, options = read(request)
        made = holding.derive(
            actor=request.auth,  # type: ignore[attr-defined]
            item=body.get("verifiableCredential"),
            selective=options.get("selectivePointers"),
        )
    except CredentialRefused as error:
        return refused(error)
    return Status(201, {"verifiableCredential": made})


@presentations.post("", response=_MADE, summary="Sign a presentation", openapi_extra=BODY)
@endpoint(Permission.CREDENTIALS_ISSUE)
def present(request: HttpRequest) -> Status:
    """`{presentation, options: {form, challenge, domain}}`, or `{verifiableCredential: [...], options}` for a new one.

    `form` is eddsa-jcs-2022, eddsa-rdfc-2022, vp+jwt, or vp+sd-jwt (one SD-JWT that is bound to a key of ours).
    """
    try:
        body, options = read(request)
        asking = holding.Asking(challenge=_text(options, "challenge"), domain=_text(options, "domain"))
        form = _text(options, "form") or _text(options, "cryptosuite") or presenting.FORMS[0]
        who = {"actor": request.auth, "organisation": organisation(request)}  # type: ignore[attr-defined]
        if "presentation" in body:
            made = holding.sign(**who, presentation=body["presentation"], form=form, asking=asking, now=now())
        else:
            items = body.get("verifiableCredential")
            items = items if isinstance(items, list) else [] if items is None else [items]
            made = holding.present(**who, items=items, form=form, asking=asking, now=now())
    except CredentialRefused as error:
        return refused(error)
    return Status(201, {"verifiablePresentation": made})


@wallet.get("/wallet/kinds", summary="What can be issued of what is on record")
@endpoint(Permission.CREDENTIALS_VERIFY)
def offered(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """Kinds, and the versions of the vocabulary; the first is the default."""
    return {"kinds": list(kinds.offered()), "versions": list(kinds.VERSIONS)}


@wallet.post(
    "/wallet/issue", response=_MADE, summary="Issue a credential of what is on record", openapi_extra=BODY
)
@endpoint(Permission.CREDENTIALS_ISSUE)
def issue(request: HttpRequest) -> Status:
    """`{kind, about, version, form, audience, choices}`. 404 when nothing is on record about it."""
    try:
        body, _ = read(request)
        issued = actions.issue_kind(
            actor=request.auth,  # type: ignore[attr-defined]
            organisation=organisation(request),
            kind=_text(body, "kind") or "",
            about=_text(body, "about") or "",
            version=_text(body, "version") or next(iter(kinds.VERSIONS)),
            form=_text(body, "form") or "vc+jwt",
            audience=_text(body, "audience") or "",
            choices=_choices(body),
            now=now(),
        )
    except CredentialRefused as error:
        return refused(error)
    return Status(201, {"verifiableCredential": issued.secured, **_issued(issued.row)})


@wallet.post(
    "/wallet/credentials",
    response=_MADE,
    summary="Take in a credential that was made elsewhere",
    openapi_extra=BODY,
)
@endpoint(Permission.CREDENTIALS_VERIFY)
def take_in(request: HttpRequest) -> Status:
    """The credential as the body: JSON, or a token. It is verified, and kept with its verdict, whatever that is."""
    try:
        row = actions.take_in(
            actor=request.auth,  # type: ignore[attr-defined]
            organisation=organisation(request),
            item=actions_wallet.read(read_body(request, limit=MAX_BODY)),
            now=now(),
        )
    except CredentialRefused as error:
        return refused(error)
    return Status(201, {**_held(row), "verdict": row.verdict})


@wallet.get("/wallet/credentials", summary="What the organisation issued, and holds of others")
@endpoint(Permission.CREDENTIALS_VERIFY)
def listed(request: HttpRequest, before: int | None = Query(None, ge=0)) -> dict[str, Any]:
    """The newest 200 of each; `before` a log position for older ones."""
    actor = request.auth  # type: ignore[attr-defined]
    issued, held = queries_wallet.issued(actor), queries_wallet.held(actor)
    if before is not None:
        issued, held = issued.filter(position__lt=before), held.filter(position__lt=before)
    return {
        "issued": [_issued(row) for row in issued[:MOST]],
        "held": [_held(row) for row in held[:MOST]],
    }


def _issued(row: Credential) -> dict[str, Any]:
    return {
        "number": row.pk,
        "id": row.identifier,
        "type": row.kind,
        "subject": row.subject,
        "form": row.form,
        "audience": row.audience,
        "issued": dates.write(row.issued_at),
        "status": queries_wallet.standing(row, now()),
        "position": row.position,
    }


def _held(row: Held) -> dict[str, Any]:
    return {
        "number": row.pk,
        "id": row.identifier,
        "type": row.kind,
        "issuer": row.issuer,
        "subject": row.subject,
        "form": row.form,
        "holds": row.holds,
        "judged": dates.write(row.judged_at),
        "received": dates.write(row.received_at),
        "position": row.position,
    }


def _choices(given: dict[str, JSON]) -> dict[str, str]:
    found = given.get("choices", {})
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise CredentialRefused("structure", "choices is an object of texts")
    return found


def _text(given: dict[str, JSON], name: str) -> str | None:
    found = given.get(name)
    if found is not None and not isinstance(found, str):
        raise CredentialRefused("structure", f"{name} is text")
    return found
