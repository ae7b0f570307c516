"""One walk over all entries: leaf by leaf, tile by tile, checkpoint by checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.evidence import Finding, Severity
from lodeline.log.checkpoint import CheckpointRefused
from lodeline.log.leaf import decode
from lodeline.log.merkle import Frontier, leaf_hash, root_of
from lodeline.sealing import Unreadable, commit
from lodeline_server.log import notebook, tiles, vault
from lodeline_server.log.books import MAIN
from lodeline_server.log.models import LogState
from lodeline_server.log.queries import opened, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.log.books import Book
    from lodeline_server.log.models import CheckpointRow, EntryRow

CHUNK = 2_000


def bad(rule: str, pointer: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer, message=message)


class Walk:
    """Derives the tree of the first `size` entries. After `findings()`, `root` is what they lead to."""

    def __init__(self, size: int, room: int, book: Book = MAIN) -> None:
        self.size, self.room, self.book = size, room, book
        self.tree = Frontier()
        self.keys = vault.Keyring()
        self.lost = lost(book)
        self.edges: list[list[bytes]] = []  # hashes of the unfinished tile of each level

    @property
    def root(self) -> bytes:
        return self.tree.root()

    def findings(self) -> list[Finding]:
        """What is wrong, in log order; at most `room` findings are kept."""
        found: list[Finding] = []
        for finding in self._walk():
            if len(found) < self.room:
                found.append(finding)
        return found

    def _walk(self) -> Iterator[Finding]:
        signed = self.book.checkpoints.objects.filter(size__lte=self.size).order_by("size")
        points = signed.iterator(CHUNK)
        point = next(points, None)
        for entry in self._entries():
            if entry.position != self.tree.size:
                yield bad("L-GAP", str(self.tree.size), f"position {self.tree.size} is missing")
                return
            gone = any(entry.position in positions for positions in self.lost)
            yield from check(entry, self.keys) if entry.sealed or not gone else bare(entry)
            leaf = leaf_hash(bytes(entry.leaf))
            self.tree.append(leaf)
            yield from self._tile(0, leaf)
            while point is not None and point.size <= self.tree.size:
                yield from self._signed(point, entry.position)
                point = next(points, None)
        if self.tree.size < self.size:
            yield bad("L-GAP", str(self.tree.size), f"position {self.tree.size} is missing")
            return
        for level, edge in enumerate(self.edges):
            if edge:
                index = self.size >> tiles.LEVEL_BITS * (level + 1)
                yield from self._compare(level, index, edge)

    def _signed(self, point: CheckpointRow, position: int) -> Iterator[Finding]:
        """A checkpoint of the present size: row and note are for this tree, and the note is signed by us."""
        try:
            signed = notebook.read(point.note, self.book)
        except CheckpointRefused as refused:
            yield bad(
                "L-SIGNATURE",
                str(position),
                f"the checkpoint of size {point.size} does not verify: {refused}",
            )
            return
        here = (self.tree.size, self.tree.root())
        if here != (point.size, bytes(point.root)) or here != (signed.size, signed.root):
            yield bad(
                "L-HISTORY", str(position), f"the checkpoint of size {point.size} was signed for another tree"
            )

    def _entries(self) -> Iterator[EntryRow]:
        """In chunks by position: one long cursor would hold the database's clean-up back."""
        rows = self.book.entries.objects.select_related("subject_key")
        rows = rows.filter(position__lt=self.size).order_by("position")
        start = 0
        while chunk := list(rows.filter(position__gte=start)[:CHUNK]):
            yield from chunk
            start = chunk[-1].position + 1

    def _tile(self, level: int, value: bytes) -> Iterator[Finding]:
        """Put a hash on the edge of a level; a full tile is compared and feeds the level above."""
        if level == len(self.edges):
            self.edges.append([])
        edge = self.edges[level]
        edge.append(value)
        if len(edge) == tiles.WIDTH:
            index = (self.tree.size >> tiles.LEVEL_BITS * (level + 1)) - 1
            yield from self._compare(level, index, edge)
            self.edges[level] = []
            yield from self._tile(level + 1, root_of(edge))

    def _compare(self, level: int, index: int, edge: list[bytes]) -> Iterator[Finding]:
        derived, stored = b"".join(edge), tiles.stored(level, index, self.book)
        if stored == derived:
            return
        grown = (
            stored.startswith(derived)
            and LogState.objects.filter(name=self.book.name, size__gt=self.size).exists()
        )
        if not grown:
            first = index << tiles.LEVEL_BITS * (level + 1)
            yield bad("L-TILE", str(first), f"hash tile {index} of level {level} is not that of the entries")


def lost(book: Book) -> list[range]:
    """The positions whose payloads were lost with an older database, as `log.resumed` statements say."""
    found = []
    for said in read(types=["log.resumed"], book=book):
        body = said.payload.get("body", {})
        if isinstance(body.get("from"), int) and isinstance(body.get("to"), int):
            found.append(range(body["from"], body["to"]))
    return found


def bare(entry: EntryRow) -> Iterator[Finding]:
    """One entry of which the leaf came back and nothing else."""
    at = str(entry.position)
    try:
        leaf = decode(bytes(entry.leaf))
    except ValueError as error:
        yield bad("L-LEAF", at, f"the leaf is not a leaf record: {error}")
        return
    if leaf_hash(bytes(entry.leaf)) != bytes(entry.leaf_hash):
        yield bad("L-HASH", at, "the stored leaf hash is not that of the leaf")
    if (leaf.type, leaf.time) != (entry.type, entry.time):
        yield bad("L-ROW", at, "type or time beside the leaf differ from those in it")


def check(entry: EntryRow, keys: vault.Keyring) -> Iterator[Finding]:
    """One entry by itself: leaf record, its hash, the columns beside it, seal and commitment."""
    at = str(entry.position)
    try:
        leaf = decode(bytes(entry.leaf))
    except ValueError as error:
        yield bad("L-LEAF", at, f"the leaf is not a leaf record: {error}")
        return
    if leaf_hash(bytes(entry.leaf)) != bytes(entry.leaf_hash):
        yield bad("L-HASH", at, "the stored leaf hash is not that of the leaf")
    try:
        owner = keys[entry.workspace, entry.key_version]
    except Unreadable as error:
        yield bad("L-KEY", at, str(error))
        return
    if (leaf.type, leaf.time, leaf.tenant) != (entry.type, entry.time, owner.pseudonym):
        yield bad("L-ROW", at, "type, time or workspace beside the leaf differ from those in it")
        return
    if entry.subject_key is not None and entry.subject_key.destroyed_at is not None:
        return  # erased: the leaf stands, the payload cannot be opened any more
    try:
        salt, payload = opened(entry, keys)
    except Unreadable:
        yield bad("L-SEALED", at, "the sealed payload cannot be opened: changed, moved, or the wrong key")
        return
    if commit(salt, payload) != leaf.commitment:
        yield bad("L-COMMITMENT", at, "payload and salt do not lead to the commitment in the leaf")
