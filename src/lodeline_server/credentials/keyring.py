"""Private keys of issuers, sealed under their workspace's key: those that sign, and those that write histories."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from lodeline import sealing
from lodeline.credentials.keys import P256SigningKey, P256VerifyKey
from lodeline.keys import SigningKey, VerifyKey
from lodeline_server.credentials.models import Issuer, IssuerKey, UpdateKey
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


def keep_update(key: SigningKey, issuer: Issuer, number: int, now: datetime) -> UpdateKey:
    """Keep the key that will sign entry `number` of the issuer's history."""
    owner = vault.tenant(issuer.organisation.workspace_id, now=now)
    place = _update_place(issuer.pk, number)
    sealed = sealing.seal(owner.key, key.seed, aad=place, random=secrets.token_bytes)
    return UpdateKey.objects.create(
        issuer=issuer, number=number, public=key.verify_key.raw, sealed=sealed, key_version=owner.version
    )


def opened_update(row: UpdateKey) -> SigningKey:
    """Raises `sealing.Unreadable`, also once it has signed."""
    owner = vault.Keyring()[row.issuer.organisation.workspace_id, row.key_version]
    return SigningKey(
        sealing.unseal(owner.key, bytes(row.sealed), aad=_update_place(row.issuer_id, row.number))
    )


def _update_place(issuer: int, number: int) -> bytes:
    return sealing.place("credentials_updatekey", issuer, number, "sealed")


def _place(issuer: int, name: str) -> bytes:
    return sealing.place("credentials_issuerkey", issuer, name, "sealed")
