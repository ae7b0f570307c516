"""Our own log held against our own database: the same entries, a row for each statement, a statement for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.evidence import Finding, Severity
from lodeline_server.log import sources
from lodeline_server.log.books import MAIN

if TYPE_CHECKING:
    from lodeline_server.log.books import Book
    from lodeline_server.log.monitor import State

MOST = 100


def compare(book: Book, state: State) -> list[Finding]:
    """At most 100 findings. `state` is what the published log showed and proved."""
    found: list[Finding] = []
    signed = book.checkpoints.objects.filter(size=state.size).values_list("root", flat=True).first()
    if signed is None or bytes(signed) != state.root:
        said = f"the database does not know the published checkpoint of {state.size} entries"
        found.append(_finding("M-DATABASE", "checkpoint", said))
    count = book.entries.objects.filter(position__lt=state.size).count()
    if count != state.size:
        said = f"the published log has {state.size} entries, the database holds {count} of them"
        found.append(_finding("M-DATABASE", "entries", said))
    if book is MAIN:
        for rule, position, said in sources.compare(state.size):
            found.append(_finding(rule, str(position), said))
            if len(found) >= MOST:
                break
    return found


class Entries:
    """Compares the entries that the monitor saw with those in the database, some at a time."""

    CHUNK = 2_000

    def __init__(self, book: Book) -> None:
        self.book = book
        self.findings: list[Finding] = []
        self._waiting: dict[int, bytes] = {}

    def see(self, position: int, entry: bytes) -> None:
        self._waiting[position] = entry
        if len(self._waiting) >= self.CHUNK:
            self.finish()

    def finish(self) -> list[Finding]:
        """Compare what waits; all findings so far, at most 100."""
        waiting, self._waiting = self._waiting, {}
        if waiting:
            rows = self.book.entries.objects.filter(position__gte=min(waiting), position__lte=max(waiting))
            stored = {position: bytes(leaf) for position, leaf in rows.values_list("position", "leaf")}
            for position, entry in waiting.items():
                if stored.get(position) != entry and len(self.findings) < MOST:
                    said = "the published entry is not the one in the database"
                    self.findings.append(_finding("M-DATABASE", str(position), said))
        return self.findings


def _finding(rule: str, pointer: str, said: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer, message=said)
