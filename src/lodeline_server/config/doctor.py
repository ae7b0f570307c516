"""What an operator should know about this installation, as findings."""

from __future__ import annotations

import shutil
import stat
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection

from lodeline.evidence import Finding, Severity
from lodeline_server.config import folder
from lodeline_server.config.worker import HEARTBEAT
from lodeline_server.log import backend
from lodeline_server.log.books import BOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOW_DISK = 2 * 1024**3
STALE = timedelta(minutes=1)
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


def _finding(rule: str, severity: Severity, pointer: str, message: str) -> Finding:
    return Finding(rule=rule, severity=severity, pointer=pointer, message=message)


def files(data: Path) -> Iterator[Finding]:
    """Secrets are the owner's alone; there is room on the disk."""
    for path in sorted((data / "secrets").glob("*")):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield _finding("D-SECRET-MODE", E, str(path), f"others can read this secret: chmod 600 {path}")
    room = shutil.disk_usage(data).free
    if room < LOW_DISK:
        yield _finding(
            "D-DISK", W, str(data), f"{room // 1024**2} MiB are free; below 2 GiB captures may soon stop"
        )


def database() -> Iterator[Finding]:
    """The database answers, keeps what it acknowledges, and is at this program's level."""
    try:
        try:
            backend.require_durable()
        except backend.Unsafe as unsafe:
            yield _finding("D-SYNC", E, "database", str(unsafe))
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA quick_check(1)")
                if (said := cursor.fetchone()[0]) != "ok":
                    yield _finding(
                        "D-DAMAGED", E, "database", f"SQLite reports damage: {said}. Restore a backup."
                    )
        if waiting := folder.pending():
            words = f"{len(waiting)} migrations wait: start the server once, or 'lodeline manage migrate'"
            yield _finding("D-MIGRATE", E, "database", words)
    except DatabaseError as error:
        yield _finding("D-DATABASE", E, "database", f"the database does not answer: {error}")


def work(data: Path, now: datetime) -> Iterator[Finding]:
    """The worker is alive, projections are up to the log's end, nothing failed unseen."""
    from django_tasks_db.models import DBTaskResult

    from lodeline_server.log import projections, queries

    try:
        seen = datetime.fromisoformat((data / HEARTBEAT).read_text())
        if now - seen > STALE:
            yield _finding(
                "D-WORKER",
                W,
                HEARTBEAT,
                f"the worker was last seen {seen:%Y-%m-%d %H:%M} UTC; queued work waits",
            )
    except (OSError, ValueError):
        yield _finding("D-WORKER", N, HEARTBEAT, "no worker has run here yet; 'lodeline serve' starts one")
    size = queries.size()
    for projection in projections.registered():
        behind = size - projections.position(projection.name)
        if behind:
            yield _finding(
                "D-BEHIND", W, projection.name, f"this projection is {behind} positions behind the log"
            )
    failed = DBTaskResult.objects.failed().count()
    if failed:
        yield _finding("D-FAILED", W, "queue", f"{failed} jobs failed; the operator page lists them")


def log() -> Iterator[Finding]:
    """The signed checkpoint is that of the stored tree. `lodeline log fsck` re-derives every entry."""
    from lodeline_server.log.fsck import fsck

    yield from fsck(quick=True).findings


def anchors(now: datetime) -> Iterator[Finding]:
    """Checkpoints get confirmed outside, where places for that are named."""
    from lodeline_server.log.anchoring.queries import findings

    yield from findings(now)


def address() -> Iterator[Finding]:
    """The public address is the one in our DIDs; without it nothing is signed."""
    from lodeline_server.credentials import addresses, queries

    known = queries.home()
    if not addresses.home():
        words = "this installation is reached by a number: without the name of a host it has no DIDs and signs nothing"
        yield _finding("D-NAMELESS", N if known is None else E, "LODELINE_URL", words)
    elif known is not None and known != addresses.home():
        words = (
            f"our DIDs say {known}, the settings {addresses.home()}: 'lodeline credential did move' enters it"
        )
        yield _finding("D-MOVED", E, "LODELINE_URL", words)


def seen(now: datetime) -> Iterator[Finding]:
    """The audit trail moves on, witnesses cosign, and no log we witness signs what it should not."""
    from lodeline_server.log import health

    told = [("D-AUDIT-LAG", health.outbox(now))]
    told += [("D-WITNESS", health.witnesses(book, now)) for book in BOOKS.values()]
    told += [("D-WITNESSED", line) for line in health.witnessed(now)]
    for rule, line in told:
        if line.kind in {"warn", "bad"}:
            yield _finding(rule, E if line.kind == "bad" else W, line.name, line.words)


def secured() -> Iterator[Finding]:
    """The keys that are needed are in a source; whoever was erased stays erased."""
    from lodeline_server.kit.keystores import KeyUnusable
    from lodeline_server.log import erasing, rotation

    try:
        found = rotation.status()
    except KeyUnusable as unusable:
        yield _finding("D-KEY", E, "keys", str(unusable))
        return
    for one in found["unreadable"]:
        words = f"the key {one['kek']} that wraps the key of workspace {one['workspace']} is in no source"
        yield _finding("D-KEY", E, "kek", words)
    for book in found["books"]:
        if not book["signs"]:
            yield _finding("D-KEY", E, book["book"], "the key that signs its checkpoints is in no source")
        for position, words in rotation.faults(BOOKS[book["book"]]):
            yield _finding("D-KEY", E, f"{book['book']} {position}", words)
    try:
        waiting = erasing.waiting()
    except backend.LogInconsistent as damaged:
        yield _finding("D-ERASED", E, str(erasing.listed()), str(damaged))
        return
    if waiting:
        words = f"{waiting} erasures are not finished: 'lodeline erase --finish'"
        yield _finding("D-ERASED", E, "erasures", words)


def examine(data: Path, now: datetime) -> list[Finding]:
    """All findings. An error means: act before you go on."""
    found = [*files(data), *database()]
    if not any(finding.severity is E for finding in found):
        found += [*work(data, now), *log(), *anchors(now), *seen(now), *secured(), *address()]
    return found
