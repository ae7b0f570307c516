"""The one door for facts."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.conf import settings
from django.db import connection, transaction

from lodeline import sealing, strictjson
from lodeline.log import checkpoint as notes
from lodeline.log.leaf import Leaf
from lodeline.log.merkle import Frontier, leaf_hash
from lodeline_server.kit.problems import Problem
from lodeline_server.log import backend, notebook, tiles, vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.models import Checkpoint, Entry, LogState
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor

MAIN = "main"
LONGEST_TYPE = Entry._meta.get_field("type").max_length  # noqa: SLF001 - Django's documented access


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
    *, actor: Actor, workspace: int, statements: Sequence[NewStatement], now: datetime
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
    backend.lock(backend.APPEND)
    backend.require_durable()
    state = _state()
    tree = Frontier(state.size, tiles.hashes(bytes(state.frontier)))
    _require_signed(state, tree)
    owner = vault.tenant(workspace, now=now)
    rows = [
        _row(statement, owner, state.size + number, now, actor) for number, statement in enumerate(statements)
    ]
    leaves: list[bytes] = [row[backend.LEAF_HASH] for row in rows]
    backend.insert(rows)
    tiles.grow(state.size, leaves)
    tree.extend(leaves)
    _sign(state, tree, now)
    return [Appended(position=row[0], leaf_hash=row[backend.LEAF_HASH]) for row in rows]


def _row(
    statement: NewStatement, owner: vault.Tenant, position: int, now: datetime, actor: Actor
) -> tuple[Any, ...]:
    if not 0 < len(statement.type) <= LONGEST_TYPE:
        raise ValueError(f"a statement's type has 1 to {LONGEST_TYPE} characters")
    payload = strictjson.canonical(statement.payload)
    salt = secrets.token_bytes(sealing.SALT_BYTES)
    leaf = Leaf(
        type=statement.type, time=now, tenant=owner.pseudonym, commitment=sealing.commit(salt, payload)
    ).encode()
    subject_row, key = (None, owner.key)
    if statement.data_subject:
        try:
            subject_row, key = vault.subject(owner, statement.data_subject)
        except sealing.Unreadable as erased:
            raise Problem(409, "This person's data was erased", detail=str(erased)) from None
    sealed = sealing.seal(
        key,
        salt + payload,
        aad=vault.entry_place(owner.pseudonym, position, owner.version),
        random=secrets.token_bytes,
    )
    return (
        position,
        statement.type,
        owner.workspace,
        actor.organisation,
        now,
        leaf,
        leaf_hash(leaf),
        sealed,
        owner.version,
        subject_row,
    )


def _state() -> LogState:
    empty = Frontier()
    return LogState.objects.get_or_create(
        name=MAIN, defaults={"size": 0, "root": empty.root(), "frontier": b""}
    )[0]


def _require_signed(state: LogState, tree: Frontier) -> None:
    """The tree we are about to extend is the one we signed last."""
    last = Checkpoint.objects.order_by("-size").first()
    size, root = (last.size, bytes(last.root)) if last else (0, Frontier().root())
    if (state.size, bytes(state.root)) != (size, root) or tree.root() != root:
        raise LogInconsistent(
            f"the log holds {state.size} entries, the last signed checkpoint covers {size}; "
            "nothing is appended. Run 'lodeline log fsck'."
        )
    if last:
        notebook.require_signed(last)


def _sign(state: LogState, tree: Frontier, now: datetime) -> None:
    """Compare-and-swap the state, sign and store the checkpoint, publish it with the transaction."""
    root = tree.root()
    swapped = LogState.objects.filter(name=MAIN, size=state.size, root=bytes(state.root)).update(
        size=tree.size, root=root, frontier=b"".join(tree.hashes)
    )
    if swapped != 1:
        raise LogInconsistent("another writer moved the log on; nothing is appended")
    note = notes.sign(
        notes.Checkpoint(origin=settings.LOG_ORIGIN, size=tree.size, root=root), vault.signing_key()
    )
    Checkpoint.objects.create(size=tree.size, root=root, note=note, created_at=now)
    publish(
        key=notebook.KEY,
        forms={notebook.MEDIA_TYPE: note.encode()},
        kind="checkpoint",
        position=tree.size - 1,
        now=now,
    )
    # Robust: what is committed stays acknowledged even if the copy cannot be written (full disk).
    transaction.on_commit(notebook.copy_to_file, robust=True)
