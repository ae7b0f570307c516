"""Take in credentials that were made elsewhere. Each is verified at entry, and the verdict stays with it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import structlog
from django.db import IntegrityError, transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import model
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, naming, verifying
from lodeline_server.credentials.checking import Asked
from lodeline_server.credentials.models import About, Audience, Credential, Held
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import NewStatement, append

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Verdict
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MOST = 5000
"""Credentials of others that an organisation holds."""


def read(data: bytes) -> JSON:
    """A credential from the bytes of a file: JSON, a token, or what the VC-API wraps around either."""
    if len(data) > MAX_BYTES:
        raise CredentialRefused("structure", f"a credential has at most {MAX_BYTES} bytes")
    text = data.strip()
    if text[:1] in (b"{", b'"'):
        try:
            found = strictjson.loads(text, max_depth=MAX_DEPTH)
        except ValueError as error:
            raise CredentialRefused("structure", f"the JSON cannot be read: {error}") from None
        if isinstance(found, dict) and "@context" not in found:
            found = found.get("verifiableCredential", found)
        return found
    if text.count(b".") >= 2 and text.isascii() and not any(sign in text for sign in b" \t\r\n"):
        return text.decode()
    raise CredentialRefused("structure", "it is neither JSON nor a token")


def take_in(
    *,
    actor: Actor,
    organisation: Organisation,
    item: JSON,
    now: datetime,
    name: str = "",
    audience: str = Audience.PARTIES,
) -> Held:
    """Keep a credential with its verdict of now. What fails is kept too, and marked so; the same bytes are kept once.

    Raises `CredentialRefused` for what is no credential at all.
    """
    actor.require(Permission.CREDENTIALS_VERIFY)
    acting.own(actor, organisation)
    if audience not in Audience.values:
        raise CredentialRefused(
            "structure", f"it is for {', '.join(filter(None, Audience.values))}, or for nobody"
        )
    body = item.encode() if isinstance(item, str) else strictjson.canonical(item)
    if len(body) > MAX_BYTES:
        raise CredentialRefused("structure", f"a credential has at most {MAX_BYTES} bytes")
    digest = hashlib.sha256(body).hexdigest()
    there = Held.objects.filter(organisation=organisation, sha256=digest).first()
    if there is not None:
        return there
    if Held.objects.filter(organisation=organisation).count() >= MOST:
        raise Problem(409, "The wallet is full", detail=f"{MOST} credentials of others are kept.")
    verdict = verifying.credential(item, Asked(now=now))
    if verdict.document is None and verdict.steps and verdict.steps[0].step == "structure":
        raise CredentialRefused("structure", verdict.steps[0].said)
    try:
        with transaction.atomic():
            row = _keep(actor, organisation, body, digest, verdict, name, audience, now)
    except IntegrityError:  # somebody brought the same at the same time
        return Held.objects.get(organisation=organisation, sha256=digest)
    log.info("credential taken in", by=actor.id, held=row.pk, holds=row.holds)
    return row


def _keep(
    actor: Actor,
    organisation: Organisation,
    body: bytes,
    digest: str,
    verdict: Verdict,
    name: str,
    audience: str,
    now: datetime,
) -> Held:
    # What a broken signature covers is nobody's word: nothing of it is kept as a fact.
    document: Mapping[str, Any] = verdict.document or {}
    kinds = document.get("type", [])
    kinds = [
        kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "VerifiableCredential"
    ]
    about = naming.named(document) if verdict.holds else []
    issuer, identifier = model.issuer(document)[:500], str(document.get("id", ""))[:500]
    said = {"sha256": digest, "holds": verdict.holds, "credential": identifier, "by": issuer}
    position = append(
        actor=actor,
        workspace=organisation.workspace_id,
        statements=[
            NewStatement(
                type="credential.held",
                payload={
                    "id": f"urn:x-lodeline:held:{organisation.pk}:{digest}",
                    "issuer": organisation.party,
                    "captured_by": actor.id,
                    "signature": {"by": "platform", "kid": ""},
                    "body": {"kind": "credential.held", "subject": organisation.party, **said},
                },
            )
        ],
        now=now,
    )[0].position
    row = Held.objects.create(
        organisation=organisation,
        identifier=_plain(identifier),
        issuer=_plain(issuer),
        kind=_plain(str(kinds[-1])[:200] if kinds else "VerifiableCredential" if document else ""),
        subject=_plain(about[0]) if about else "",
        form=verdict.opened.form[:40] if verdict.opened else "",
        name=_plain(name)[:200],
        body=body,
        sha256=digest,
        holds=verdict.holds,
        verdict=verdict.as_dict(),
        audience=audience,
        received_at=now,
        judged_at=now,
        position=position,
    )
    About.objects.bulk_create([About(held=row, key=key) for key in about])
    audit.record(
        audit.Kind.CHANGE,
        "credential.held",
        actor=actor,
        workspace=organisation.workspace_id,
        objects={"organisation": organisation.pk, "held": row.pk},
        now=now,
    )
    return row


def hang(
    *, actor: Actor, organisation: Organisation, key: str, credential: Credential, now: datetime
) -> About:
    """Put a credential of another party on a battery of one's own, by the passport's maker. Once.

    The caller has seen to it that the battery is the organisation's; the credential is of its workspace, and its
    issuer let it be known (`audience`).
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    there = About.objects.filter(credential=credential, key=key).first()
    if there is not None and there.hung:
        return there
    body = {"kind": "credential.hung", "subject": key, "credential": credential.identifier}
    with transaction.atomic():
        append(
            actor=actor,
            workspace=organisation.workspace_id,
            statements=[
                NewStatement(
                    type="credential.hung",
                    payload={
                        "id": f"urn:x-lodeline:hung:{credential.pk}:{hashlib.sha256(key.encode()).hexdigest()}",
                        "issuer": organisation.party,
                        "captured_by": actor.id,
                        "signature": {"by": "platform", "kid": ""},
                        "body": body,
                    },
                )
            ],
            now=now,
        )
        row, _ = About.objects.update_or_create(credential=credential, key=key, defaults={"hung": True})
        audit.record(
            audit.Kind.CHANGE,
            "credential.hung",
            actor=actor,
            workspace=organisation.workspace_id,
            objects={"organisation": organisation.pk, "credential": credential.pk},
            now=now,
        )
    return row


def _plain(text: str) -> str:
    return text.replace("\x00", "")
