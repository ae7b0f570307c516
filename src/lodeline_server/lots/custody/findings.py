"""What does not fit in the books of a workspace, with links to entries and events. Nothing is adjusted."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline.lots.bookcheck import Physical, check_course, check_period, check_schemes
from lodeline.lots.entries import Kind
from lodeline_server.log import queries as log
from lodeline_server.lots import queries as lots
from lodeline_server.lots.custody import physical, queries, statements
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from lodeline.evidence import Severity
    from lodeline.lots.bookcheck import BookFinding
    from lodeline.lots.credits import Ledger
    from lodeline.lots.custody import Model
    from lodeline.lots.entries import Account, Entry
    from lodeline.lots.schemes import Group, Period
    from lodeline_server.lots.custody.physical import Moved


KEPT: Final = 8
_kept: dict[tuple[Any, ...], list[CustodyFinding]] = {}


@frozen(kw_only=True)
class CustodyFinding:
    """One finding. (`rule`, `book`, `period`, `subject`) is its identity: the same tomorrow, `id` its short name.

    `book`: its name in addresses. `period`: the day its period began, or nothing. `entry`, `event`: where to look.
    """

    rule: str
    severity: Severity
    book: str
    site: str
    group: str
    period: str
    subject: str
    message: str
    entry: str
    event: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return self.rule, self.book, self.period, self.subject

    @property
    def id(self) -> str:
        return sha256("\n".join(self.identity).encode()).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity.value,
            "book": self.book,
            "site": self.site,
            "group": self.group,
            "period": self.period,
            "subject": self.subject,
            "message": self.message,
            "entry": self.entry,
            "event": self.event,
        }


def findings(workspace: int, now: datetime, books: Collection[str] | None = None) -> list[CustodyFinding]:
    """Everything that does not fit, in a fixed order; `books`: only of these, by their names in addresses.

    What a period was closed with in full knowledge stands on record with its closing, and not here.
    """
    ledger = queries.ledger(workspace)
    chosen = [one for one in ledger.accounts() if books is None or statements.ref(one) in books]
    if not chosen:
        return []
    accepted = queries.accepted(workspace)
    told = (_told(one) for one in _all(workspace, ledger, chosen, now, across=books is None))
    found = [one for one in told if one.id not in accepted]
    return sorted(found, key=lambda one: (one.site, one.group, one.book, one.period, one.rule, one.subject))


def _told(one: BookFinding) -> CustodyFinding:
    return CustodyFinding(
        rule=one.rule,
        severity=one.severity,
        book=statements.ref(one.account),
        site=one.account.site,
        group=one.account.group,
        period=f"{one.period.start:%Y-%m-%d}" if one.period else "",
        subject=one.subject,
        message=one.message,
        entry=one.entry,
        event=one.event,
    )


def _all(
    workspace: int, ledger: Ledger, accounts: list[Account], now: datetime, *, across: bool
) -> Iterator[BookFinding]:
    entries = {account: [one for one in ledger.of(account) if one.event] for account in accounts}
    cited = {one.event for rows in entries.values() for one in rows}
    moved = physical.moved(workspace, {account.site for account in accounts}, cited)
    flowed: dict[tuple[str, str, str, bool], int] = {}
    for account in accounts:
        course = ledger.schemes[account.scheme]
        group = course.in_force(now).group(account.group)
        known = group is not None and bool(group.products)
        flows = physical.flows(moved, account.site, group) if known and group else []
        flowed |= {(one.event, one.site, one.group, one.inward): one.mass for one in flows}
        models, bears = _lots(workspace, account, entries[account], moved, group)
        first = min(one.at for one in ledger.of(account))
        for period in course.periods:
            if period.end <= first or period.start > now:
                continue
            seen = Physical(
                flows=tuple(flows),
                stock=_stock(moved, account, group, period, now),
                models=models,
                bears=bears,
                known=known,
            )
            yield from check_period(ledger, account, period, seen, now)
        yield from check_course(ledger, account, now)
    if across:
        yield from check_schemes(ledger, flowed)


def _stock(moved: list[Moved], account: Account, group: Group | None, period: Period, now: datetime) -> int:
    return physical.stock(moved, account.site, group, min(period.end, now)) if group else 0


def _lots(
    workspace: int, account: Account, entries: list[Entry], moved: list[Moved], group: Group | None
) -> tuple[dict[str, tuple[Model, ...]], dict[tuple[str, str], tuple[int, int]]]:
    """Of the events that entries cite: the models their lots stand under, and what they bear."""
    models: dict[str, tuple[Model, ...]] = {}
    bears: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in entries:
        act = Touch.RECEIVED if entry.kind is Kind.RECEIPT else Touch.SHIPPED
        lots = [
            one for one in moved if one.event == entry.event and one.act == act and one.site == account.site
        ]
        models[entry.event] = tuple(sorted({one.custody for one in lots if one.custody is not None}))
        if group is None or entry.kind is not Kind.RECEIPT:
            continue
        own = [one for one in lots if one.fits(group)]
        for characteristic in account.characteristics if own else ():
            bounds = physical.carried(workspace, own, group, characteristic)
            if bounds is not None:
                bears[entry.event, characteristic] = bounds
    return models, bears


def noticed(workspace: int, now: datetime) -> list[CustodyFinding]:
    """The same, kept in this process until the log moves on or the day ends: for pages."""
    state = workspace, now.date(), queries.position(), lots.position(), log.checkpoint()
    if state not in _kept:
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[state] = findings(workspace, now)
    return _kept[state]
