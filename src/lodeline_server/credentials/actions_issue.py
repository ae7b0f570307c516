"""The only writer of credentials that are issued here."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.db import IntegrityError, transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import dates, did_key, integrity, jose, keys, model, pointers, sdjwt
from lodeline.credentials.contexts import PUBLISHED, V2
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, checking, keyring, lists, material, naming, queries
from lodeline_server.credentials.models import About, Audience, Credential, Issuer, StatusEntry
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.keys import PrivateKey
    from lodeline.credentials.sdjwt import Path
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.lists import Signer
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
TOKENS = (Credential.Form.JWT, Credential.Form.SD_JWT)
MAX_BYTES = 1024 * 1024
"""Of a credential that is to be signed."""


@frozen(kw_only=True)
class Hidden:
    """How an SD-JWT is made: what can be held back, decoys up to a number, and the holder's key as a did:key."""

    paths: Collection[Path] | None = None
    pad: Mapping[Path, int] | None = None
    holder: str | None = None


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
    hidden: Hidden = Hidden(),
    audience: str = Audience.PARTIES,
) -> Issued:
    """Sign a credential of the organisation. Raises `CredentialRefused` for what nobody should sign.

    What is not said is added: id, issuer, validFrom, and a status entry of each purpose (not to those of data model
    1.1). `hidden` is for SD-JWT. `audience`: who may learn of it where it hangs on a battery. `Problem` 409 without a
    key, or for an id that was issued before.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    if form not in Credential.Form.values:
        raise CredentialRefused("structure", f"credentials are issued as {', '.join(Credential.Form.values)}")
    if not isinstance(credential, dict):
        raise CredentialRefused("structure", "the credential is a JSON object")
    if audience not in Audience.values:
        raise CredentialRefused(
            "structure", f"it is for {', '.join(filter(None, Audience.values))}, or for nobody"
        )
    if "proof" in credential and form in TOKENS:
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
            secured, body = _secured(plain, signer, form, hidden, now)
            row = _keep(actor, issuer, plain, form, body, audience, now)
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


def _secured(
    plain: dict[str, Any], by: Signer, form: str, hidden: Hidden, now: datetime
) -> tuple[dict[str, Any], bytes]:
    key = keyring.opened(by.key)
    if form in TOKENS:
        kid = by.method if by.did.startswith("did:key:") else f"{by.method}-jwk"
        try:
            token = (
                jose.sign(plain, key, kid, now=now)
                if form == Credential.Form.JWT
                else _sd_jwt(plain, key, kid, hidden, now)
            )
        except ValueError as error:
            raise CredentialRefused("structure", str(error)) from None
        address = f"data:application/{form},{token}"
        return {"@context": [V2], "id": address, "type": model.ENVELOPED}, token.encode()
    canonize = material.canonize if form == Credential.Form.RDFC else None
    secured = integrity.add(plain, key, by.method, created=now, cryptosuite=form, canonize=canonize)
    return secured, strictjson.canonical(secured)


def _sd_jwt(plain: dict[str, Any], key: PrivateKey, kid: str, hidden: Hidden, now: datetime) -> str:
    if clash := set(jose.CLAIMS) & set(plain):
        raise CredentialRefused("structure", f"{min(clash)!r} is a word of the token")
    payload: dict[str, JSON] = {**plain, "iat": int(now.timestamp())}
    if hidden.holder is not None:
        payload["cnf"] = {"jwk": keys.to_jwk(did_key.key(hidden.holder))}
    paths = pointers.members(plain) if hidden.paths is None else hidden.paths
    made = sdjwt.issue(
        payload, paths, signer=key, random=secrets.token_bytes, header={"kid": kid}, pad=hidden.pad
    )
    return str(made.sdjwt)


def _subjects(plain: dict[str, Any]) -> list[str]:
    """The ids of those it speaks of; empty texts for those without."""
    said = plain["credentialSubject"]
    return [str(one.get("id", "")) for one in (said if isinstance(said, list) else [said])]


def _keep(
    actor: Actor, issuer: Issuer, plain: dict[str, Any], form: str, body: bytes, audience: str, now: datetime
) -> Credential:
    kinds = [kind for kind in plain["type"] if kind != "VerifiableCredential"] or plain["type"]
    subject = _subjects(plain)[0][:500]
    # Of an SD-JWT, what its issuer signed: disclosures are left away when it is presented.
    digest = hashlib.sha256(body.partition(b"~")[0] if form == Credential.Form.SD_JWT else body).hexdigest()
    said = {"credential": plain["id"], "type": kinds[-1][:200], "form": form, "sha256": digest}
    position = acting.record(actor, issuer, "credential.issued", {"subject": subject, **said}, now)
    row = Credential.objects.create(
        issuer=issuer,
        identifier=plain["id"],
        kind=kinds[-1][:200],
        subject=subject,
        form=form,
        body=body,
        sha256=digest,
        audience=audience,
        issued_at=now,
        position=position,
    )
    About.objects.bulk_create([About(credential=row, key=key) for key in naming.named(plain)])
    return row
