"""Reading anchors."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.log.anchors.states import State
from lodeline_server.log.anchoring import targets
from lodeline_server.log.anchoring.models import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline_server.log.anchoring.targets import Target
    from lodeline_server.log.books import Book

SHOWN = 50  # failing ones on a page
LATE = 3  # periods of a target without a final anchor, while some wait


def listed() -> QuerySet[Anchor]:
    """All of them, newest first."""
    return Anchor.objects.order_by("-queued_at", "-pk")


def get(pk: int) -> Anchor | None:
    return Anchor.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None


def covering(anchor: Anchor, position: int) -> bool:
    """The anchored checkpoint holds this position, and something outside vouches for a time."""
    return anchor.state == State.FINAL and anchor.attested_at is not None and anchor.size > position


def before(book: Book, position: int) -> list[Anchor]:
    """The first final anchor of each target that covers a position, the earliest time first.

    Each one shows: what stands at this position was in the log before `attested_at`. Exported files are not among
    them: they say nothing about time.
    """
    rows = Anchor.objects.filter(book=book.name).exclude(attested_at=None)
    found = []
    for name in _names(rows):
        row = rows.filter(target=name, state=State.FINAL, size__gt=position).order_by("size").first()
        found += [row] if row else []
    return sorted(found, key=lambda one: (one.attested_at, one.pk))


def _names(rows: QuerySet[Anchor]) -> Iterator[str]:
    """The targets in `rows`, each by one step in the index: however many anchors there are."""
    name: str | None = ""
    while name := rows.filter(target__gt=name).order_by("target").values_list("target", flat=True).first():
        yield name


def until(anchor: Anchor) -> datetime:
    """The confirmed time as it is shown: the next whole second, so that "before" stays true."""
    at = anchor.attested_at or anchor.changed_at
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)


def newest() -> Anchor | None:
    """The main book's largest final anchor that vouches for a time."""
    rows = Anchor.objects.filter(book="main", state=State.FINAL).exclude(attested_at=None)
    return rows.order_by("-size", "attested_at").first()


def failing() -> QuerySet[Anchor]:
    """Those that wait with an error, oldest first."""
    return Anchor.objects.exclude(error="").exclude(next_at=None).order_by("queued_at", "pk")


@frozen(kw_only=True)
class Standing:
    """One target at one book. `size` and `at` are of its newest final anchor; `error` of the oldest failing one."""

    target: str
    kind: str
    book: str
    configured: bool
    size: int
    at: datetime | None
    open: int
    lost: int
    error: str


def standings() -> tuple[list[Standing], str]:
    """Every target that is configured or has anchors, and what is wrong with the file, if anything."""
    said = ""
    known: tuple[Target, ...] = ()
    try:
        known = targets.load()
    except targets.TargetsRefused as refused:
        said = str(refused)
    places = {(one.name, one.kind, name): True for one in known for name in one.books}
    for place in Anchor.objects.order_by().values_list("target", "kind", "book").distinct():
        places.setdefault(place, False)
    return [_standing(*place, configured) for place, configured in sorted(places.items())], said


def _standing(target: str, kind: str, book: str, configured: bool) -> Standing:  # noqa: FBT001
    rows = Anchor.objects.filter(target=target, kind=kind, book=book)
    last = rows.filter(state=State.FINAL).order_by("-size").first()
    waiting = rows.exclude(state=State.FINAL).exclude(next_at=None)
    wrong = waiting.exclude(error="").order_by("queued_at", "pk").first()
    return Standing(
        target=target,
        kind=kind,
        book=book,
        configured=configured,
        size=last.size if last else 0,
        at=(last.attested_at or last.changed_at) if last else None,
        open=waiting.count(),
        lost=rows.filter(losses__gt=0).count(),
        error=wrong.error if wrong else "",
    )


def findings(now: datetime) -> Iterator[Finding]:
    """For `lodeline doctor`: a file that cannot be used, anchors that fail, a clock that stands still."""
    try:
        known = targets.load()
    except targets.TargetsRefused as refused:
        yield Finding(rule="D-ANCHORS", severity=Severity.ERROR, pointer=targets.FILE, message=str(refused))
        return
    for row in failing():
        yield Finding(
            rule="D-ANCHOR",
            severity=Severity.WARNING,
            pointer=row.target,
            message=f"the anchor of {row.book} {row.size} failed {row.failures} times: {row.error}",
        )
    for target in known:
        first = Anchor.objects.filter(target=target.name, kind=target.kind).exclude(next_at=None)
        oldest = first.exclude(state=State.FINAL).filter(error="").order_by("queued_at").first()
        if oldest and now - oldest.queued_at > LATE * target.every:
            yield Finding(
                rule="D-ANCHOR-LATE",
                severity=Severity.WARNING,
                pointer=target.name,
                message=f"the anchor of {oldest.book} {oldest.size} waits since {oldest.queued_at:%Y-%m-%d %H:%M} UTC",
            )
