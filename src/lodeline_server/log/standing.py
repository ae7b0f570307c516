"""Where a statement stands: its way into the newest checkpoint, checked as a stranger would check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline import strictjson
from lodeline.log import receipt
from lodeline.log.checkpoint import Checkpoint, CheckpointRefused
from lodeline.log.leaf import decode
from lodeline.log.merkle import leaf_hash
from lodeline.log.proof import ProofError, verify_inclusion
from lodeline.sealing import commit
from lodeline_server.kit.problems import Problem
from lodeline_server.log import notebook, quorum
from lodeline_server.log.books import MAIN
from lodeline_server.log.file_content import tree
from lodeline_server.log.queries import LARGEST

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.log.books import Book
    from lodeline_server.log.queries import Statement


@frozen(kw_only=True)
class Standing:
    """`faults` names the steps that do not hold: leaf, commitment, path, signature. None: all of them hold."""

    position: int
    size: int
    root: bytes
    note: str
    signed_at: datetime
    path: tuple[bytes, ...]
    faults: tuple[str, ...]

    def receipt(self) -> str:
        """The proof as text (C2SP tlog-proof)."""
        return receipt.make(self.position, self.path, self.note).text()


def standing(statement: Statement, book: Book = MAIN, size: int | None = None) -> Standing:
    """Of a stored statement. An erased one has no commitment to compare; its path is checked all the same.

    `size`: under the checkpoint of that size; the newest when None. Raises `Problem` 404 when none of that size was
    signed, 500 when statements are stored and no checkpoint is.
    """
    newest = notebook.newest(book)
    if newest is None:
        raise Problem(500, "No checkpoint is stored", detail="'lodeline log fsck' tells more")
    if size is not None:
        newest = book.checkpoints.objects.filter(size=size).first() if size < LARGEST else None
        if newest is None:
            raise Problem(404, "No such checkpoint", detail=f"none of {size} entries was signed")
        if statement.position >= size:
            raise Problem(
                404, "Not in the log", detail=f"no position {statement.position} in a tree of {size}"
            )
    faults = [*_record(statement)]
    note = quorum.cosigned(book, newest.size) or newest.note
    try:
        signed = notebook.read(note, book)
        if (signed.size, signed.root) != (newest.size, bytes(newest.root)):
            faults.append("signature")
    except CheckpointRefused:
        faults.append("signature")
    path: tuple[bytes, ...] = ()
    try:
        point = Checkpoint(origin=book.origin, size=newest.size, root=bytes(newest.root))
        path = tuple(tree(book, point).inclusion(statement.position))
        verify_inclusion(leaf_hash(statement.leaf), statement.position, newest.size, path, bytes(newest.root))
    except (ProofError, ValueError):
        faults.append("path")
    return Standing(
        position=statement.position,
        size=newest.size,
        root=bytes(newest.root),
        note=note,
        signed_at=newest.created_at,
        path=path,
        faults=tuple(faults),
    )


def _record(statement: Statement) -> list[str]:
    try:
        leaf = decode(statement.leaf)
    except ValueError:
        return ["leaf"]
    if (leaf.type, leaf.time) != (statement.type, statement.time):
        return ["leaf"]
    if statement.erased or commit(statement.salt, strictjson.canonical(statement.payload)) == leaf.commitment:
        return []
    return ["commitment"]
