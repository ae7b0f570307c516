"""Changing keys: the installation's, a workspace's, a book's. What was sealed or signed before stays as it is."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.conf import settings
from django.db import transaction

from lodeline import sealing
from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline.log import checkpoint as notes
from lodeline_server.kit import keystores
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.secrets import sync_folder
from lodeline_server.log import backend, queries, vault
from lodeline_server.log.actions import append
from lodeline_server.log.books import BOOKS, MAIN
from lodeline_server.log.models import LogKey, SubjectKey, TenantKey
from lodeline_server.log.own import INSTALLATION, statement

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from lodeline.access import Actor
    from lodeline_server.kit.keystores import Kek, Signer
    from lodeline_server.log.books import Book

log = structlog.get_logger(__name__)
TYPE = "log.key"
"""The log's own part of itself: what belongs to no workspace."""
NEXT, OLD = "kek.next.key", "kek.old.key"


@frozen(kw_only=True)
class Rotated:
    """`what`: kek, tenant, main or audit; `key`: the new one's id; `changed`: rows that were wrapped anew."""

    what: str
    key: str
    source: str
    changed: int = 0
    position: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "key": self.key,
            "source": self.source,
            "changed": self.changed,
            "position": self.position,
        }


# --- the installation's key ---------------------------------------------------------------------------


def rotate_kek(*, actor: Actor) -> Rotated:
    """Wrap all workspace keys anew, in one transaction: under the source of the settings if some lie elsewhere, else
    under a new key. The old one is kept until that is committed; after a crash the same call goes on.

    Raises `Problem` 409 when a new key cannot be made here (environment), `Unreadable` when one cannot be opened.
    """
    actor.require(Permission.OPERATE)
    with transaction.atomic():
        for book in BOOKS.values():  # nobody makes a workspace key meanwhile
            backend.lock(book.lock)
        known = vault.keks()
        rows = [(row, _opener(row, known)) for row in TenantKey.objects.select_for_update().order_by("pk")]
        elsewhere = any(kek.id != known[0].id for _, kek in rows)
        target = known[0] if elsewhere else _fresh_kek(known[0])
        changed = 0
        for row, kek in rows:
            changed += kek.id != target.id
            key, secret = vault.unwrapped(row)
            row.wrapped = target.wrap(key, aad=vault.tenant_place(row.workspace, row.version))
            row.wrapped_secret = target.wrap(secret, aad=vault.secret_place(row.workspace))
            row.kek = target.id
            row.save(update_fields=["wrapped", "wrapped_secret", "kek"])
        if not elsewhere and target.source == f"file {NEXT}":
            _put_in_place()
    _forget_old(target)
    log.info("installation's key rotated", by=actor.id, kek=target.id, source=target.source, rows=changed)
    return Rotated(what="kek", key=target.id, source=_said(target), changed=changed)


def _opener(row: TenantKey, known: list[Kek]) -> Kek:
    """The key a row is wrapped by; rows of before ids were kept are tried."""
    for kek in known:
        if row.kek == kek.id:
            return kek
    if not row.kek:
        for kek in known:
            try:
                kek.unwrap(bytes(row.wrapped), aad=vault.tenant_place(row.workspace, row.version))
            except sealing.Unreadable:
                continue
            return kek
    raise sealing.Unreadable(
        f"the key {row.kek} that wraps the key of workspace {row.workspace} is in no source"
    )


def _fresh_kek(current: Kek) -> Kek:
    if current.source.startswith("environment"):
        raise Problem(
            409,
            "Set the new key first",
            detail="Put a new key into LODELINE_KEK and the present one into LODELINE_KEK_OLD, then rotate.",
        )
    if current.source.startswith("token"):
        from lodeline_server.kit import tokens

        token = tokens.open_token(os.environ)
        token.make(keystores.KEK)
        return token.keks()[0]
    home = settings.DATA / "secrets"
    if not (home / NEXT).exists():  # one of before a crash is as good
        keystores.new_file(settings.DATA, NEXT)
    return keystores.PlainKek((home / NEXT).read_bytes(), f"file {NEXT}")


def _put_in_place() -> None:
    """The new file takes the name; the old key stays under another until the rows are committed.

    There is no moment without `kek.key`: another process would make one. Rows name their key by its id.
    """
    home = settings.DATA / "secrets"
    _shred(home / OLD)
    os.link(home / keystores.KEK, home / OLD)
    (home / NEXT).replace(home / keystores.KEK)
    sync_folder(home)


def _forget_old(target: Kek) -> None:
    """After the commit: files of keys that wrap nothing any more are overwritten and removed."""
    used = set(TenantKey.objects.values_list("kek", flat=True))
    home = settings.DATA / "secrets"
    wrapped_by_file = target.source.startswith("file")
    for name in (OLD, NEXT) if wrapped_by_file else (OLD, NEXT, keystores.KEK):
        path = home / name
        if path.exists() and keystores.PlainKek(path.read_bytes(), "").id not in used:
            _shred(path)


def _shred(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b") as stream:
        stream.write(secrets.token_bytes(path.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()
    sync_folder(path.parent)


def _said(key: Kek | Signer) -> str:
    return f"file {keystores.KEK}" if key.source == f"file {NEXT}" else key.source


# --- a workspace's key --------------------------------------------------------------------------------


def rotate_tenant(*, actor: Actor, workspace: int, now: datetime) -> Rotated:
    """A new key for what is sealed from now on; the keys of data subjects are wrapped by it.

    What was sealed before keeps its key. Raises `Problem` 404 when nothing was ever sealed for the workspace.
    """
    actor.require(Permission.OPERATE)
    with transaction.atomic():
        for book in BOOKS.values():
            backend.lock(book.lock)
        newest = vault.newest_tenant(workspace)
        if newest is None:
            raise Problem(404, "This workspace has no key yet", detail="It is made with the first statement.")
        secret = vault.unwrapped(newest)[1]
        fresh = vault.opened(vault.new_tenant(workspace, newest.version + 1, secret, now))
        keys = SubjectKey.objects.select_for_update().filter(workspace=workspace, destroyed_at=None)
        changed = 0
        for row in keys.exclude(key_version=vault.SEVERAL):
            plain = vault.open_subject(fresh, row)
            at = vault.subject_place(workspace, row.pseudonym)
            row.wrapped = sealing.wrap(fresh.key, plain, aad=at, random=secrets.token_bytes)
            row.key_version = fresh.version
            row.save(update_fields=["wrapped", "key_version"])
            changed += 1
    log.info("workspace's key rotated", by=actor.id, workspace=workspace, version=fresh.version)
    return Rotated(
        what="tenant", key=f"version {fresh.version}", source=vault.keks()[0].source, changed=changed
    )


# --- the key of a book --------------------------------------------------------------------------------


def rotate_log(*, actor: Actor, book: Book = MAIN, now: datetime) -> Rotated:
    """A new key for the checkpoints of a book. The old one signs the statement that says so, and nothing after it.

    Raises `Problem` 409 when a new key cannot be made here (environment).
    """
    actor.require(Permission.OPERATE)
    name = book.key_file
    with transaction.atomic():
        backend.lock(book.lock)
        vault.signing_key(name)  # the first one goes on record before it is followed
        fresh = _fresh_signer(name)
        size, public = queries.size(book), fresh.verify_key.raw
        body = {
            "subject": book.origin,
            "fromSize": size + 2,
            "publicKey": b64url(public),
            "vkey": notes.vkey(book.origin, fresh.verify_key),
        }
        said = [statement(TYPE, f"urn:x-lodeline:log-key:{b64url(public)}", body)]
        (place,) = append(actor=actor, workspace=INSTALLATION, statements=said, now=now, book=book)
        LogKey.objects.create(
            name=name, from_size=place.position + 2, public_key=public, position=place.position
        )
    log.info("log's key rotated", by=actor.id, book=book.name, position=place.position, source=fresh.source)
    return Rotated(
        what=book.name, key=b64url(public), source=fresh.source, changed=1, position=place.position
    )


def _fresh_signer(name: str) -> Signer:
    """A key that has never signed this book: one that the settings name by now, else a new one."""
    past = {bytes(key) for key in LogKey.objects.filter(name=name).values_list("public_key", flat=True)}
    known = keystores.signers(settings.DATA, name)
    for one in known:
        if one.verify_key.raw not in past:
            return one
    if known[0].source.startswith("environment"):
        variable = keystores.VARIABLES[name]
        raise Problem(
            409,
            "Set the new key first",
            detail=f"New key into {variable}, the present one into {variable}{keystores.EARLIER}; then rotate.",
        )
    if known[0].source.startswith("token"):
        from lodeline_server.kit import tokens

        token = tokens.open_token(os.environ)
        token.make(name)
        return token.signers(name)[0]
    stem = name.removesuffix(".key")
    number = 2
    while (settings.DATA / "secrets" / f"{stem}.{number:04}.key").exists():
        number += 1
    keystores.new_file(settings.DATA, f"{stem}.{number:04}.key")
    return next(one for one in keystores.signers(settings.DATA, name) if one.verify_key.raw not in past)


def faults(book: Book = MAIN) -> list[tuple[int, str]]:
    """Keys that took over without a statement in the book that says so: (position, what is wrong)."""
    found = []
    for row in LogKey.objects.filter(name=book.key_file).order_by("from_size"):
        if row.position is None:
            if row.from_size:
                found.append((row.from_size, "a signing key took over and no statement says so"))
            continue
        statement = queries.get(row.position, book=book)
        body = statement.payload.get("body", {}) if statement and statement.type == TYPE else {}
        if (body.get("publicKey"), body.get("fromSize")) != (b64url(bytes(row.public_key)), row.from_size):
            found.append(
                (row.position, "the statement here does not name the signing key that took over after it")
            )
    return found


# --- what there is ------------------------------------------------------------------------------------


def status() -> dict[str, Any]:
    """Which keys are in use and where they lie; ids and public keys only."""
    known = vault.keks()
    used: Counter[str] = Counter()
    unreadable = []
    for row in TenantKey.objects.order_by("workspace", "version"):
        try:
            used[_opener(row, known).id] += 1
        except sealing.Unreadable:
            unreadable.append({"workspace": row.workspace, "version": row.version, "kek": row.kek})
    return {
        "kek": [
            {"id": one.id, "source": one.source, "wraps": used[one.id], "current": number == 0}
            for number, one in enumerate(known)
        ],
        "unreadable": unreadable,
        "books": [_book(book) for book in BOOKS.values()],
    }


def _book(book: Book) -> dict[str, Any]:
    known = {one.verify_key.raw: one.source for one in keystores.signers(settings.DATA, book.key_file)}
    keys = [
        {"publicKey": b64url(key.raw), "fromSize": size, "source": known.get(key.raw, "")}
        for size, key in vault.verify_keys(book.key_file)
    ]
    return {"book": book.name, "keys": keys, "signs": bool(keys[-1]["source"])}
