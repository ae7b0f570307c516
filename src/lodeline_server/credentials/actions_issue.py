"""The only writer of credentials that are issued here."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.db import IntegrityError, transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import dates, integrity, jose, model
from lodeline.credentials.contexts import PUBLISHED, V2
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, checking, keyring, lists, material, queries
from lodeline_server.credentials.models import Credential, Issuer, StatusEntry
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.lists import Signer
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
MAX_BYTES = 1024 * 1024
"""Of a credential that is to be signed."""


@frozen(kw_only=True)
class Issued:
    """`secured` is what the receiver gets: the object with its proof, or the envelope."""

    row: Credential
    secured: dict[str, Any]


def issue(
    *,
    actor: Actor,
    organisation: Organisation,
    credential: JSON,
    now: datetime,
    form: str = Credential.Form.JCS,
    status: bool = True,
) -> Issued:
    """Sign a credential of the organisation. Raises `CredentialRefused` for what nobody should sign.

    What is not said is added: id, issuer, validFrom, and a status entry of each purpose (not to those of data model
    1.1). `Problem` 409 without a key, or for an id that was issued before.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    if form not in Credential.Form.values:
        raise CredentialRefused("structure", f"credentials are issued as {', '.join(Credential.Form.values)}")
    if not isinstance(credential, dict):
        raise CredentialRefused("structure", "the credential is a JSON object")
    if "proof" in credential and form == Credential.Form.JWT:
        raise CredentialRefused("structure", "it carries a proof already")
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise acting.no_key("to sign with")
    signer = acting.signer(issuer, form, credential.get("issuer"), now)
    plain = _completed(credential, signer.did, now)
    _fit(plain)
    try:
        with transaction.atomic():
            acting.lock(issuer)
            places = []
            if status and plain["@context"][0] == V2 and "credentialStatus" not in plain:
                keeper = acting.signer(issuer, Credential.Form.JCS, signer.did, now)
                places = lists.places(issuer, keeper, now)
                plain["credentialStatus"] = [lists.entry(*place) for place in places]
            secured, body = _secured(plain, signer, form, now)
            row = _keep(actor, issuer, plain, form, body, now)
            StatusEntry.objects.bulk_create(
                [StatusEntry(status_list=kept, index=index, credential=row) for kept, index in places]
            )
    except IntegrityError:
        raise Problem(
            409, "A credential with this id was issued before", detail=str(plain["id"])[:200]
        ) from None
    log.info("credential issued", by=actor.id, issuer=issuer.name, position=row.position)
    return Issued(row=row, secured=secured)


def _completed(credential: dict[str, Any], owner: str, now: datetime) -> dict[str, Any]:
    plain = model.with_data_integrity(credential)
    plain.setdefault("id", f"urn:uuid:{uuid.uuid4()}")
    plain.setdefault("issuer", owner)
    if isinstance(plain.get("@context"), list) and plain["@context"][:1] == [V2]:
        plain.setdefault("validFrom", dates.write(now))
    return plain


def _fit(plain: dict[str, Any]) -> None:
    """Refuse what would not verify."""
    model.credential(plain, material.held())
    model.related(plain, PUBLISHED)
    if len(plain["id"]) > 500:
        raise CredentialRefused("structure", "an id has at most 500 characters")
    if any("\x00" in name for name in [plain["id"], *plain["type"], *_subjects(plain)]):
        raise CredentialRefused("structure", "an id or a type holds a sign that is none")
    given = plain.get("credentialStatus", [])
    checking.check_entries(given if isinstance(given, list) else [given])
    try:
        size = len(strictjson.canonical(plain))
    except ValueError as error:
        raise CredentialRefused("structure", f"there is no canonical form of it: {error}") from None
    if size > MAX_BYTES:
        raise CredentialRefused("structure", f"a credential has at most {MAX_BYTES} bytes")


def _secured(plain: dict[str, Any], by: Signer, form: str, now: datetime) -> tuple[dict[str, Any], bytes]:
    key = keyring.opened(by.key)
    if form == Credential.Form.JWT:
        kid = by.method if by.did.startswith("did:key:") else f"{by.method}-jwk"
        try:
            token = jose.sign(plain, key, kid, now=now)
        except ValueError as error:
            raise CredentialRefused("structure", str(error)) from None
        address = f"data:{checking.JWT},{token}"
        return {"@context": [V2], "id": address, "type": model.ENVELOPED}, token.encode()
    canonize = material.canonize if form == Credential.Form.RDFC else None
    secured = integrity.add(plain, key, by.method, created=now, cryptosuite=form, canonize=canonize)
    return secured, strictjson.canonical(secured)


def _subjects(plain: dict[str, Any]) -> list[str]:
    """The ids of those it speaks of; empty texts for those without."""
    said = plain["credentialSubject"]
    return [str(one.get("id", "")) for one in (said if isinstance(said, list) else [said])]


def _keep(
    actor: Actor, issuer: Issuer, plain: dict[str, Any], form: str, body: bytes, now: datetime
) -> Credential:
    kinds = [kind for kind in plain["type"] if kind != "VerifiableCredential"] or plain["type"]
    subject = _subjects(plain)[0][:500]
    digest = hashlib.sha256(body).hexdigest()
    said = {"credential": plain["id"], "type": kinds[-1][:200], "form": form, "sha256": digest}
    position = acting.record(actor, issuer, "credential.issued", {"subject": subject, **said}, now)
    return Credential.objects.create(
        issuer=issuer,
        identifier=plain["id"],
        kind=kinds[-1][:200],
        subject=subject,
        form=form,
        body=body,
        sha256=digest,
        issued_at=now,
        position=position,
    )
