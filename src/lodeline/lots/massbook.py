"""The mass-balance book of one account over one period: opening, what came and went, expiry, closing. Exact, in mg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.entries import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.lots.credits import Ledger
    from lodeline.lots.entries import Account, Entry
    from lodeline.lots.schemes import Period


@frozen(kw_only=True)
class Line:
    """One change. Without an `entry` credits ended unused. `reversed_by`: the correction that undid it, later."""

    at: datetime
    change: int
    left: int
    entry: Entry | None
    reversed_by: str = ""


@frozen(kw_only=True)
class BookPage:
    """A period of a book. Sums are above zero; opening + credits − debits − expired = closing, exactly.

    `undone`: entries of this period that were taken back while it was open, with the corrections; they move nothing.
    """

    account: Account
    period: Period
    opening: int
    closing: int
    lines: tuple[Line, ...]
    undone: tuple[Entry, ...]
    credited: dict[str, int]
    debited: dict[str, int]
    expired: int

    @property
    def balanced(self) -> bool:
        came, went = sum(self.credited.values()), sum(self.debited.values())
        return self.opening + came - went - self.expired == self.closing


def page(ledger: Ledger, account: Account, period: Period, now: datetime) -> BookPage:
    """A period of the book as it is known now; credits that have yet to end still count."""
    opening = 0
    lines: list[Line] = []
    credited: dict[str, int] = {}
    debited: dict[str, int] = {}
    expired = 0
    last = max(min(period.end, now), period.start)
    for step in ledger.steps(account, max(last, period.end)):
        ends = not step.entry
        if step.at < period.start or (ends and step.at == period.start):
            opening = step.left
            continue
        if (ends and step.at > last) or (not ends and step.at >= period.end):
            continue
        entry = ledger.entry(step.entry) if step.entry else None
        later = ledger.reversal(step.entry) if step.entry else None
        lines.append(
            Line(
                at=step.at, change=step.amount, left=step.left, entry=entry, reversed_by=later.id if later else "",
            )
        )  # fmt: skip
        if entry is None:
            expired -= step.amount
            continue
        sums = credited if step.amount > 0 else debited
        sums[_name(entry, account)] = sums.get(_name(entry, account), 0) + abs(step.amount)
    moved = {line.entry.id for line in lines if line.entry is not None}
    undone = [
        one
        for one in ledger.of(account)
        if period.holds(one.at) and one.id not in moved and (one.reverses or ledger.reversal(one.id))
    ]
    return BookPage(
        account=account,
        period=period,
        opening=opening,
        closing=lines[-1].left if lines else opening,
        lines=tuple(lines),
        undone=tuple(undone),
        credited=credited,
        debited=debited,
        expired=expired,
    )


def _name(entry: Entry, account: Account) -> str:
    """What a change is called in the book of an account."""
    if entry.kind in {Kind.CONVERSION, Kind.TRANSFER}:
        return f"{entry.kind.value} {'in' if entry.into == account else 'out'}"
    return entry.kind.value
