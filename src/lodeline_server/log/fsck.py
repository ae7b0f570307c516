"""Re-deriving the log: every commitment, every leaf, the tiles, the root, every checkpoint ever signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.log import checkpoint as notes
from lodeline.log.merkle import Frontier
from lodeline_server.log import notebook, rotation, tiles
from lodeline_server.log.books import MAIN
from lodeline_server.log.fsck_entries import Walk, bad
from lodeline_server.log.models import LogState
from lodeline_server.publishing.queries import published

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.evidence import Finding
    from lodeline_server.log.books import Book

ENOUGH = 100


@frozen(kw_only=True)
class Verdict:
    """`size` entries were looked at; `root` is what they lead to. Sound when there are no findings.

    `first_bad` is the first position at fault, where a finding names one; at most 100 findings are listed.
    """

    size: int
    root: bytes
    findings: tuple[Finding, ...]

    @property
    def first_bad(self) -> int | None:
        return min((int(one.pointer) for one in self.findings if one.pointer.isdecimal()), default=None)


def fsck(*, quick: bool = False, book: Book = MAIN) -> Verdict:
    """Check the log. `quick` compares the stored tree with the signed checkpoint and opens no entry.

    The log may grow meanwhile: what was there at the start is checked.
    """
    state = LogState.objects.filter(name=book.name).first()
    size, root = (state.size, bytes(state.root)) if state else (0, Frontier().root())
    findings = [*_signed(book, size, root), *_file(book), *_published(book)]
    if state and not _leads(state, root):
        findings.append(
            bad("L-FRONTIER", "state", "the stored right edge of the tree does not lead to its root")
        )
    findings += [bad("L-SIGNER", str(position), words) for position, words in rotation.faults(book)]
    if not quick:
        walk = Walk(size, room=ENOUGH, book=book)
        findings += walk.findings()
        findings += _beyond(book)
        if walk.root != root:
            findings.append(bad("L-ROOT", "state", "the entries lead to another root than the stored one"))
        root = walk.root
    return Verdict(size=size, root=root, findings=tuple(findings[:ENOUGH]))


def _size(book: Book) -> int:
    return LogState.objects.filter(name=book.name).values_list("size", flat=True).first() or 0


def _leads(state: LogState, root: bytes) -> bool:
    try:
        return Frontier(state.size, tiles.hashes(bytes(state.frontier))).root() == root
    except ValueError:
        return False


def _signed(book: Book, size: int, root: bytes) -> Iterator[Finding]:
    """The newest checkpoint within the tree's size is signed by us and covers exactly this tree."""
    last = book.checkpoints.objects.filter(size__lte=size).order_by("-size").first()
    if last is None:
        if size:
            yield bad("L-UNSIGNED", "checkpoint", f"the log holds {size} entries and no signed checkpoint")
    elif last.size != size or bytes(last.root) != root:
        yield bad(
            "L-CHECKPOINT",
            "checkpoint",
            f"the last signed checkpoint is of size {last.size}, the stored tree of {size}, or their roots differ",
        )
    later = book.checkpoints.objects.order_by("-size").values_list("size", flat=True).first() or 0
    if later > _size(book):
        yield bad(
            "L-CHECKPOINT", "checkpoint", f"a checkpoint of size {later} was signed, the tree is smaller"
        )
    if last is not None:
        try:
            signed = notebook.read(last.note, book)
        except notes.CheckpointRefused as refused:
            yield bad("L-SIGNATURE", "checkpoint", f"the last checkpoint does not verify: {refused}")
        else:
            if (signed.size, signed.root) != (last.size, bytes(last.root)):
                yield bad("L-SIGNATURE", "checkpoint", "the note of the last checkpoint is for another tree")


def _file(book: Book) -> Iterator[Finding]:
    """The copy in the data folder is one of our checkpoints: a newer one there means an older database here."""
    try:
        note = notebook.file(book).read_text(encoding="utf-8")
        copy = notebook.read(note, book)
    except FileNotFoundError:
        return
    except (UnicodeDecodeError, notes.CheckpointRefused) as refused:
        yield bad("L-FILE", "log/checkpoint", f"the checkpoint in the data folder does not verify: {refused}")
        return
    known = book.checkpoints.objects.filter(size=copy.size).values_list("root", flat=True).first()
    if known is None:
        yield bad(
            "L-ROLLBACK",
            "log/checkpoint",
            f"the data folder holds a signed checkpoint of size {copy.size} that the database does not know: "
            "an older database was put in place",
        )
    elif bytes(known) != copy.root:
        yield bad(
            "L-FORK", "log/checkpoint", f"two signed checkpoints of size {copy.size} have different roots"
        )


def _published(book: Book) -> Iterator[Finding]:
    """The public bytes, where there are some yet, are a checkpoint that the database knows; perhaps an earlier one."""
    form = published(notebook.key(book), notebook.MEDIA_TYPE)
    if form is None:
        return
    note = bytes(form.body).decode(errors="replace")
    known = book.checkpoints.objects.filter(size=form.position + 1).values_list("note", flat=True).first()
    if known is None or not _same(book, note, known):
        yield bad(
            "L-PUBLISHED", notebook.key(book), "the published checkpoint is not one that was signed here"
        )


def _same(book: Book, note: str, known: str) -> bool:
    """The note that we signed, and perhaps lines of witnesses below it."""
    try:
        return note == known or (note.startswith(known) and bool(notebook.read(note, book)))
    except notes.CheckpointRefused:
        return False


def _beyond(book: Book) -> Iterator[Finding]:
    """No entries behind the tree's end. Asked in this order, a growing log is no finding."""
    last = book.entries.objects.order_by("-position").values_list("position", flat=True).first()
    size = _size(book)
    if last is not None and last >= size:
        yield bad("L-SIZE", str(size), f"entries up to {last} are stored, the tree has {size}")
