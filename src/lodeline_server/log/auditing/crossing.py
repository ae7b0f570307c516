"""The newest checkpoint of each book, stated in the other: neither can be replaced alone.

A statement of the type `log.checkpoint` says a book's name, its size and the signed checkpoint. Nothing is stated
while a book only grew by such statements, so two idle books stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from django.db import transaction

from lodeline.access import platform
from lodeline.log import merkle
from lodeline.log.checkpoint import CheckpointRefused
from lodeline.sealing import Unreadable
from lodeline_server.log import actions, notebook, queries, tiles
from lodeline_server.log.auditing.sequencer import make_keys
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.fsck_entries import bad
from lodeline_server.log.own import INSTALLATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from lodeline.evidence import Finding
    from lodeline_server.log.books import Book

TYPE: Final = "log.checkpoint"
PAIRS: Final = ((MAIN, AUDIT), (AUDIT, MAIN))


@frozen(kw_only=True)
class Crossed:
    """The checkpoint of `size` entries of the book `of` stands at `position` in the book `into`."""

    of: str
    into: str
    size: int
    position: int


def cross(now: datetime) -> list[Crossed]:
    """State what moved, each in a transaction of its own. Raises what `append` raises."""
    return [done for into, of in PAIRS if (done := _state(into, of, now)) is not None]


def last(into: Book) -> Crossed | None:
    """The newest crossing that stands in a book."""
    rows = into.entries.objects.filter(type=TYPE).order_by("-position").values_list("position", flat=True)
    for position in rows[:1]:
        found = queries.get(position, book=into)
        if found is not None:
            said = found.payload
            return Crossed(of=said["log"], into=into.name, size=said["size"], position=position)
    return None


def _state(into: Book, of: Book, now: datetime) -> Crossed | None:
    newest = notebook.newest(of)
    if newest is None:
        return None
    before = last(into)
    moved = of.entries.objects.filter(position__gte=before.size if before else 0).exclude(type=TYPE)
    if not moved.exists():
        return None
    with transaction.atomic():
        make_keys({INSTALLATION})
        done = actions.append(
            actor=platform(),
            workspace=INSTALLATION,
            statements=[actions.NewStatement(type=TYPE, payload=_payload(of, newest.size, newest.note))],
            now=now,
            book=into,
        )
    return Crossed(of=of.name, into=into.name, size=newest.size, position=done[0].position)


def _payload(of: Book, size: int, note: str) -> dict[str, Any]:
    return {"log": of.name, "size": size, "checkpoint": note}


def check() -> list[Finding]:
    """Every crossing against the other book as it is: signed by us, no longer than it, and of the same tree."""
    return [finding for into, of in PAIRS for finding in _check(into, of)]


def _check(into: Book, of: Book) -> Iterator[Finding]:
    end, largest = queries.size(of), 0
    subtree = tiles.reader(of)
    try:
        for found in queries.read(types={TYPE}, book=into):
            where = f"{into.name}/{found.position}"
            try:
                signed = notebook.read(str(found.payload.get("checkpoint", "")), of)
            except CheckpointRefused as refused:
                yield bad(
                    "L-CROSS-SIGNATURE", where, f"the checkpoint that it states does not verify: {refused}"
                )
                continue
            if signed.size < largest:
                yield bad(
                    "L-CROSS-ORDER", where, f"{of.name} had {largest} entries before, {signed.size} here"
                )
            largest = max(largest, signed.size)
            if signed.size > end:
                yield bad(
                    "L-CROSS-SHORT", where, f"{of.name} had {signed.size} entries then, and has {end} now"
                )
            elif _root(subtree, signed.size) != signed.root:
                yield bad("L-CROSS-ROOT", where, f"{of.name} had another root at {signed.size} entries")
    except Unreadable as damage:
        yield bad("L-CROSS-UNREADABLE", into.name, str(damage))


def _root(subtree: Callable[[int, int], bytes], size: int) -> bytes | None:
    """The root of the first `size` entries as their tiles have it; None when tiles are missing."""
    try:
        return merkle.range_hash(subtree, 0, size) if size else merkle.EMPTY_ROOT
    except ValueError:
        return None
