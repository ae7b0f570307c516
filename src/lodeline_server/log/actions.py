"""The one door for facts."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db import connection, transaction

from lodeline import sealing, strictjson
from lodeline.log import checkpoint as notes
from lodeline.log.leaf import Leaf
from lodeline.log.merkle import Frontier, leaf_hash
from lodeline_server.kit.problems import Problem
from lodeline_server.log import after, backend, notebook, tiles, vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import MAIN
from lodeline_server.log.models import EntryRow, LogState
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.log.books import Book

LONGEST_TYPE = EntryRow._meta.get_field("type").max_length  # noqa: SLF001 - Django's documented access


@frozen(kw_only=True)
class NewStatement:
    """What is to be appended. `data_subject` names the person whose key can be destroyed later, if any."""

    type: str
    payload: dict[str, Any]
    data_subject: str = ""


@frozen(kw_only=True)
class Appended:
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
    tree = Frontier(state.size, tiles.hashes(bytes(state.frontier)))
    _require_signed(book, state, tree)
    owner = vault.tenant(workspace, now=now)
    table = book.entries._meta.db_table  # noqa: SLF001 - Django's documented access
    rows = [
        _row(statement, owner, state.size + number, now, actor, table)
        for number, statement in enumerate(statements)
    ]
    leaves: list[bytes] = [row[backend.LEAF_HASH] for row in rows]
    backend.insert(book, rows)
    tiles.grow(book, state.size, leaves)
    tree.extend(leaves)
    _sign(book, state, tree, now)
    return [Appended(position=row[0], leaf_hash=row[backend.LEAF_HASH]) for row in rows]


def _row(
    statement: NewStatement, owner: vault.Tenant, position: int, now: datetime, actor: Actor, table: str
) -> tuple[Any, ...]:
    if not 0 < len(statement.type) <= LONGEST_TYPE:
        raise ValueError(f"a statement's type has 1 to {LONGEST_TYPE} characters")
    payload = strictjson.canonical(statement.payload)
    salt = secrets.token_bytes(sealing.SALT_BYTES)
    leaf = Leaf(
        type=statement.type, time=now, tenant=owner.pseudonym, commitment=sealing.commit(salt, payload)
    ).encode()
    hashed = leaf_hash(leaf)
    subject_row, key = (None, owner.key)
    if statement.data_subject:
        try:
            subject_row, key = vault.subject(owner, statement.data_subject)
        except sealing.Unreadable as erased:
            raise Problem(409, "This person's data was erased", detail=str(erased)) from None
    sealed = sealing.seal(
        key,
        salt + payload,
        aad=vault.entry_place(owner.pseudonym, position, owner.version, table),
        random=secrets.token_bytes,
    )
    return (
        position,
        statement.type,
        owner.workspace,
        actor.organisation,
        now,
        leaf,
        hashed,
        sealed,
        owner.version,
        subject_row,
    )


def _state(book: Book) -> LogState:
    empty = Frontier()
    return LogState.objects.get_or_create(
        name=book.name, defaults={"size": 0, "root": empty.root(), "frontier": b""}
    )[0]


def _require_signed(book: Book, state: LogState, tree: Frontier) -> None:
    """The tree we are about to extend is the one we signed last."""
    last = notebook.newest(book)
    size, root = (last.size, bytes(last.root)) if last else (0, Frontier().root())
    if (state.size, bytes(state.root)) != (size, root) or tree.root() != root:
        raise LogInconsistent(
            f"the log holds {state.size} entries, the last signed checkpoint covers {size}; "
            "nothing is appended. Run 'lodeline log fsck'."
        )
    if last:
        notebook.require_signed(last, book)
    notebook.require_newest(book, size, root)


def _sign(book: Book, state: LogState, tree: Frontier, now: datetime) -> None:
    """Compare-and-swap the state, sign and store the checkpoint, publish it with the transaction."""
    root = tree.root()
    swapped = LogState.objects.filter(name=book.name, size=state.size, root=bytes(state.root)).update(
        size=tree.size, root=root, frontier=b"".join(tree.hashes)
    )
    if swapped != 1:
        raise LogInconsistent("another writer moved the log on; nothing is appended")
    note = notes.sign(
        notes.Checkpoint(origin=book.origin, size=tree.size, root=root), vault.signing_key(book.key_file)
    )
    book.checkpoints.objects.create(size=tree.size, root=root, note=note, created_at=now)
    publish(
        key=notebook.key(book),
        forms={notebook.MEDIA_TYPE: note.encode()},
        kind="checkpoint",
        position=tree.size - 1,
        now=now,
    )
    # Robust: what is committed stays acknowledged even if the copy cannot be written (full disk).
    transaction.on_commit(partial(after.moved, book), robust=True)
