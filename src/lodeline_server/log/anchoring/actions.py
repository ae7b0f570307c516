"""Queueing anchors, and bringing them on. The network is used between transactions, never inside one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from django.db import connection, transaction
from django.db.models import Q

from lodeline.access import Permission
from lodeline.log.anchors.states import OPEN, State, move, pause
from lodeline.log.checkpoint import CheckpointRefused
from lodeline_server.log import books, notebook
from lodeline_server.log.anchoring import targets
from lodeline_server.log.anchoring.kinds import AnchorError, Outcome, Subject, Superseded, opened
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.backend import LogInconsistent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.log.anchoring.kinds import Kind
    from lodeline_server.log.anchoring.targets import Target
    from lodeline_server.log.models import CheckpointRow

logger = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)  # longer than all waiting for one anchor's answers
LOOK_AGAIN = timedelta(seconds=15)
ROUNDS = 4  # steps of one anchor in one go
MOST = 500  # anchors in one go
LONGEST_ERROR = 500


@frozen(kw_only=True)
class Worked:
    """How many were looked at, became final, and are failing."""

    looked_at: int = 0
    final: int = 0
    failing: int = 0


def queue(*, actor: Actor, now: datetime, only: str = "", at_once: bool = False) -> list[Anchor]:
    """Put the newest checkpoint of each book into the outbox of every target that is due; the new rows.

    Due: the book moved since the target's last one, and the target's period is over (`at_once`: even if not).
    Raises `TargetsRefused`; `LogInconsistent` for a checkpoint that we have not signed.
    """
    actor.require(Permission.OPERATE)
    found = []
    for target in _targets(only):
        for name in target.books:
            book = books.book(name)
            newest = notebook.newest(book)
            if newest is None or newest.size == 0:
                continue
            last = Anchor.objects.filter(book=name, kind=target.kind, target=target.name)
            last = last.order_by("-queued_at", "-pk").first()
            if last is not None and not at_once and now - last.queued_at < target.every:
                continue
            require_ours(newest, name)
            row, fresh = Anchor.objects.get_or_create(
                book=name,
                size=newest.size,
                root=bytes(newest.root),
                kind=target.kind,
                target=target.name,
                defaults={
                    "note": newest.note,
                    "state": State.WAITING,
                    "queued_at": now,
                    "next_at": now,
                    "changed_at": now,
                },
            )
            if fresh:
                found.append(row)
    return found


def work(*, actor: Actor, now: datetime, only: str = "", at_once: bool = False) -> Worked:
    """Bring every anchor on that is due (`at_once`: every open one), oldest size first."""
    actor.require(Permission.OPERATE)
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("anchors use the network: not inside a transaction")
    known = {one.name: one for one in _targets(only)}
    rows = Anchor.objects.filter(state__in=OPEN).exclude(next_at=None)
    rows = rows.filter(target__in=known) if only else rows
    rows = rows if at_once else rows.filter(next_at__lte=now)
    kinds: dict[str, Kind] = {}
    done = Worked()
    for row in rows.order_by("size", "pk")[:MOST]:
        free = Q(busy_until=None) | Q(busy_until__lt=now)
        if Anchor.objects.filter(free, pk=row.pk).update(busy_until=now + LEASE) != 1:
            continue  # another process has it
        row.refresh_from_db()
        try:
            _bring_on(row, known.get(row.target), kinds, now)
        finally:
            Anchor.objects.filter(pk=row.pk).update(busy_until=None)
        done = Worked(
            looked_at=done.looked_at + 1,
            final=done.final + (row.state == State.FINAL),
            failing=done.failing + bool(row.error),
        )
    return done


def _targets(only: str) -> Sequence[Target]:
    found = [one for one in targets.load() if only in ("", one.name)]
    if only and not found:
        raise targets.TargetsRefused(f"{targets.FILE} names no anchor {only!r}")
    return found


def subject_of(row: Anchor) -> Subject:
    return Subject(book=row.book, size=row.size, root=bytes(row.root), note=row.note, queued_at=row.queued_at)


def _bring_on(row: Anchor, target: Target | None, kinds: dict[str, Kind], now: datetime) -> None:
    """Step until it waits, is final, or fails. What fails is tried again after a pause that grows."""
    try:
        if target is None or target.kind != row.kind:
            raise AnchorError(f"{targets.FILE} names no anchor {row.target!r} of kind {row.kind}")  # noqa: TRY301
        require_ours(row, row.book)
        kind = kinds.get(target.name) or kinds.setdefault(target.name, opened(target))
        for _ in range(ROUNDS):
            before = row.state
            _step(row, kind, now)
            if row.state in (before, State.FINAL):
                break
    except Superseded as said:
        if row.state not in (State.WAITING, State.LOST):
            _store(row, Outcome(state=State.LOST), now)
        row.next_at, row.error = None, str(said)[:LONGEST_ERROR]
        row.save()
    except (AnchorError, LogInconsistent) as error:
        _failed(row, str(error), now)
    except Exception as error:
        logger.exception("anchor", anchor=str(row))
        _failed(row, f"unexpected: {error!r}", now)


def _step(row: Anchor, kind: Kind, now: datetime) -> None:
    subject = subject_of(row)
    state = State(row.state)
    if state in (State.WAITING, State.LOST):
        if not bytes(row.request):
            row.request, row.detail = kind.begin(subject)
        row.state, row.changed_at = move(state, State.SUBMITTED), now
        row.save()  # before anything is sent
        outcome = kind.send(subject, bytes(row.request), row.detail, now)
    else:
        found = kind.look(subject, bytes(row.receipt), row.detail)
        if found is None and state is State.SUBMITTED:  # sent or not: the same request again anchors once
            found = kind.send(subject, bytes(row.request), row.detail, now)
        outcome = found or Outcome(state=State.LOST, said="what was included is gone")
    _store(row, outcome, now)


def require_ours(row: Anchor | CheckpointRow, book: str) -> None:
    """Raise `LogInconsistent` unless the note says what the row says and we have signed it: rows can be edited."""
    try:
        signed = notebook.read(row.note, books.book(book))
    except CheckpointRefused as refused:
        raise LogInconsistent(f"the stored checkpoint does not verify: {refused}") from None
    if (signed.size, signed.root) != (row.size, bytes(row.root)):
        raise LogInconsistent("the stored checkpoint was signed for another tree")


def _store(row: Anchor, outcome: Outcome, now: datetime) -> None:
    """Write where it is now, at once and by itself."""
    if row.state != outcome.state:
        row.changed_at = now
    row.state = move(State(row.state), outcome.state)
    row.receipt = row.receipt if outcome.receipt is None else outcome.receipt
    row.request = row.request if outcome.request is None else outcome.request
    row.detail = {**row.detail, **outcome.detail}
    row.attested_at = outcome.attested_at or row.attested_at
    row.error, row.failures = outcome.said[:LONGEST_ERROR], 0
    row.next_at = None if row.state == State.FINAL else now + LOOK_AGAIN
    if row.state == State.LOST:
        row.losses += 1
        row.attested_at = None
        logger.warning("anchor lost", anchor=str(row), said=outcome.said)
    row.save()


def _failed(row: Anchor, said: str, now: datetime) -> None:
    row.refresh_from_db()
    row.failures += 1
    row.error, row.next_at = said[:LONGEST_ERROR], now + pause(row.failures)
    row.save()
    logger.warning("anchor failed", anchor=str(row), failures=row.failures, said=said)
