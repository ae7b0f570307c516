"""The only writers of issuers and keys. Each change is one statement, one entry of the DID's history, one document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from lodeline.access import Permission
from lodeline.credentials import multikey
from lodeline_server.credentials import acting, addresses, histories, keyring, queries
from lodeline_server.credentials.models import Home, Issuer, IssuerKey
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
PURPOSES = ("assertionMethod", "authentication")
"""What a key may be for: to sign what the organisation states, and to show that it is who it is."""
MAX_KEYS = 60
"""Of one organisation, ended ones included: all of them stand in every document."""


def make_did(*, actor: Actor, organisation: Organisation, now: datetime) -> Issuer:
    """Give an organisation its DIDs before it has a key. The same again changes nothing."""
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
    with transaction.atomic():
        issuer = _issuer(organisation, now)
        if queries.newest_entry(issuer) is None:
            at = histories.next_time(issuer, now)
            position = acting.record(actor, issuer, "credential.did", {"change": "made"}, now)
            histories.write(issuer, "made", at=at, position=position)
            acting.told(actor, issuer, "did.made", now)
    return issuer


def add_key(
    *,
    actor: Actor,
    organisation: Organisation,
    algorithm: str,
    now: datetime,
    purposes: Sequence[str] = PURPOSES,
) -> IssuerKey:
    """A new key pair for an organisation; with the first one it gets its DIDs. Published and on record."""
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
    if algorithm not in IssuerKey.Algorithm.values:
        raise Problem(422, "There are keys of Ed25519 and P-256", detail=str(algorithm)[:40])
    if not purposes or not set(purposes) <= set(PURPOSES):
        raise Problem(422, f"A key is for {' or '.join(PURPOSES)}", detail=", ".join(purposes)[:100])
    with transaction.atomic():
        issuer = _issuer(organisation, now)
        row = _new_key(actor, issuer, algorithm, purposes, now, {"change": "added"})
        histories.write(issuer, f"{row.name} added", at=row.valid_from, position=row.position)
        acting.told(actor, issuer, "credential-key.made", now, key=row.name)
    log.info("credential key made", by=actor.id, issuer=issuer.name, key=row.name)
    return row


def rotate_key(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> IssuerKey:
    """A new key of the same kind and purposes takes over; answers it. What the old one signed before still holds.

    The old private key is forgotten. `Problem` 404 for a key that is not there, 409 for one that has ended.
    """
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
    with transaction.atomic():
        old = _key(organisation, name)
        if old.revoked_at is not None or old.valid_until is not None:
            raise Problem(409, "This key has ended already", detail=old.name)
        fresh = _new_key(
            actor, old.issuer, old.algorithm, old.purposes, now, {"change": "rotated", "before": old.name}
        )
        old.valid_until, old.sealed = fresh.valid_from, b""
        old.save(update_fields=["valid_until", "sealed"])
        change = f"{fresh.name} takes over from {old.name}"
        histories.write(old.issuer, change, at=fresh.valid_from, position=fresh.position)
        acting.told(actor, old.issuer, "credential-key.rotated", now, key=old.name, by=fresh.name)
    log.info("credential key rotated", by=actor.id, issuer=old.issuer.name, key=old.name)
    return fresh


def revoke_key(*, actor: Actor, organisation: Organisation, name: str, now: datetime) -> IssuerKey:
    """Stop a key for ever: what it signed before still holds, nothing later does. Twice keeps the first instant."""
    actor.require(Permission.KEYS_MANAGE)
    acting.own(actor, organisation)
    with transaction.atomic():
        row = _key(organisation, name)
        if row.revoked_at is None:
            body = {"change": "revoked", "key": row.name}
            at = histories.next_time(row.issuer, now)
            position = acting.record(actor, row.issuer, "credential.key", body, now)
            row.revoked_at, row.sealed = now, b""
            row.save(update_fields=["revoked_at", "sealed"])
            histories.write(row.issuer, f"{row.name} revoked", at=at, position=position)
            acting.told(actor, row.issuer, "credential-key.revoked", now, key=row.name)
    return row


def reserve(organisation: Organisation, now: datetime) -> Issuer:
    """The issuer of an organisation, with a name that it keeps; it has a document from its first key on."""
    found = queries.issuer_of(organisation.pk)
    if found is not None:
        return found
    name = organisation.slug
    if Issuer.objects.filter(name=name).exists():  # short names are unique in a workspace only
        name = f"{organisation.workspace.slug}-{organisation.slug}"[:110]
    if Issuer.objects.filter(name=name).exists():
        name = f"{name[:100]}-{organisation.pk}"
    return Issuer.objects.create(organisation=organisation, name=name, created_at=now)


def enter_home(now: datetime) -> None:
    """Note under which address the first DID is made; afterwards it is the one, until it is moved."""
    acting.settled()
    if queries.home() is None:
        Home.objects.get_or_create(home=addresses.home(), defaults={"since": now})


def _issuer(organisation: Organisation, now: datetime) -> Issuer:
    """The locked issuer at the address that its DIDs know."""
    issuer = reserve(organisation, now)
    acting.lock(issuer)
    enter_home(now)
    return issuer


def _key(organisation: Organisation, name: str) -> IssuerKey:
    """A key of the organisation, its issuer locked. `Problem` 404."""
    acting.settled()
    rows = IssuerKey.objects.select_related("issuer__organisation__workspace")
    wanted = rows.filter(issuer__organisation=organisation, name=name[:40].replace("\x00", ""))
    row = wanted.first()
    if row is None:
        raise Problem(404, "There is no such key", detail=name[:40])
    acting.lock(row.issuer)
    row.refresh_from_db(fields=["revoked_at", "valid_until"])  # somebody may have been there before the lock
    return row


def _new_key(
    actor: Actor,
    issuer: Issuer,
    algorithm: str,
    purposes: Sequence[str],
    now: datetime,
    body: dict[str, str],
) -> IssuerKey:
    count = issuer.keys.count()
    if count >= MAX_KEYS:
        raise Problem(409, f"An organisation has at most {MAX_KEYS} keys, ended ones included")
    name = f"key-{count + 1}"
    at = histories.next_time(issuer, now)
    fresh = keyring.fresh(algorithm)
    sealed, version = keyring.seal(fresh, issuer, name, now)
    said = {**body, "key": name, "publicKeyMultibase": multikey.encode(fresh.verify_key)}
    return IssuerKey.objects.create(
        issuer=issuer,
        name=name,
        algorithm=algorithm,
        public=fresh.verify_key.raw,
        sealed=sealed,
        key_version=version,
        purposes=list(purposes),
        valid_from=at,  # proofs tell whole seconds
        position=acting.record(actor, issuer, "credential.key", said, now),
    )
