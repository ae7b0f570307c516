"""Reading books. Nothing crosses a workspace's border, and a supplier reads the books of its own sites."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Q

from lodeline.lots.credits import Course, Entry, Ledger
from lodeline.lots.massbook import page
from lodeline_server.evidence import queries as evidence
from lodeline_server.log import projections
from lodeline_server.log import queries as log
from lodeline_server.lots.custody import statements as said
from lodeline_server.lots.custody.models import (
    CustodyBook,
    CustodyClosing,
    CustodyEntry,
    CustodyRemark,
    CustodyScheme,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline.lots.credits import Account, Closing
    from lodeline.lots.massbook import BookPage
    from lodeline.lots.schemes import Period, Scheme
    from lodeline_server.lots.custody.findings import CustodyFinding


def books(actor: Actor) -> QuerySet[CustodyBook]:
    """The books an actor may open: all of the workspace; for a supplier those of its own sites."""
    rows = CustodyBook.objects.filter(workspace_id=actor.workspace)
    return rows.filter(site__in=own_sites(actor)) if actor.only_own else rows


def own_sites(actor: Actor) -> list[str]:
    """The sites of the actor's organisation, by their profiles."""
    if actor.workspace is None or not actor.party:
        return []
    return list(evidence.sites(actor.workspace).filter(party=actor.party).values_list("uri", flat=True))


def one(actor: Actor, ref: str) -> CustodyBook | None:
    return books(actor).filter(ref=ref).first()


def entries(book: CustodyBook) -> QuerySet[CustodyEntry]:
    """Everything that names a book, in the order in which it came."""
    return CustodyEntry.objects.filter(Q(book=book) | Q(into=book)).order_by("position")


def entry(actor: Actor, ref: str) -> CustodyEntry | None:
    found = CustodyEntry.objects.filter(workspace_id=actor.workspace, ref=ref)
    visible = books(actor)
    rows = found.filter(Q(book__in=visible) | Q(into__in=visible)) if actor.only_own else found
    return rows.select_related("book", "into").first()


def remark(row: CustodyEntry) -> CustodyRemark | None:
    """Who approved it and what was said; None also when that person was erased."""
    return CustodyRemark.objects.filter(workspace_id=row.workspace_id, ref=row.ref).first()


def closings(book: CustodyBook) -> QuerySet[CustodyClosing]:
    return CustodyClosing.objects.filter(book=book).order_by("start")


def claims(actor: Actor, events: Collection[str]) -> QuerySet[CustodyEntry]:
    """The claims that stand on any of these events."""
    rows = CustodyEntry.objects.filter(
        workspace_id=actor.workspace, event__in=list(events), kind="claim", reversed_by=None
    )
    rows = rows.filter(book__in=books(actor)) if actor.only_own else rows
    return rows.select_related("book").order_by("position")


# --- ledgers ------------------------------------------------------------------------------------------


def courses(workspace: int, *, tail: Iterable[Scheme] = ()) -> dict[str, Course]:
    """The schemes by name, all their versions. `tail`: versions that no row holds yet."""
    found: dict[str, Course] = {}
    rows = CustodyScheme.objects.filter(workspace_id=workspace).order_by("position")
    for scheme in (*(said.scheme(row.content) for row in rows), *tail):
        found[scheme.name] = (
            found[scheme.name].followed_by(scheme) if scheme.name in found else Course((scheme,))
        )
    return found


def ledger(workspace: int) -> Ledger:
    """All books of a workspace as of now, kept in this process until the log moves on. Not to be posted to."""
    return _ledger(workspace, projections.position("custody"), log.checkpoint())


@lru_cache(maxsize=4)
def _ledger(workspace: int, _position: int, _checkpoint: str | None) -> Ledger:
    return Ledger.restored(courses(workspace), _records(workspace))


def _records(workspace: int, wanted: Q | None = None, end: int | None = None) -> list[Entry | Closing]:
    """Entries and closings in the order in which they came; `wanted`: of entries."""
    rows = CustodyEntry.objects.filter(workspace_id=workspace)
    shut = CustodyClosing.objects.filter(workspace_id=workspace)
    if wanted is not None:
        rows = rows.filter(wanted)
    if end is not None:
        rows, shut = rows.filter(position__lt=end), shut.filter(position__lt=end)
    found: list[tuple[int, Entry | Closing]] = [
        (at, said.entry(body)) for at, body in rows.values_list("position", "content")
    ]
    found += [(at, said.closing(body)) for at, body in shut.values_list("position", "content")]
    return [record for _, record in sorted(found, key=lambda pair: pair[0])]


def ledger_now(workspace: int, about: Collection[Entry]) -> Ledger:
    """What is needed to judge new entries, up to the log's very end: for actions that hold the log's lock.

    Holds whole the books that these entries name; of others only what uses the same sources.
    """
    accounts = {account for one in about for account in (one.account, one.into) if account is not None}
    return _ledger_to_the_end(workspace, accounts, about)


def ledger_of_now(workspace: int, accounts: Collection[Account]) -> Ledger:
    """The same, of some books."""
    return _ledger_to_the_end(workspace, set(accounts), ())


def moved_on(workspace: int, position: int) -> bool:
    """Whether anything about books stands in the log from a position on."""
    return any(log.read(position, types=said.TYPES, workspace=workspace, limit=1))


def everything_now(workspace: int) -> tuple[dict[str, Course], list[Entry | Closing]]:
    """All schemes and all that was booked and closed, up to the log's very end."""
    cursor = projections.position("custody")
    later, versions = _tail(workspace, cursor)
    return courses(workspace, tail=versions), [*_records(workspace, None, cursor), *later]


def _tail(workspace: int, cursor: int) -> tuple[list[Entry | Closing], list[Scheme]]:
    """What the projection has not seen yet."""
    found = log.read(cursor, types=said.TYPES - {said.REMARK}, workspace=workspace)
    tail = [one for one in found if not one.erased]
    later: list[Entry | Closing] = [
        said.closing(one.payload["body"]) if one.type == said.CLOSED else said.entry(one.payload["body"])
        for one in tail
        if one.type != said.SCHEME
    ]
    return later, [said.scheme(one.payload["body"]) for one in tail if one.type == said.SCHEME]


def _ledger_to_the_end(workspace: int, accounts: set[Account], about: Collection[Entry]) -> Ledger:
    cursor = projections.position("custody")
    later, versions = _tail(workspace, cursor)
    rows = CustodyEntry.objects.filter(workspace_id=workspace, position__lt=cursor)
    fresh = [one for one in later if isinstance(one, Entry)]
    accounts = accounts | {one for entry in fresh for one in (entry.account, entry.into) if one is not None}
    wrong = {one.reverses for one in (*about, *fresh)} - {""}
    for body in rows.filter(ref__in=wrong).values_list("content", flat=True):
        accounts |= {said.account(body[name]) for name in ("book", "into") if name in body}
    refs = [said.ref(account) for account in accounts]
    sources = {entry.source for entry in about} - {""}
    alike = list(rows.filter(source__in=sources).values_list("ref", flat=True)) if sources else []
    ids = [*(entry.id for entry in about), *wrong, *alike]
    wanted = Q(book__ref__in=refs) | Q(into__ref__in=refs) | Q(ref__in=ids) | Q(reverses__in=ids)
    return Ledger.restored(courses(workspace, tail=versions), [*_records(workspace, wanted, cursor), *later])


def account(book: CustodyBook) -> Account:
    return said.account(
        {
            "scheme": book.scheme,
            "model": book.model,
            "site": book.site,
            "group": book.group,
            "characteristics": book.characteristics.splitlines(),
        }
    )


def period(book: CustodyBook, moment: datetime) -> Period | None:
    """The period of a book's scheme that holds a moment."""
    course = courses(book.workspace_id).get(book.scheme)
    return next((one for one in course.periods if one.holds(moment)), None) if course else None


def periods(book: CustodyBook, now: datetime) -> list[Period]:
    """The periods of a book from its first entry on, those that have begun."""
    course = courses(book.workspace_id).get(book.scheme)
    spans = course.periods if course else ()
    return [one for one in spans if one.end > book.opened and (one.start <= now or one.holds(book.opened))]


def paged(book: CustodyBook, span: Period, now: datetime) -> BookPage:
    """A period of a book."""
    return page(ledger(book.workspace_id), account(book), span, now)


def findings(workspace: int, now: datetime) -> list[CustodyFinding]:
    """Everything that does not fit in the books of a workspace; see `findings.findings`."""
    from lodeline_server.lots.custody.findings import findings as found

    return found(workspace, now)


def schemes(actor: Actor) -> QuerySet[CustodyScheme]:
    """All versions of all schemes of a workspace: its rules are no secret in it."""
    return CustodyScheme.objects.filter(workspace_id=actor.workspace).order_by("name", "position")


def position() -> int:
    """The log position below which books know everything."""
    return projections.position("custody")


def entry_at(actor: Actor, position_: int) -> CustodyEntry | None:
    """An entry by its log position, for who may read one of its books."""
    row = CustodyEntry.objects.filter(
        workspace_id=actor.workspace, position=min(position_, 2**63 - 1)
    ).first()
    return entry(actor, row.ref) if row else None


def entries_named(actor: Actor, refs: Collection[str]) -> list[CustodyEntry]:
    """Entries by their ids, for pages that have chosen the books already."""
    rows = CustodyEntry.objects.filter(workspace_id=actor.workspace, ref__in=list(refs))
    return list(rows.select_related("book", "into").order_by("position"))


def accepted(workspace: int) -> frozenset[str]:
    """The findings with which periods were closed."""
    rows = CustodyClosing.objects.filter(workspace_id=workspace).values_list("content", flat=True)
    return frozenset(one["id"] for content in rows for one in content["findings"])
