"""The only writers of issuers, keys, credentials and status. Each writes its statement into the log with it."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.conf import settings
from django.db import IntegrityError, transaction

from lodeline import strictjson
from lodeline.access import Denied, Permission
from lodeline.credentials import dates, did_key, integrity, jose, model, multikey
from lodeline.credentials.contexts import PUBLISHED, V2
from lodeline.credentials.statusbook import Act, Change
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import addresses, checking, keyring, lists, material, queries
from lodeline_server.credentials.lists import Signer
from lodeline_server.credentials.models import (
    Credential,
    Issuer,
    IssuerKey,
    StatusChange,
    StatusEntry,
    StatusList,
)
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
PURPOSES = ("assertionMethod", "authentication")
MAX_BYTES = 1024 * 1024
"""Of a credential that is to be signed."""


@frozen(kw_only=True)
class Issued:
    """`secured` is what the receiver gets: the object with its proof, or the envelope."""

    row: Credential
    secured: dict[str, Any]


def add_key(*, actor: Actor, organisation: Organisation, algorithm: str, now: datetime) -> IssuerKey:
    """A new key pair for an organisation; with the first one it gets its DID. Published and on record."""
    actor.require(Permission.KEYS_MANAGE)
    _own(actor, organisation)
    if algorithm not in IssuerKey.Algorithm.values:
        raise Problem(422, "There are keys of Ed25519 and P-256", detail=str(algorithm)[:40])
    with transaction.atomic():
        issuer = queries.issuer_of(organisation.pk) or _new_issuer(organisation, now)
        _lock(issuer)
        fresh = keyring.fresh(algorithm)
        name = f"key-{issuer.keys.count() + 1}"
        sealed, version = keyring.seal(fresh, issuer, name, now)
        body = {"change": "added", "key": name, "publicKeyMultibase": multikey.encode(fresh.verify_key)}
        position = _record(actor, issuer, "credential.key", body, now)
        row = IssuerKey.objects.create(
            issuer=issuer,
            name=name,
            algorithm=algorithm,
            public=fresh.verify_key.raw,
            sealed=sealed,
            key_version=version,
            purposes=list(PURPOSES),
            valid_from=now.replace(microsecond=0),  # proofs tell whole seconds
            position=position,
        )
        _publish_document(issuer, position, now)
        _told(actor, issuer, "credential-key.made", now, key=name)
    log.info("credential key made", by=actor.id, issuer=issuer.name, key=name)
    return row


def revoke_key(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> IssuerKey:
    """Stop a key for ever: what it signed before still holds, nothing later does. Twice keeps the first instant."""
    actor.require(Permission.KEYS_MANAGE)
    _own(actor, organisation)
    with transaction.atomic():
        row = (
            IssuerKey.objects.select_related("issuer__organisation")
            .filter(issuer__organisation=organisation, name=name[:40].replace("\x00", ""))
            .first()
        )
        if row is None:
            raise Problem(404, "There is no such key", detail=name[:40])
        if row.revoked_at is None:
            body = {"change": "revoked", "key": row.name}
            position = _record(actor, row.issuer, "credential.key", body, now)
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            _publish_document(row.issuer, position, now)
            _told(actor, row.issuer, "credential-key.revoked", now, key=row.name)
    return row


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
    _own(actor, organisation)
    if form not in Credential.Form.values:
        raise CredentialRefused("structure", f"credentials are issued as {', '.join(Credential.Form.values)}")
    if not isinstance(credential, dict):
        raise CredentialRefused("structure", "the credential is a JSON object")
    if "proof" in credential and form == Credential.Form.JWT:
        raise CredentialRefused("structure", "it carries a proof already")
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise _no_key("to sign with")
    signer = _signer(issuer, form, credential.get("issuer"), now)
    plain = _completed(credential, signer.did, now)
    _fit(plain)
    try:
        with transaction.atomic():
            _lock(issuer)
            places = []
            if status and plain["@context"][0] == V2 and "credentialStatus" not in plain:
                keeper = _signer(issuer, Credential.Form.JCS, signer.did, now)
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


def set_status(
    *, actor: Actor, organisation: Organisation, identifier: str, act: Act, now: datetime, reason: str = ""
) -> Credential:
    """Suspend, reinstate or revoke. The same again changes nothing; nothing follows a revocation.

    Raises `StatusRefused`; `Problem` 404 for a credential that the organisation did not issue with a status.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    _own(actor, organisation)
    issuer = queries.issuer_of(organisation.pk)
    row = queries.credential(issuer, identifier) if issuer else None
    if issuer is None or row is None or not row.entries.exists():
        raise Problem(404, "There is no such credential", detail=identifier[:200])
    with transaction.atomic():
        _lock(issuer)
        before = lists.account(row)
        after = before.after(Change(act=act, at=now, reason=reason))
        if after == before:
            return row
        touched = StatusList.objects.select_related("issuer__organisation").filter(entries__credential=row)
        keepers = [(kept, _signer(issuer, Credential.Form.JCS, kept.did, now)) for kept in touched]
        body = {"credential": row.identifier, "act": act.value, "reason": reason[:300]}
        position = _record(actor, issuer, "credential.status", body, now)
        StatusChange.objects.create(
            credential=row, act=act.value, at=now, reason=reason[:300], position=position
        )
        for kept, keeper in keepers:
            lists.publish_version(kept, keeper, now, position=position)
        _told(actor, issuer, f"credential.{act.value}", now, credential=row.pk)
    return row


# --- parts --------------------------------------------------------------------------------------------


def _own(actor: Actor, organisation: Organisation) -> None:
    """One signs for one's own organisation; the platform (the command line) for any."""
    if actor.kind == "platform" and actor.workspace in {None, organisation.workspace_id}:
        return
    if actor.organisation != organisation.pk or actor.workspace != organisation.workspace_id:
        raise Denied(Permission.CREDENTIALS_ISSUE)


def _new_issuer(organisation: Organisation, now: datetime) -> Issuer:
    name = organisation.slug
    if Issuer.objects.filter(name=name).exists():  # short names are unique in a workspace only
        name = f"{organisation.workspace.slug}-{organisation.slug}"[:110]
    if Issuer.objects.filter(name=name).exists():
        name = f"{name[:100]}-{organisation.pk}"
    return Issuer.objects.create(organisation=organisation, name=name, created_at=now)


def _lock(issuer: Issuer) -> None:
    """One writer at a time for an issuer's numbers, names and lists; the log's lock comes after it."""
    Issuer.objects.select_for_update().get(pk=issuer.pk)


def _publish_document(issuer: Issuer, position: int, now: datetime) -> None:
    body = strictjson.canonical(keyring.document(issuer))
    path = addresses.DID_PATH.format(issuer.name)
    publish(key=path, forms={"application/did+json": body}, kind="did", position=position, now=now)


def _signer(issuer: Issuer, form: str, named: JSON, now: datetime) -> Signer:
    """Key, DID and method to sign with. A did:key of ours is accepted where suites run: it cannot be revoked.

    Raises `CredentialRefused` for another issuer, `Problem` 409 when there is no key of the kind.
    """
    own = addresses.did_of(issuer.name)
    said = own if named is None else model.issuer({"issuer": named})
    rows = queries.usable_keys(issuer, now)
    if settings.VC_OPEN and said.startswith("did:key:"):
        rows = [row for row in rows if did_key.did(keyring.public(row)) == said]
    if said != own and not (settings.VC_OPEN and said.startswith("did:key:") and rows):
        shown = said[:200] or repr(named)[:200]
        raise CredentialRefused("issuer", f"the issuer of it would be {own}, and it says {shown}")
    fits = [row for row in rows if form == Credential.Form.JWT or row.algorithm == keyring.ED25519]
    if not fits:
        raise _no_key("to sign with" if form == Credential.Form.JWT else "of Ed25519 to sign with")
    method = f"{own}#{fits[0].name}" if said == own else did_key.method(keyring.public(fits[0]))
    return Signer(key=fits[0], did=said, method=method)


def _no_key(what: str) -> Problem:
    return Problem(
        409, f"The organisation has no key {what}", detail="Make one: 'lodeline credential key add'."
    )


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
    position = _record(actor, issuer, "credential.issued", {"subject": subject, **said}, now)
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


def _record(actor: Actor, issuer: Issuer, kind: str, body: dict[str, Any], now: datetime) -> int:
    """The statement in the log; its position."""
    owner = addresses.did_of(issuer.name)
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": owner,
        "captured_by": actor.id,
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, "subject": body.get("subject") or owner, **body},
    }
    workspace = issuer.organisation.workspace_id
    statement = NewStatement(type=kind, payload=payload)
    return append(actor=actor, workspace=workspace, statements=[statement], now=now)[0].position


def _told(actor: Actor, issuer: Issuer, action: str, now: datetime, **objects: object) -> None:
    audit.record(
        audit.Kind.CHANGE,
        action,
        actor=actor,
        workspace=issuer.organisation.workspace_id,
        objects={"organisation": issuer.organisation_id, **objects},
        now=now,
    )
