"""The ledger of credits for mass balance and book-and-claim (ISO 22095-2: credit method, rolling average).

A credit is mass of one material group that came in with a set of characteristics, in whole milligrams. Entries are
never changed: a wrong one is reversed by another. The ledger refuses what would make any balance negative at any
moment, in whatever order entries arrive, and leaves closed periods as they are. It never propagates over the lot
graph; `balances` reconciles the two.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from lodeline.lots.custody import LEDGERS, Method, may_claim
from lodeline.lots.entries import Account, Balance, Entry, Kind, Move
from lodeline.lots.rolling import Input, Window
from lodeline.lots.schemes import Course, CreditRefused, Period, Scheme
from lodeline.lots.spending import order, spent, taken_by, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from lodeline.lots.entries import Step

__all__ = [
    "Account",
    "Balance",
    "Closing",
    "Course",
    "CreditRefused",
    "Entry",
    "Kind",
    "Ledger",
    "Period",
    "Scheme",
]


@frozen
class Closing:
    """An account is closed up to a moment: nothing before it changes any more."""

    account: Account
    until: datetime


@define
class Ledger:
    """All accounts of some schemes. Entries keep the order in which they came."""

    schemes: Mapping[str, Scheme | Course]
    entries: list[Entry] = field(factory=list, init=False)
    closed: dict[Account, datetime] = field(factory=dict, init=False)
    _known: dict[str, Entry] = field(factory=dict, init=False, repr=False)
    _used: dict[str, list[Entry]] = field(factory=lambda: defaultdict(list), init=False, repr=False)
    _moves: dict[Account, list[Move]] = field(factory=dict, init=False, repr=False)
    _of: dict[Account, list[Entry]] = field(factory=lambda: defaultdict(list), init=False, repr=False)
    _reversed: dict[str, Entry] = field(factory=dict, init=False, repr=False)

    @classmethod
    def restored(cls, schemes: Mapping[str, Scheme | Course], records: Iterable[Entry | Closing]) -> Ledger:
        """From what was booked and closed before, in that order. Nothing is judged again."""
        ledger = cls(schemes)
        for record in records:
            if isinstance(record, Closing):
                ledger.closed[record.account] = record.until
                continue
            for account, moves in ledger._changed(record, restoring=True).items():
                ledger._moves[account] = moves
            ledger._keep(record)
        for moves in ledger._moves.values():
            moves.sort(key=order)
        return ledger

    def post(self, entry: Entry) -> None:
        """Book one more entry. Raises `CreditRefused`; then nothing has changed."""
        self._fit(entry)
        changed = self._changed(entry)
        for account, moves in changed.items():
            if spent(moves)[0]:
                ended = not spent(evolve(move, expiry=None) for move in moves)[0]
                raise CreditRefused(
                    "MB-09" if ended else "MB-01",
                    f"the credits of {account} that it needs have ended"
                    if ended
                    else f"the balance of {account} would fall below zero",
                )
        self._average(entry, changed)
        self._moves.update(changed)
        self._keep(entry)

    def close(self, account: Account, period: Period) -> None:
        """Close a period of an account, after all before it. Raises `CreditRefused` MB-02."""
        before = self.closed.get(account)
        opened = min((move.at for move in self._moves.get(account, ())), default=None)
        if opened is None or opened >= period.end:
            raise CreditRefused("MB-02", f"nothing stands in the book before {period.end:%Y-%m-%d}")
        if before is not None and before >= period.end:
            raise CreditRefused("MB-02", f"the book is closed up to {before:%Y-%m-%d} already")
        if (before or opened) < period.start:
            raise CreditRefused("MB-02", f"the period before {period.start:%Y-%m-%d} is not closed")
        self.closed[account] = period.end

    def balance(self, account: Account, at: datetime) -> Balance:
        """What stands in an account at a moment, with all that is known now."""
        moves = [move for move in self._moves.get(account, ()) if move.at <= at]
        _, unused = spent(moves)
        return Balance(
            credited=sum(move.amount for move in moves if move.amount > 0),
            debited=-sum(move.amount for move in moves if move.amount < 0),
            expired=sum(left for expiry, left in unused if expiry is not None and expiry <= at),
        )

    def steps(self, account: Account, until: datetime) -> list[Step]:
        """The running balance of an account."""
        return list(walk(self._moves.get(account, ()), until))

    def ending(self, account: Account, at: datetime) -> list[tuple[datetime, int]]:
        """What is left at a moment and will end: (when, mg)."""
        _, unused = spent(move for move in self._moves.get(account, ()) if move.at <= at)
        return sorted(
            (expiry, left) for expiry, left in unused if expiry is not None and expiry > at and left
        )

    def accounts(self) -> list[Account]:
        return sorted(self._moves, key=str)

    def of(self, account: Account) -> list[Entry]:
        """The entries that name an account, corrections included, in the order in which they came."""
        return list(self._of.get(account, ()))

    def entry(self, name: str) -> Entry:
        """By its id; `KeyError`."""
        return self._known[name]

    def reversal(self, name: str) -> Entry | None:
        """The correction that reverses an entry."""
        return self._reversed.get(name)

    def share(self, account: Account, at: datetime) -> Fraction | None:
        """The share of the rolling average at a moment; None when nothing came in over the window."""
        rules = self.schemes[account.scheme].in_force(at)
        return self._window(account, rules.window_days, ()).share(at)

    # --- what an entry changes --------------------------------------------------------------------

    def _keep(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._known[entry.id] = entry
        wrong = self._known.get(entry.reverses)
        for account in (entry.account, wrong.into if wrong else entry.into):
            if account is not None:
                self._of[account].append(entry)
        if entry.source:
            self._used[entry.source].append(entry)
        if entry.reverses:
            self._reversed[entry.reverses] = entry

    def _changed(self, entry: Entry, *, restoring: bool = False) -> dict[Account, list[Move]]:
        """The moves of the accounts that an entry changes. `restoring`: sorted later, lists are used again."""
        changed: dict[Account, list[Move]] = {}
        if entry.kind is Kind.CORRECTION:
            wrong = self._known[entry.reverses]
            late = self._is_closed(wrong)
            for account in (wrong.account, wrong.into):
                if account is None:
                    continue
                moves = self._moves.get(account, [])
                moves = sorted(moves, key=order) if restoring else moves
                if late:
                    made = [*moves, *_against(moves, wrong, entry)]
                    changed[account] = made if restoring else sorted(made, key=order)
                else:
                    changed[account] = [one for one in moves if one.entry != wrong.id]
            return changed
        for account, move in self._made(entry):
            moves = self._moves.get(account, [])
            if restoring:
                moves.append(move)
            else:
                moves = moves.copy()
                insort(moves, move, key=order)
            changed[account] = moves
        return changed

    def _is_closed(self, entry: Entry) -> bool:
        return any(
            until > entry.at
            for account in (entry.account, entry.into)
            if account is not None and (until := self.closed.get(account)) is not None
        )

    def _made(self, entry: Entry) -> list[tuple[Account, Move]]:
        expiry = self.schemes[entry.account.scheme].expiry(entry.at)
        if entry.kind in _CREDITS:
            return [(entry.account, Move(entry.at, entry.id, entry.mass, expiry))] if entry.mass else []
        made = [(entry.account, Move(entry.at, entry.id, -entry.mass, None))]
        if entry.into is not None:
            made.append((entry.into, Move(entry.at, entry.id, entry.given, expiry)))
        return made

    # --- the rolling average ----------------------------------------------------------------------

    def _average(self, entry: Entry, changed: Iterable[Account]) -> None:
        """Every claim that stands has the share of its window, with this entry booked."""
        wrong = self._known.get(entry.reverses)
        into = wrong.into if wrong else entry.into
        for account in {entry.account, *([into] if into else []), *changed}:
            course = self.schemes[account.scheme]
            entries = [*self._of[account], entry]
            gone = {one.reverses for one in entries}
            windows: dict[int, Window] = {}
            for one in entries:
                if one.kind is not Kind.CLAIM or one.account != account or one.id in gone:
                    continue
                rules = course.in_force(one.at)
                if rules.method is not Method.ROLLING_AVERAGE or self._is_closed(one):
                    continue
                if one.whole is None or one.whole < one.mass:
                    raise CreditRefused("MB-04", "a claim names the whole mass that it is a share of")
                days = rules.window_days
                window = windows.get(days) or self._window(account, days, (entry,))
                windows[days] = window
                window.claim(one.at, Fraction(one.mass, one.whole))

    def _window(self, account: Account, days: int, more: Iterable[Entry]) -> Window:
        """What came into an account. What was reversed after its period was closed goes out again, later."""
        entries = [*self._of.get(account, ()), *more]
        undone = {one.reverses: one for one in entries if one.reverses}
        inputs = []
        for one in entries:
            found = _input(one, account)
            if found is None or (one.id in undone and not self._is_closed(one)):
                continue
            inputs.append(found)
            if one.id in undone:
                back = evolve(found, at=undone[one.id].at, mass=-found.mass, certified=-found.certified)
                inputs.append(back)
        return Window.over(inputs, timedelta(days=days))

    # --- the rules --------------------------------------------------------------------------------

    def _fit(self, entry: Entry) -> None:
        scheme = self.schemes.get(entry.account.scheme)
        if scheme is None:
            raise CreditRefused("MB-02", f"there is no scheme {entry.account.scheme!r:.60}")
        scheme.index(entry.at)
        rules = scheme.in_force(entry.at)
        if entry.id in self._known:
            raise CreditRefused("MB-11", f"there is an entry {entry.id!r:.60} already")
        if entry.account.model not in LEDGERS:
            raise CreditRefused(
                "MB-08", f"{entry.account.model.value} follows the material and has no credits"
            )
        if self._is_closed(entry):
            raise CreditRefused("MB-02", f"the period that holds {entry.at:%Y-%m-%d} is closed")
        uncertified = rules.method is Method.ROLLING_AVERAGE and entry.kind is Kind.RECEIPT and entry.whole
        if entry.mass < 0 or (entry.mass == 0 and not uncertified):
            raise CreditRefused("MB-01", "a mass is above zero")
        if not entry.evidence:
            raise CreditRefused("MB-11", "an entry cites its evidence")
        rules.group(entry.account.group)
        if entry.kind is not Kind.CORRECTION:
            for account in (entry.account, entry.into):
                if account is not None and any(
                    one.kind is Kind.CARRY_OVER and one.at > entry.at and one.id not in self._reversed
                    for one in self._of.get(account, ())
                ):
                    raise CreditRefused("MB-02", "the book begins later, with what was carried over into it")
        _RULES[entry.kind](self, entry, rules)

    def _receipt(self, entry: Entry, rules: Scheme) -> None:
        if not entry.source and entry.mass:
            raise CreditRefused("MB-06", "a receipt names the credential that vouches for it")
        if entry.received is None or entry.received > entry.at:
            raise CreditRefused("MB-07", "a receipt is booked after the material stood on the scale")
        if not entry.weighed:
            raise CreditRefused("MB-07", "the quantity comes from a calibrated scale")
        if entry.whole is not None and entry.whole < entry.mass:
            raise CreditRefused("MB-10", "the certified mass is at most the whole input")
        if entry.custody is not None and not may_claim(entry.account.model, [entry.custody]):
            raise CreditRefused(
                "CM-01", f"what came as {entry.custody.value} is never booked as {entry.account.model.value}"
            )
        self._once(entry, rules)

    def _once(self, entry: Entry, rules: Scheme) -> None:
        for one in self._used.get(entry.source, ()) if entry.source else ():
            if one.id in self._reversed:
                continue
            twice = one.account.characteristics & entry.account.characteristics
            if twice and one.account.scheme == entry.account.scheme:
                raise CreditRefused("MB-06", f"{min(twice)} of this source is used by the entry {one.id}")
            if twice and one.account.scheme not in rules.shared_with:
                raise CreditRefused(
                    "MB-12", f"{min(twice)} of this source is used under {one.account.scheme}"
                )

    def _carry_over(self, entry: Entry, rules: Scheme) -> None:
        if not entry.source:
            raise CreditRefused("MB-06", "what is carried over names the closed book that it comes from")
        period = self.schemes[entry.account.scheme]
        if period.periods[period.index(entry.at)].start != entry.at:
            raise CreditRefused("MB-09", "what is carried over stands at the start of a period")
        if any(one.at < entry.at and one.id not in self._reversed for one in self._of.get(entry.account, ())):
            raise CreditRefused("MB-09", "the book holds earlier entries: its own balance is carried over")
        self._once(entry, rules)

    def _conversion(self, entry: Entry, rules: Scheme) -> None:
        into = self._other(entry)
        if evolve(entry.account, group=into.group) != into:
            raise CreditRefused("MB-04", "a conversion changes the material group and nothing else")
        if entry.factor is None or not 0 < entry.factor <= 1:
            raise CreditRefused("MB-04", "a conversion factor between 0 and 1 is demanded, never guessed")
        if rules.factors and rules.factor(entry.account.group, into.group, entry.process) != entry.factor:
            raise CreditRefused("MB-04", "the scheme sets another factor for this conversion, or none")
        source, target = rules.group(entry.account.group), rules.group(into.group)
        if source and target and source.substance != target.substance:
            raise CreditRefused("MB-05", f"{source.substance} does not become {target.substance}")
        if entry.given == 0:
            raise CreditRefused("MB-04", "nothing is left of so little")
        if (
            entry.loss is not None
            and abs(entry.mass - entry.given - entry.loss) > rules.variance * entry.mass
        ):
            raise CreditRefused(
                "MB-10", "what went in is not what came out and was lost, beyond the variance"
            )

    def _transfer(self, entry: Entry, _rules: Scheme) -> None:
        into = self._other(entry)
        if evolve(entry.account, site=into.site) != into:
            raise CreditRefused("MB-05", "credits move between sites, inside one group, scheme and model")
        if entry.factor != 1:
            raise CreditRefused("MB-05", "credits move only where the conversion factor is the same")
        if entry.from_waste:
            raise CreditRefused("MB-05", "credits of a process of waste do not move to a regular one")

    def _other(self, entry: Entry) -> Account:
        if entry.into is None or entry.into == entry.account:
            raise CreditRefused("MB-05", "another account is named")
        return entry.into

    def _out(self, entry: Entry, _rules: Scheme) -> None:
        if entry.into is not None or entry.factor is not None:
            raise CreditRefused("MB-04", "a claim is made in the group that was converted before")

    def _correction(self, entry: Entry, _rules: Scheme) -> None:
        wrong = self._known.get(entry.reverses)
        if wrong is None:
            raise CreditRefused("MB-11", f"there is no entry {entry.reverses!r:.60} to reverse")
        if wrong.kind is Kind.CORRECTION or wrong.id in self._reversed:
            raise CreditRefused("MB-11", f"the entry {wrong.id} is reversed already, or reverses another")
        if (wrong.account, wrong.mass) != (entry.account, entry.mass):
            raise CreditRefused("MB-11", "a correction reverses the whole entry")
        if not entry.approver:
            raise CreditRefused("MB-11", "a correction names who approved it")
        if entry.at < wrong.at:
            raise CreditRefused("MB-11", "a correction is not dated before what it reverses")
        if self._is_closed(evolve(entry, into=wrong.into)):
            raise CreditRefused("MB-02", f"the period that holds {entry.at:%Y-%m-%d} is closed")


_CREDITS: Final = frozenset({Kind.RECEIPT, Kind.CARRY_OVER})
_RULES: Final = {
    Kind.RECEIPT: Ledger._receipt,  # noqa: SLF001
    Kind.CARRY_OVER: Ledger._carry_over,  # noqa: SLF001
    Kind.CONVERSION: Ledger._conversion,  # noqa: SLF001
    Kind.TRANSFER: Ledger._transfer,  # noqa: SLF001
    Kind.CLAIM: Ledger._out,  # noqa: SLF001
    Kind.EXPIRY: Ledger._out,  # noqa: SLF001
    Kind.CORRECTION: Ledger._correction,  # noqa: SLF001
}


def _input(entry: Entry, account: Account) -> Input | None:
    """What an entry brings into the material of an account, certified or not."""
    if entry.kind in _CREDITS and entry.account == account:
        whole = entry.mass if entry.whole is None else entry.whole
        return Input(at=entry.at, mass=whole, certified=entry.mass, evidence=entry.evidence)
    if entry.into == account:
        return Input(at=entry.at, mass=entry.whole_given, certified=entry.given, evidence=entry.evidence)
    return None


def _against(moves: Iterable[Move], wrong: Entry, entry: Entry) -> list[Move]:
    """Moves of today against those of an entry whose period is closed: credits go, used ones come back as they were."""
    moves = list(moves)
    back = [
        Move(entry.at, entry.id, -move.amount, None)
        for move in moves
        if move.entry == wrong.id and move.amount > 0
    ]
    return back + [Move(entry.at, entry.id, mass, expiry) for expiry, mass in taken_by(moves, wrong.id)]
