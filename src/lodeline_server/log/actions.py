"""The one door for facts."""

from __future__ import annotations

import secrets
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from attrs import frozen
from django.db import connection, transaction

from lodeline import sealing
from lodeline.log import checkpoint as notes
from lodeline.log.leaf import encode
from lodeline.log.merkle import EMPTY_ROOT, Frontier, leaf_hash
from lodeline.strictjson import canonical_and_same
from lodeline_server.kit.problems import Problem
from lodeline_server.log import after, backend, fresh, notebook, rows, signing, tiles, vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import MAIN
from lodeline_server.log.models import EntryRow, LogState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.keys import VerifyKey
    from lodeline_server.log.books import Book

LONGEST_TYPE = EntryRow._meta.get_field("type").max_length  # noqa: SLF001 - Django's documented access


@frozen(kw_only=True)
class NewStatement:
    """What is to be appended. `data_subject` names the person whose key can be destroyed later, if any.

    `text`: the canonical form of the payload, from who has it already; `same`: reading it gives the payload again.
    """

    type: str
    payload: dict[str, Any]
    data_subject: str = ""
    text: bytes = b""
    same: bool = False


class Appended(NamedTuple):
    """Where a statement stands."""

    position: int
    leaf_hash: bytes


def append(
    *,
    actor: Actor,
    workspace: int,
    statements: Sequence[NewStatement],
    now: datetime,
    book: Book = MAIN,
) -> list[Appended]:
    """Append in order, inside the caller's transaction; dense positions, one signed checkpoint.

    The calling action has checked the permission. `actor` is asked for so that nobody appends without one.
    Raises `LogInconsistent`; `backend.Unsafe` when the database would not keep what it acknowledges;
    `Problem` 409 for a data subject whose key was destroyed; `ValueError` for what has no canonical form.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("append joins the caller's transaction; there is none")
    if not actor.may_append(workspace):
        raise PermissionError("an actor appends to its own workspace only")
    if not statements:
        return []
    backend.lock(book.lock)
    backend.require_durable()
    state = _state(book)
    size = state.size
    tree = _edge(state)
    key = _require_signed(book, state, tree)
    owner = vault.tenant(workspace, now=now)
    sealed = _sealed(statements, owner, size, book)
    time, by = backend.instant(now), actor.organisation
    leaves = [
        encode(statement.type, now, owner.pseudonym, one.commitment)
        for statement, one in zip(statements, sealed, strict=True)
    ]
    hashes = list(map(leaf_hash, leaves))
    entries = [
        (position, statement.type, workspace, by, time, leaf, hashed, one.sealed, owner.version, one.subject)
        for position, (statement, one, leaf, hashed) in enumerate(
            zip(statements, sealed, leaves, hashes, strict=True), size
        )
    ]
    backend.insert(book, entries)
    tiles.grow(book, tree, hashes)
    _sign(book, state, tree, now, key)
    if book is MAIN and not any(one.subject for one in sealed):
        fresh.keep(
            first=size, workspace=workspace, organisation=by, now=now, leaves=leaves,
            hashes=hashes,
            parts=[
                (statement.type, one.salt, one.text, one.payload)
                for statement, one in zip(statements, sealed, strict=True)
            ],
        )  # fmt: skip
    return [Appended(position, hashed) for position, hashed in enumerate(hashes, size)]


class _Sealed(NamedTuple):
    commitment: bytes
    sealed: bytes
    subject: int | None
    salt: bytes
    text: bytes
    payload: dict[str, Any] | None
    """Where it is what reading `text` gives."""


def _sealed(statements: Sequence[NewStatement], owner: vault.Tenant, size: int, book: Book) -> list[_Sealed]:
    """Canonical payloads, committed to with a salt each and encrypted for their places."""
    table = book.entries._meta.db_table  # noqa: SLF001 - Django's documented access
    place = vault.entry_places(owner.pseudonym, owner.version, table)
    salts = secrets.token_bytes(sealing.SALT_BYTES * len(statements))
    sealer = sealing.Sealer(owner.key, len(statements), random=secrets.token_bytes)
    found = []
    for number, statement in enumerate(statements):
        if not 0 < len(statement.type) <= LONGEST_TYPE:
            raise ValueError(f"a statement's type has 1 to {LONGEST_TYPE} characters")
        text, same = (
            (statement.text, statement.same) if statement.text else canonical_and_same(statement.payload)
        )
        salt = salts[number * sealing.SALT_BYTES : (number + 1) * sealing.SALT_BYTES]
        plain, aad, row = salt + text, place(size + number), None
        if statement.data_subject:
            try:
                row, key = vault.subject(owner, statement.data_subject)
            except sealing.Unreadable as erased:
                raise Problem(409, "This person's data was erased", detail=str(erased)) from None
            sealed = sealing.seal(key, plain, aad=aad, random=secrets.token_bytes)
        else:
            sealed = sealer.seal(plain, aad)
        found.append(
            _Sealed(sha256(plain).digest(), sealed, row, salt, text, statement.payload if same else None)
        )
    return found


class _State(NamedTuple):
    size: int
    root: bytes
    frontier: bytes


def _state(book: Book) -> _State:
    for size, root, frontier in rows.read(LogState, "size root frontier", "WHERE name = %s", book.name):
        return _State(size, bytes(root), bytes(frontier))
    rows.insert(LogState, "name size root frontier", (book.name, 0, EMPTY_ROOT, b""))
    return _State(0, EMPTY_ROOT, b"")


def _edge(state: _State) -> Frontier:
    try:
        return Frontier(state.size, tiles.hashes(state.frontier))
    except ValueError as error:
        raise LogInconsistent(
            f"the stored edge of the tree is not one: {error}; nothing is appended"
        ) from None


def _require_signed(book: Book, state: _State, tree: Frontier) -> VerifyKey:
    """The tree we are about to extend is the one we signed last; the key that signs now."""
    last = notebook.signed_last(book)
    size, root = (last.size, last.root) if last else (0, EMPTY_ROOT)
    if (state.size, state.root) != (size, root) or tree.root() != root:
        raise LogInconsistent(
            f"the log holds {state.size} entries, the last signed checkpoint covers {size}; "
            "nothing is appended. Run 'lodeline log fsck'."
        )
    keys = vault.verify_keys(book.key_file)
    if last:
        notebook.require_signed(last, book, keys)
    notebook.require_newest(book, size, root, keys)
    return keys[-1][1]


def _sign(book: Book, state: _State, tree: Frontier, now: datetime, key: VerifyKey | None = None) -> None:
    """Compare-and-swap the state, sign and store the checkpoint; it is published after the transaction."""
    root = tree.root()
    swapped = rows.update(
        LogState, "size root frontier", "WHERE name = %s AND size = %s AND root = %s",
        tree.size, root, b"".join(tree.hashes), book.name, state.size, state.root,
    )  # fmt: skip
    if swapped != 1:
        raise LogInconsistent("another writer moved the log on; nothing is appended")
    note = signing.note_for(book, notes.Checkpoint(origin=book.origin, size=tree.size, root=root), now, key)
    rows.insert(book.checkpoints, "size root note created_at", (tree.size, root, note, backend.instant(now)))
    # Robust: what is committed stays acknowledged even if what follows cannot be done (full disk).
    transaction.on_commit(partial(after.moved, book), robust=True)
