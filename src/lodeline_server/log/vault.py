"""Keys of workspaces and data subjects: made on first use, wrapped by the installation's key.

Installation key (kek: file, environment or token) -> workspace key -> key of a data subject -> key of what speaks of
several. Destroying a subject's key destroys everything below it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from attrs import frozen
from django.conf import settings
from django.db import connection

from lodeline import sealing
from lodeline.keys import SigningKey, VerifyKey, b64url
from lodeline_server.kit import keystores
from lodeline_server.kit.keystores import KeyUnusable
from lodeline_server.log import rows
from lodeline_server.log.models import LogKey, SubjectKey, TenantKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lodeline_server.kit.keystores import Kek, Signer

TABLE, COLUMN = "log_entry", "sealed"
SEVERAL = 0
"""In place of a version: the key is wrapped by those of its members."""


@frozen(kw_only=True)
class Tenant:
    """An opened workspace key."""

    workspace: int
    version: int
    pseudonym: str
    key: bytes
    secret: bytes


# --- what signs checkpoints ---------------------------------------------------------------------------


def signing_key(name: str = "log.key") -> SigningKey:
    """The key that signs the checkpoints of a book. Raises `KeyUnusable` when no source has the one on record.

    The first time something is signed, its public key goes on record: another one takes over by `rotation` only.
    """
    known = keystores.signers(settings.DATA, name)
    newest = LogKey.objects.filter(name=name).order_by("-from_size").first()
    if newest is None:
        files = [one for one in known if one.source.startswith("file ")]
        first = (files or known)[0]
        if connection.in_atomic_block:
            LogKey.objects.create(name=name, from_size=0, public_key=first.verify_key.raw)
        return _as_key(first)
    for one in known:
        if one.verify_key.raw == bytes(newest.public_key):
            return _as_key(one)
    raise KeyUnusable(
        f"the key that signs {name.removesuffix('.key')} checkpoints since size {newest.from_size} is in no source: "
        "'lodeline keys status' tells more"
    )


def signer(name: str, public: VerifyKey) -> SigningKey:
    """The key that `public` on record belongs to, for those who have just read the record. Raises as `signing_key`."""
    for one in keystores.signers(settings.DATA, name):
        if one.verify_key == public:
            return _as_key(one)
    return signing_key(name)  # says what is missing


def _as_key(signer: Signer) -> SigningKey:
    """What signs; a key in a token has the same two members, `verify_key` and `sign`, and no seed."""
    return signer.key if isinstance(signer, keystores.PlainSigner) else cast("SigningKey", signer)


def verify_keys(name: str = "log.key") -> list[tuple[int, VerifyKey]]:
    """The keys of a book in order: (first size it signs, key). At least one."""
    known = rows.read(LogKey, "from_size public_key", "WHERE name = %s ORDER BY from_size", name)
    found = [(size, _verify_key(bytes(key))) for size, key in known]
    return found or [(0, signing_key(name).verify_key)]


@lru_cache(maxsize=64)
def _verify_key(raw: bytes) -> VerifyKey:
    return VerifyKey(raw)


def verify_key(name: str, size: int) -> VerifyKey:
    """The key whose signature a checkpoint of `size` has to bear."""
    return [key for start, key in verify_keys(name) if start <= max(size, 0)][-1]


# --- keys of workspaces -------------------------------------------------------------------------------


def keks() -> list[Kek]:
    """The installation's keys; the first wraps what is new."""
    return keystores.keks(settings.DATA)


@lru_cache(maxsize=256)
def _open(kek: Kek, wrapped: bytes, aad: bytes) -> bytes:
    return kek.unwrap(wrapped, aad=aad)


def unwrapped(row: TenantKey) -> tuple[bytes, bytes]:
    """Key and pseudonym secret of a workspace key; raises `Unreadable` when no source has the key that wraps it."""
    wanted = [one for one in keks() if row.kek in {"", one.id}]
    for kek in wanted:
        try:
            return (
                _open(kek, bytes(row.wrapped), tenant_place(row.workspace, row.version)),
                _open(kek, bytes(row.wrapped_secret), secret_place(row.workspace)),
            )
        except sealing.Unreadable:
            if row.kek:
                raise
    raise sealing.Unreadable(
        f"the key {row.kek or 'of this installation'} that wraps the keys of workspace {row.workspace} is in no source"
    )


def tenant_place(workspace: int, version: int) -> bytes:
    """Where a wrapped workspace key belongs."""
    return sealing.place("tenant", workspace, version)


def secret_place(workspace: int) -> bytes:
    """Where the wrapped secret of a workspace's pseudonyms belongs."""
    return sealing.place("pseudonym", workspace)


def _pseudonym(key: bytes, text: str) -> str:
    return b64url(hmac.digest(key, text.encode(), hashlib.sha256))


def opened(row: TenantKey) -> Tenant:
    """A workspace key with its secret; raises `Unreadable`."""
    key, secret = unwrapped(row)
    return Tenant(
        workspace=row.workspace, version=row.version, pseudonym=row.pseudonym, key=key, secret=secret
    )


def newest_tenant(workspace: int) -> TenantKey | None:
    """The row of the workspace's newest key; without its date, which nobody asks for."""
    names = "id version wrapped wrapped_secret pseudonym kek"
    for found in rows.read(TenantKey, names, "WHERE workspace = %s ORDER BY version DESC LIMIT 1", workspace):
        return TenantKey(workspace=workspace, **dict(zip(names.split(), found, strict=True)))
    return None


def tenant(workspace: int, *, now: datetime) -> Tenant:
    """The workspace's newest key; made on first use. Inside the append's transaction."""
    row = newest_tenant(workspace)
    if row is None:
        secret = secrets.token_bytes(sealing.KEY_BYTES)
        row = new_tenant(workspace, 1, secret, now)
    return opened(row)


def new_tenant(workspace: int, version: int, secret: bytes, now: datetime) -> TenantKey:
    """Store a fresh key of a workspace; `secret` is the same in all its versions."""
    kek = keks()[0]
    return TenantKey.objects.create(
        workspace=workspace,
        version=version,
        wrapped=kek.wrap(secrets.token_bytes(sealing.KEY_BYTES), aad=tenant_place(workspace, version)),
        wrapped_secret=kek.wrap(secret, aad=secret_place(workspace)),
        pseudonym=_pseudonym(secret, "tenant"),
        kek=kek.id,
        created_at=now,
    )


class Keyring(dict[tuple[int, int], Tenant]):
    """Opened workspace keys by (workspace, version), looked up when first asked for."""

    def __missing__(self, place: tuple[int, int]) -> Tenant:
        workspace, version = place
        row = TenantKey.objects.filter(workspace=workspace, version=version).first()
        if row is None:
            raise sealing.Unreadable(f"workspace {workspace} has no key of version {version}")
        self[place] = opened(row)
        return self[place]


# --- keys of data subjects ----------------------------------------------------------------------------


def pseudonym(owner: Tenant, name: str) -> str:
    """What stands for a data subject: a keyed hash, so that nobody without the secret can try names."""
    return _pseudonym(owner.secret, f"subject:{name}")


def subject_place(workspace: int, pseudonym: str) -> bytes:
    """Where the wrapped key of a data subject belongs."""
    return sealing.place("subject", workspace, pseudonym)


def subject(owner: Tenant, name: str) -> tuple[int, bytes]:
    """Row id and key of a data subject; made on first use. Raises `Unreadable` after erasure.

    Several names, one a line: a key of their own that goes when the key of any of them goes.
    """
    names = sorted({one for one in name.split("\n") if one})
    found = sorted((_one(owner, one) for one in names), key=lambda row: row.pseudonym)
    if len(found) == 1:
        return found[0].pk, open_subject(owner, found[0])
    stands_for = _pseudonym(owner.secret, "subjects:" + ",".join(one.pseudonym for one in found))
    row = SubjectKey.objects.filter(workspace=owner.workspace, pseudonym=stands_for).first()
    if row is None:
        over = _joined([open_subject(owner, one) for one in found])
        row = _store(owner, stands_for, over, version=SEVERAL)
        row.members.set(found)
    return row.pk, open_subject(owner, row)


def erased(owner: Tenant, names: set[str]) -> set[str]:
    """Those of the names whose keys were destroyed."""
    known = {pseudonym(owner, name): name for name in names}
    gone = SubjectKey.objects.filter(
        workspace=owner.workspace, pseudonym__in=list(known), destroyed_at__isnull=False
    )
    return {known[row.pseudonym] for row in gone}


def _one(owner: Tenant, name: str) -> SubjectKey:
    stands_for = pseudonym(owner, name)
    row = SubjectKey.objects.filter(workspace=owner.workspace, pseudonym=stands_for).first()
    return row or _store(owner, stands_for, owner.key, version=owner.version)


def _store(owner: Tenant, stands_for: str, over: bytes, *, version: int) -> SubjectKey:
    fresh = sealing.wrap(
        over,
        secrets.token_bytes(sealing.KEY_BYTES),
        aad=subject_place(owner.workspace, stands_for),
        random=secrets.token_bytes,
    )
    return SubjectKey.objects.create(
        workspace=owner.workspace, pseudonym=stands_for, wrapped=fresh, key_version=version
    )


def _joined(keys: list[bytes]) -> bytes:
    """One key out of all of them (32 bytes each, so the order and the parts are plain)."""
    return hashlib.sha256(b"lodeline subjects\0" + b"".join(keys)).digest()


def open_subject(owner: Tenant, row: SubjectKey) -> bytes:
    """The key of a data subject; raises `Unreadable` when it was destroyed. Never kept in memory."""
    if row.destroyed_at is not None:
        raise sealing.Unreadable("the key of this data subject was destroyed")
    if row.key_version == SEVERAL:
        members = sorted(row.members.all(), key=lambda one: one.pseudonym)
        over = _joined([open_subject(owner, one) for one in members])
    elif row.key_version == owner.version:
        over = owner.key
    else:
        over = Keyring()[row.workspace, row.key_version].key
    return sealing.unwrap(over, bytes(row.wrapped), aad=subject_place(row.workspace, row.pseudonym))


def entry_place(pseudonym: str, position: int, version: int, table: str = TABLE) -> bytes:
    """Where a sealed payload belongs (facts: tenant, table, row, column, key version)."""
    return sealing.place(pseudonym, table, position, COLUMN, version)


def entry_places(pseudonym: str, version: int, table: str = TABLE) -> Callable[[int], bytes]:
    """`entry_place` of many positions: what they share is put together once."""
    before, after = sealing.place(pseudonym, table), sealing.place(COLUMN, version)

    def place(position: int) -> bytes:
        digits = str(position)
        return b"%b%d:%b|%b" % (before, len(digits), digits.encode(), after)

    return place
