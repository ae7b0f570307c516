"""What does not fit in a book of credits: against the rules of its scheme, against what moved, against its closing.

A finding changes nothing. It is known again tomorrow by rule, book, period and subject.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.evidence import Severity
from lodeline.lots.balances import findings as differences
from lodeline.lots.balances import moved_by
from lodeline.lots.credits import Ledger
from lodeline.lots.custody import Model, may_claim
from lodeline.lots.entries import Kind
from lodeline.quantities import format_mass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lodeline.lots.balances import Flow
    from lodeline.lots.entries import Account, Entry
    from lodeline.lots.schemes import Period

SOON: Final = timedelta(days=30)
WHOLE: Final = frozenset({"RB-CREDITS", "RB-CLAIMS"})
"""Rules about a whole period: their subject is the book."""


@frozen(kw_only=True)
class BookFinding:
    """`subject`: an entry's id, an event's, or nothing for the book as a whole. `entry`, `event`: where to look."""

    rule: str
    severity: Severity
    account: Account
    period: Period | None
    subject: str
    message: str
    entry: str = ""
    event: str = ""


@frozen(kw_only=True)
class Physical:
    """What events say of a book's site and group. `stock`: what is left there of the substance at the period's end.

    `models`: under which models the lots of an event are said to stand. `bears`: of an event, how much bears a
    characteristic at least and at most, mg. `known` False: the scheme does not say what the group's lots are called.
    """

    flows: tuple[Flow, ...] = ()
    stock: int = 0
    models: Mapping[str, tuple[Model, ...]]
    bears: Mapping[tuple[str, str], tuple[int, int]]
    known: bool = True


def check_period(
    ledger: Ledger, account: Account, period: Period, physical: Physical, now: datetime
) -> Iterator[BookFinding]:
    """One period of one book."""

    def found(
        rule: str, message: str, subject: str = "", severity: Severity = Severity.ERROR, **where: str
    ) -> BookFinding:
        return BookFinding(
            rule=rule, severity=severity, account=account, period=period, subject=subject, message=message, **where
        )  # fmt: skip

    course = ledger.schemes[account.scheme]
    rules = course.in_force(period.start)
    entries = [one for one in ledger.of(account) if one.account == account]
    if account.model is not Model.BOOK_AND_CLAIM:
        if physical.known:
            own = Ledger.restored(ledger.schemes, entries)
            for one in differences(own, physical.flows, period):
                subject = "" if one.rule in WHOLE else one.pointer
                name = subject if one.rule in {"RB-EVENT", "RB-TIME"} else ""
                event = moved_by(ledger.entry(name)) if name else subject if one.rule == "RB-DOUBLED" else ""
                yield found(one.rule, one.message, subject, entry=name, event=event)
            left = ledger.balance(account, min(now, period.end)).left
            if left > physical.stock + rules.tolerance * left:
                yield found(
                    "MB-03",
                    f"the book holds {format_mass(left)}, {format_mass(max(physical.stock, 0))} are in stock by the "
                    f"events; the tolerance is {float(rules.tolerance):.2%} of the book",
                )
        else:
            words = "the scheme names no products of this group, so the book is not held against what moved"
            yield found("MB-03", words, severity=Severity.NOTE)
    for entry in entries:
        if period.holds(entry.at) and not entry.reverses and ledger.reversal(entry.id) is None:
            for rule, words, severity in _entry(entry, physical):
                yield found(rule, words, entry.id, severity, entry=entry.id, event=entry.event)
    closed = ledger.closed.get(account)
    if (closed is None or closed < period.end) and now > period.end + timedelta(days=rules.close_days):
        yield found(
            "MB-11",
            f"the period ended on {period.end:%Y-%m-%d}, {rules.close_days} days to close it are over, it is open",
        )
    if period.holds(now):
        for when, mass in ledger.ending(account, now):
            if when <= now + SOON:
                words = f"{format_mass(mass)} end unused on {when:%Y-%m-%d}"
                yield found("MB-09", words, f"{when:%Y-%m-%d}", Severity.NOTE)


def _entry(entry: Entry, physical: Physical) -> Iterator[tuple[str, str, Severity]]:
    """What the lots of an entry's event say against it: rule, words, severity."""
    event, account, error = entry.event, entry.account, Severity.ERROR
    models = physical.models.get(event, ()) if event else ()
    if entry.kind is Kind.RECEIPT and event:
        for model in models:
            if not may_claim(account.model, [model]):
                yield (
                    "CM-01",
                    f"the lot came as {model.value}, the book is one of {account.model.value}",
                    error,
                )
        for name in sorted(account.characteristics):
            low, high = physical.bears.get((event, name), (entry.mass, entry.mass))
            booked = f"{format_mass(entry.mass)} are booked as {name}"
            if entry.mass > high:
                yield "RB-CARRIED", f"{booked}, the lots bear {format_mass(high)} at most", error
            elif entry.mass > low:
                words = f"{booked}, {format_mass(low)} are traced, up to {format_mass(high)} may be"
                yield "RB-CARRIED", words, Severity.WARNING
    if entry.kind is Kind.CLAIM:
        for model in models:
            if model is not account.model and may_claim(account.model, [model]):
                words = f"the lot is said to be {model.value}, what is claimed of it here is {account.model.value}"
                yield "CM-02", words, Severity.NOTE


def check_course(ledger: Ledger, account: Account, now: datetime) -> Iterator[BookFinding]:
    """Periods that have run out: nothing can be booked any more."""
    last = ledger.schemes[account.scheme].periods[-1]
    if last.end <= now:
        yield BookFinding(
            rule="MB-02",
            severity=Severity.ERROR,
            account=account,
            period=last,
            subject="",
            message=f"the last period that is set ended on {last.end:%Y-%m-%d}",
        )


def check_schemes(ledger: Ledger, moved: Mapping[tuple[str, str, str, bool], int]) -> Iterator[BookFinding]:
    """One mass under two schemes: receipts of several schemes on one event, above what it moved.

    `moved`: mg by event, site, group and whether it came in. Schemes that share their sources count apart.
    """
    booked: dict[tuple[str, str, str, str], list[Entry]] = defaultdict(list)
    for entry in ledger.entries:
        if entry.kind is Kind.RECEIPT and entry.event and ledger.reversal(entry.id) is None:
            for characteristic in entry.account.characteristics:
                key = entry.event, entry.account.site, entry.account.group, characteristic
                booked[key].append(entry)
    for (event, site, group, characteristic), entries in sorted(booked.items(), key=lambda item: item[0]):
        names = {entry.account.scheme for entry in entries}
        mass = sum(entry.mass for entry in entries)
        most = moved.get((event, site, group, True))
        if len(names) < 2 or most is None or mass <= most:  # of one scheme: RB-DOUBLED
            continue
        last = entries[-1]
        shared = ledger.schemes[last.account.scheme].in_force(last.at).shared_with
        if names - {last.account.scheme} <= shared:
            continue
        course = ledger.schemes[last.account.scheme]
        yield BookFinding(
            rule="MB-12",
            severity=Severity.ERROR,
            account=last.account,
            period=course.periods[course.index(last.at)],
            subject=f"{event} {characteristic}",
            message=f"{format_mass(mass)} with {characteristic} are booked under {', '.join(sorted(names))}, and the "
            f"event moved {format_mass(most)}",
            entry=last.id,
            event=event,
        )
