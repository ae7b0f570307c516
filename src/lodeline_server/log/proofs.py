"""Proofs for any two sizes of a book, from the stored tiles; every hash is led to the newest signed root first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.log import merkle
from lodeline.log.client import LogDamaged
from lodeline_server.kit.problems import Problem
from lodeline_server.log import file_content
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from lodeline.log.client import Tree
    from lodeline_server.log.books import Book


@frozen(kw_only=True)
class Inclusion:
    """`note`: the checkpoint of exactly this size, where one was signed."""

    position: int
    size: int
    leaf_hash: bytes
    root: bytes
    path: tuple[bytes, ...]
    note: str | None


@frozen(kw_only=True)
class Consistency:
    old: int
    new: int
    old_root: bytes
    new_root: bytes
    path: tuple[bytes, ...]


def tree(book: Book = MAIN) -> Tree:
    """The tree under the newest checkpoint, read from the database. `Problem` 404 while the book is empty."""
    point = file_content.signed(book)
    if point is None:
        raise Problem(404, "The log is empty", detail="nothing was appended yet")
    return file_content.tree(book, point)


def inclusion(position: int, size: int | None = None, book: Book = MAIN) -> Inclusion:
    """The way of a position into the tree of `size` (the newest when None).

    `Problem` 404 for what the log does not have, 500 when its tiles are damaged.
    """
    found = tree(book)
    size = found.size if size is None else size
    if not 0 <= position < size <= found.size:
        raise Problem(
            404,
            "Not in the log",
            detail=f"no position {position} in a tree of {size}; the log has {found.size}",
        )
    try:
        path = merkle.inclusion(found.subtree, position, size)
        root, leaf = found.root_at(size), found.leaf_hash(position)
    except LogDamaged as damage:
        raise _damaged(damage) from None
    note = book.checkpoints.objects.filter(size=size).values_list("note", flat=True).first()
    return Inclusion(position=position, size=size, leaf_hash=leaf, root=root, path=tuple(path), note=note)


def consistency(old: int, new: int | None = None, book: Book = MAIN) -> Consistency:
    """The proof that the tree of `new` (the newest when None) extends that of `old`. `Problem` as above."""
    found = tree(book)
    new = found.size if new is None else new
    if not 0 < old <= new <= found.size:
        raise Problem(404, "Not in the log", detail=f"no proof from {old} to {new}; the log has {found.size}")
    try:
        path = merkle.consistency(found.subtree, old, new)
        roots = found.root_at(old), found.root_at(new)
    except LogDamaged as damage:
        raise _damaged(damage) from None
    return Consistency(old=old, new=new, old_root=roots[0], new_root=roots[1], path=tuple(path))


def _damaged(damage: LogDamaged) -> Problem:
    return Problem(500, "The log is damaged", detail=f"{damage}. 'lodeline log fsck' tells more.")
