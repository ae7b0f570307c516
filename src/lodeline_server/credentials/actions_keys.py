"""The only writers of issuers and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import multikey
from lodeline_server.credentials import acting, addresses, keyring, queries
from lodeline_server.credentials.models import Issuer, IssuerKey
from lodeline_server.kit.problems import Problem
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
PURPOSES = ("assertionMethod", "authentication")


def add_key(*, actor: Actor, organisation: Organisation, algorithm: str, now: datetime) -> IssuerKey:
    """A new key pair for an organisation; with the first one it gets its DID. Published and on record."""
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
    if algorithm not in IssuerKey.Algorithm.values:
        raise Problem(422, "There are keys of Ed25519 and P-256", detail=str(algorithm)[:40])
    with transaction.atomic():
        issuer = queries.issuer_of(organisation.pk) or _new_issuer(organisation, now)
        acting.lock(issuer)
        fresh = keyring.fresh(algorithm)
        name = f"key-{issuer.keys.count() + 1}"
        sealed, version = keyring.seal(fresh, issuer, name, now)
        body = {"change": "added", "key": name, "publicKeyMultibase": multikey.encode(fresh.verify_key)}
        position = acting.record(actor, issuer, "credential.key", body, now)
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
        acting.told(actor, issuer, "credential-key.made", now, key=name)
    log.info("credential key made", by=actor.id, issuer=issuer.name, key=name)
    return row


def revoke_key(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> IssuerKey:
    """Stop a key for ever: what it signed before still holds, nothing later does. Twice keeps the first instant."""
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
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
            position = acting.record(actor, row.issuer, "credential.key", body, now)
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            _publish_document(row.issuer, position, now)
            acting.told(actor, row.issuer, "credential-key.revoked", now, key=row.name)
    return row


def _new_issuer(organisation: Organisation, now: datetime) -> Issuer:
    name = organisation.slug
    if Issuer.objects.filter(name=name).exists():  # short names are unique in a workspace only
        name = f"{organisation.workspace.slug}-{organisation.slug}"[:110]
    if Issuer.objects.filter(name=name).exists():
        name = f"{name[:100]}-{organisation.pk}"
    return Issuer.objects.create(organisation=organisation, name=name, created_at=now)


def _publish_document(issuer: Issuer, position: int, now: datetime) -> None:
    body = strictjson.canonical(keyring.document(issuer))
    path = addresses.DID_PATH.format(issuer.name)
    publish(key=path, forms={"application/did+json": body}, kind="did", position=position, now=now)
