"""Private keys of issuers, sealed under their workspace's key, and the DID documents made of the public ones."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from lodeline import sealing
from lodeline.credentials import did
from lodeline.credentials.keys import P256SigningKey, P256VerifyKey
from lodeline.keys import SigningKey, VerifyKey
from lodeline_server.credentials import addresses
from lodeline_server.credentials.models import Issuer, IssuerKey
from lodeline_server.log import vault

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.credentials.keys import PrivateKey, PublicKey

ED25519, P256 = IssuerKey.Algorithm.ED25519, IssuerKey.Algorithm.P256


def fresh(algorithm: str) -> PrivateKey:
    """A new random key."""
    while True:
        seed = secrets.token_bytes(32)
        try:
            return SigningKey(seed) if algorithm == ED25519 else P256SigningKey(seed)
        except ValueError:  # a number of the curve's order or above: one in four thousand million
            continue


def seal(key: PrivateKey, issuer: Issuer, name: str, now: datetime) -> tuple[bytes, int]:
    """The private key for its row, and the version of the workspace's key that seals it."""
    owner = vault.tenant(issuer.organisation.workspace_id, now=now)
    sealed = sealing.seal(owner.key, key.seed, aad=_place(issuer.pk, name), random=secrets.token_bytes)
    return sealed, owner.version


def opened(row: IssuerKey) -> PrivateKey:
    """Raises `sealing.Unreadable`."""
    owner = vault.Keyring()[row.issuer.organisation.workspace_id, row.key_version]
    seed = sealing.unseal(owner.key, bytes(row.sealed), aad=_place(row.issuer_id, row.name))
    return SigningKey(seed) if row.algorithm == ED25519 else P256SigningKey(seed)


def public(row: IssuerKey) -> PublicKey:
    raw = bytes(row.public)
    return VerifyKey(raw) if row.algorithm == ED25519 else P256VerifyKey(raw)


def _place(issuer: int, name: str) -> bytes:
    return sealing.place("credentials_issuerkey", issuer, name, "sealed")


def document(issuer: Issuer, moment: datetime | None = None) -> dict[str, Any]:
    """The issuer's DID document: all keys that were there at `moment`, retired ones with their end."""
    rows = issuer.keys.order_by("pk")
    if moment is not None:
        rows = rows.filter(valid_from__lte=moment)
    keys = [
        did.Published(row.name, public(row), tuple(row.purposes), row.revoked_at, row.valid_until)
        for row in rows
    ]
    return did.document(addresses.did_of(issuer.name), keys, also_known_as=[issuer.organisation.party])


def own(identifier: str, moment: datetime | None) -> dict[str, Any] | None:
    """Our own DIDs from the database, as the resolver asks for them."""
    name = addresses.name_of(identifier)
    issuer = Issuer.objects.select_related("organisation").filter(name=name).first() if name else None
    return document(issuer, moment) if issuer else None
