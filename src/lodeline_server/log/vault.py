"""Keys of workspaces and data subjects: made on first use, wrapped by the installation's key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import frozen
from django.conf import settings

from lodeline import sealing
from lodeline.keys import SigningKey, b64url
from lodeline_server.kit.secrets import secret
from lodeline_server.log.models import SubjectKey, TenantKey

if TYPE_CHECKING:
    from datetime import datetime

TABLE, COLUMN = "log_entry", "sealed"


@frozen(kw_only=True)
class Tenant:
    """An opened workspace key."""

    workspace: int
    version: int
    pseudonym: str
    key: bytes
    secret: bytes


def signing_key(name: str = "log.key") -> SigningKey:
    """The key that signs the checkpoints of a book."""
    return SigningKey.from_seed(secret(settings.DATA, name))


def _kek() -> bytes:
    return secret(settings.DATA, "kek.key")


@lru_cache(maxsize=256)
def _open(kek: bytes, wrapped: bytes, aad: bytes) -> bytes:
    return sealing.unwrap(kek, wrapped, aad=aad)


def _pseudonym(key: bytes, text: str) -> str:
    return b64url(hmac.digest(key, text.encode(), hashlib.sha256))


def _tenant(row: TenantKey) -> Tenant:
    at = sealing.place("tenant", row.workspace, row.version)
    return Tenant(
        workspace=row.workspace,
        version=row.version,
        pseudonym=row.pseudonym,
        key=_open(_kek(), bytes(row.wrapped), at),
        secret=_open(_kek(), bytes(row.wrapped_secret), sealing.place("pseudonym", row.workspace)),
    )


def tenant(workspace: int, *, now: datetime) -> Tenant:
    """The workspace's newest key; made on first use. Inside the append's transaction."""
    row = TenantKey.objects.filter(workspace=workspace).order_by("-version").first()
    if row is None:
        pseudonym_key = secrets.token_bytes(sealing.KEY_BYTES)
        row = TenantKey.objects.create(
            workspace=workspace,
            version=1,
            wrapped=sealing.wrap(
                _kek(),
                secrets.token_bytes(sealing.KEY_BYTES),
                aad=sealing.place("tenant", workspace, 1),
                random=secrets.token_bytes,
            ),
            wrapped_secret=sealing.wrap(
                _kek(), pseudonym_key, aad=sealing.place("pseudonym", workspace), random=secrets.token_bytes
            ),
            pseudonym=_pseudonym(pseudonym_key, "tenant"),
            created_at=now,
        )
    return _tenant(row)


class Keyring(dict[tuple[int, int], Tenant]):
    """Opened workspace keys by (workspace, version), looked up when first asked for."""

    def __missing__(self, place: tuple[int, int]) -> Tenant:
        workspace, version = place
        row = TenantKey.objects.filter(workspace=workspace, version=version).first()
        if row is None:
            raise sealing.Unreadable(f"workspace {workspace} has no key of version {version}")
        self[place] = _tenant(row)
        return self[place]


def subject(owner: Tenant, name: str) -> tuple[int, bytes]:
    """Row id and key of a data subject; made on first use. Raises `Unreadable` after erasure."""
    pseudonym = _pseudonym(owner.secret, f"subject:{name}")
    at = sealing.place("subject", owner.workspace, pseudonym)
    row = SubjectKey.objects.filter(workspace=owner.workspace, pseudonym=pseudonym).first()
    if row is None:
        fresh = sealing.wrap(
            owner.key, secrets.token_bytes(sealing.KEY_BYTES), aad=at, random=secrets.token_bytes
        )
        row = SubjectKey.objects.create(workspace=owner.workspace, pseudonym=pseudonym, wrapped=fresh)
    return row.pk, open_subject(owner, row)


def open_subject(owner: Tenant, row: SubjectKey) -> bytes:
    """The key of a data subject; raises `Unreadable` when it was destroyed."""
    if row.destroyed_at is not None:
        raise sealing.Unreadable("the key of this data subject was destroyed")
    return _open(owner.key, bytes(row.wrapped), sealing.place("subject", owner.workspace, row.pseudonym))


def entry_place(pseudonym: str, position: int, version: int, table: str = TABLE) -> bytes:
    """Where a sealed payload belongs (facts: tenant, table, row, column, key version)."""
    return sealing.place(pseudonym, table, position, COLUMN, version)
