"""After an older database was put in place: going on with the log that was signed, in the open.

A log must not sign a tree that differs from one it signed. So the leaves that the database lost come back from the
log's static files, and lead to the signed root or to nothing; their payloads stay lost. A statement says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.db import transaction

from lodeline.access import Permission
from lodeline.log import layout
from lodeline.log.leaf import decode
from lodeline.log.merkle import Frontier, leaf_hash
from lodeline_server.kit.problems import Problem
from lodeline_server.log import backend, files, notebook, queries, tiles
from lodeline_server.log.actions import append
from lodeline_server.log.books import MAIN
from lodeline_server.log.models import LogState, TenantKey
from lodeline_server.log.own import INSTALLATION, statement

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.log.checkpoint import Checkpoint
    from lodeline_server.log.books import Book

TYPE = "log.resumed"
UNKNOWN = 0
"""In place of a workspace and a key version that the older database does not know."""
log = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Resumed:
    """Positions `first` to `end` - 1 came back without payloads; the statement about it stands at `position`."""

    first: int
    end: int
    position: int


def resume(*, actor: Actor, reason: str, now: datetime, book: Book = MAIN) -> Resumed:
    """Bring back the leaves up to the newest signed checkpoint and say so in a `log.resumed` statement.

    Raises `Problem` 409 when nothing is missing, or when the static files do not hold what is.
    """
    actor.require(Permission.OPERATE)
    note, copy = _signed(book)
    with transaction.atomic():
        backend.lock(book.lock)
        size = queries.size(book)
        if copy.size <= size:
            raise Problem(
                409, "Nothing is missing", detail=f"The newest signed checkpoint covers {copy.size} entries."
            )
        leaves = _leaves(book, size, copy.size)
        state = LogState.objects.get_or_create(
            name=book.name, defaults={"root": Frontier().root(), "frontier": b""}
        )[0]
        tree = Frontier(state.size, tiles.hashes(bytes(state.frontier)))
        backend.insert(book, _rows(leaves, size))
        tiles.grow(book, tree, [leaf_hash(leaf) for leaf in leaves])
        if tree.root() != copy.root:
            raise Problem(
                409, "The files are of another log", detail="Their leaves do not lead to the signed root."
            )
        LogState.objects.filter(name=book.name).update(
            size=tree.size, root=tree.root(), frontier=b"".join(tree.hashes)
        )
        book.checkpoints.objects.create(size=copy.size, root=copy.root, note=note, created_at=now)
        said = {
            "subject": copy.origin,
            "from": size,
            "to": copy.size,
            "checkpoint": note,
            "reason": reason,
            "by": actor.id,
        }
        (place,) = append(
            actor=actor, workspace=INSTALLATION, now=now, book=book,
            statements=[statement(TYPE, f"urn:x-lodeline:log-resumed:{size}-{copy.size}", said)],
        )  # fmt: skip
    log.warning("log resumed", by=actor.id, book=book.name, first=size, end=copy.size, reason=reason)
    return Resumed(first=size, end=copy.size, position=place.position)


def _signed(book: Book) -> tuple[str, Checkpoint]:
    try:
        note = notebook.file(book).read_text(encoding="utf-8")
        return note, notebook.read(note, book)
    except FileNotFoundError:
        raise Problem(
            409, "Nothing is missing", detail="No newer checkpoint lies beside the database."
        ) from None
    except ValueError as refused:
        raise Problem(
            409, "The checkpoint beside the database is not of this log", detail=str(refused)
        ) from None


def _leaves(book: Book, start: int, end: int) -> list[bytes]:
    """Leaf records from the bundles in the data folder."""
    found: list[bytes] = []
    for index in range(start // layout.WIDTH, (end - 1) // layout.WIDTH + 1):
        first = index * layout.WIDTH
        found += _bundle(book, index, min(layout.WIDTH, end - first))[max(0, start - first) :]
    return found


def _bundle(book: Book, index: int, width: int) -> list[bytes]:
    for wide in dict.fromkeys([width, *range(width + 1, layout.WIDTH), layout.WIDTH]):
        place = layout.at(layout.ENTRIES, index, index * layout.WIDTH + wide)
        try:
            data = (files.folder(book) / place.path).read_bytes()
            return list(layout.unbundle(data, wide))[:width]
        except FileNotFoundError:
            continue
        except ValueError:
            break
    raise Problem(
        409,
        "The files do not hold what is missing",
        detail=f"Put {files.folder(book) / layout.at(layout.ENTRIES, index, index * layout.WIDTH + width).path} in "
        "place, from a mirror of the log.",
    )


def _rows(leaves: list[bytes], start: int) -> list[tuple[Any, ...]]:
    known = dict(TenantKey.objects.order_by("version").values_list("pseudonym", "workspace"))
    versions = dict(TenantKey.objects.order_by("version").values_list("workspace", "version"))
    rows = []
    for position, data in enumerate(leaves, start):
        try:
            leaf = decode(data)
        except ValueError as error:
            raise Problem(
                409, "The files are of another log", detail=f"position {position}: {error}"
            ) from None
        workspace = known.get(leaf.tenant, UNKNOWN)
        rows.append(
            (
                position, leaf.type, workspace, None, backend.instant(leaf.time), data, leaf_hash(data), b"",
                versions.get(workspace, UNKNOWN), None,
            )
        )  # fmt: skip
    return rows
