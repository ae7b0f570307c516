"""The ledger of credits for mass balance and book-and-claim (ISO 22095-2, credit method).

A credit is mass of one material group that came in with a set of characteristics, in whole milligrams. Entries are
never changed: a wrong one is reversed by another. The ledger refuses what would make any balance negative at any
moment, in whatever order entries arrive. It never propagates over the lot graph; `balances` reconciles the two.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from lodeline.lots.custody import LEDGERS, Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from fractions import Fraction


class CreditRefused(ValueError):  # noqa: N818 - a verdict
    """The entry is not booked. `rule`: the check that says so (MB-01, ...)."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


class Kind(StrEnum):
    """What an entry does to its account."""

    RECEIPT = "receipt"
    CONVERSION = "conversion"
    CLAIM = "claim"
    TRANSFER = "transfer"
    CORRECTION = "correction"


@frozen(kw_only=True)
class Account:
    """Where credits are kept. Sets of characteristics are accounts of their own (MB-08)."""

    scheme: str
    model: Model
    site: str
    group: str
    characteristics: frozenset[str]

    def __str__(self) -> str:
        return f"{self.scheme} {self.model.value} {self.site} {self.group} {'+'.join(sorted(self.characteristics))}"


@frozen(kw_only=True)
class Period:
    """A balancing period: from its start up to, not including, its end."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@frozen(kw_only=True)
class Scheme:
    """The rules of one version of a scheme.

    `periods`: in order, without gaps. `carry`: for how many further periods unused credits stay (None: for ever).
    `longest_days`: of a period. `shared_with`: other schemes that may use the same source.
    """

    name: str
    version: str
    periods: tuple[Period, ...]
    longest_days: int
    carry: int | None = None
    shared_with: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        if not self.periods:
            raise CreditRefused("MB-02", "a scheme has at least one period")
        for period in self.periods:
            if period.start >= period.end or (period.end - period.start).days > self.longest_days:
                raise CreditRefused(
                    "MB-02",
                    f"the period from {period.start:%Y-%m-%d} is longer than {self.longest_days} days",
                )
        for before, after in pairwise(self.periods):
            if before.end != after.start:
                raise CreditRefused("MB-02", f"between {before.end:%Y-%m-%d} and the next period is a gap")

    def index(self, at: datetime) -> int:
        """The number of the period that holds a moment; `CreditRefused` MB-02 outside all of them."""
        for number, period in enumerate(self.periods):
            if period.holds(at):
                return number
        raise CreditRefused("MB-02", f"no period holds {at:%Y-%m-%d}")

    def expiry(self, at: datetime) -> datetime | None:
        """When a credit of that moment ends; None: never, or beyond the periods that are set."""
        if self.carry is None:
            return None
        last = self.index(at) + self.carry
        return self.periods[last].end if last < len(self.periods) else None


@frozen(kw_only=True)
class Entry:
    """One line. `mass` in mg, above zero: what comes in or goes out of `account`.

    Receipt: `source` is the hash of the credential that vouches for it, `received` when it stood on the scale.
    Conversion and transfer: `into` gets `mass` times `factor`, rounded down. Correction: `reverses` an entry.
    `evidence`: event, certificate or weighbridge ticket.
    """

    id: str
    kind: Kind
    account: Account
    at: datetime
    mass: int
    evidence: str
    source: str = ""
    received: datetime | None = None
    weighed: bool = True
    into: Account | None = None
    factor: Fraction | None = None
    from_waste: bool = False
    reverses: str = ""
    approver: str = ""

    @property
    def given(self) -> int:
        """What the other account gets."""
        if self.factor is None:
            raise CreditRefused("MB-04", "a conversion factor is demanded, never guessed")
        return int(self.mass * self.factor)


@frozen
class _Move:
    """A change of one account. `amount` above zero is a credit, below zero a debit."""

    at: datetime
    entry: str
    amount: int
    expiry: datetime | None


@frozen(kw_only=True)
class Balance:
    """Of one account at a moment, in mg. `expired` is what ended unused."""

    credited: int
    debited: int
    expired: int

    @property
    def left(self) -> int:
        return self.credited - self.debited - self.expired


@define
class Ledger:
    """All accounts of some schemes. Entries keep the order in which they came."""

    schemes: Mapping[str, Scheme]
    entries: list[Entry] = field(factory=list, init=False)
    _known: dict[str, Entry] = field(factory=dict, init=False, repr=False)
    _used: dict[str, list[Entry]] = field(factory=lambda: defaultdict(list), init=False, repr=False)
    _moves: dict[Account, list[_Move]] = field(factory=dict, init=False, repr=False)
    _reversed: set[str] = field(factory=set, init=False, repr=False)

    def post(self, entry: Entry) -> None:
        """Book one more entry. Raises `CreditRefused`; then nothing has changed."""
        self._fit(entry)
        changed: dict[Account, list[_Move]] = {}
        if entry.kind is Kind.CORRECTION:
            wrong = self._known[entry.reverses]
            for account in (wrong.account, wrong.into):
                if account is not None:
                    changed[account] = [one for one in self._moves[account] if one.entry != wrong.id]
        else:
            for account, move in self._made(entry):
                changed[account] = sorted(
                    (*self._moves.get(account, ()), move), key=lambda one: (one.at, -one.amount)
                )
        for account, moves in changed.items():
            if _spent(moves)[0]:
                raise CreditRefused("MB-01", f"the balance of {account} would fall below zero")
        self._moves.update(changed)
        self.entries.append(entry)
        self._known[entry.id] = entry
        if entry.kind is Kind.RECEIPT:
            self._used[entry.source].append(entry)
        if entry.reverses:
            self._reversed.add(entry.reverses)

    def balance(self, account: Account, at: datetime) -> Balance:
        """What stands in an account at a moment, with all that is known now."""
        moves = [move for move in self._moves.get(account, ()) if move.at <= at]
        _, unused = _spent(moves)
        return Balance(
            credited=sum(move.amount for move in moves if move.amount > 0),
            debited=-sum(move.amount for move in moves if move.amount < 0),
            expired=sum(left for expiry, left in unused if expiry is not None and expiry <= at),
        )

    def accounts(self) -> list[Account]:
        return sorted(self._moves, key=str)

    def _made(self, entry: Entry) -> list[tuple[Account, _Move]]:
        expiry = self.schemes[entry.account.scheme].expiry(entry.at)
        if entry.kind is Kind.RECEIPT:
            return [(entry.account, _Move(entry.at, entry.id, entry.mass, expiry))]
        made = [(entry.account, _Move(entry.at, entry.id, -entry.mass, None))]
        if entry.into is not None:
            made.append((entry.into, _Move(entry.at, entry.id, entry.given, expiry)))
        return made

    def _fit(self, entry: Entry) -> None:
        scheme = self.schemes.get(entry.account.scheme)
        if scheme is None:
            raise CreditRefused("MB-02", f"there is no scheme {entry.account.scheme!r:.60}")
        scheme.index(entry.at)
        if entry.id in self._known:
            raise CreditRefused("MB-11", f"there is an entry {entry.id!r:.60} already")
        if entry.account.model not in LEDGERS:
            raise CreditRefused(
                "MB-08", f"{entry.account.model.value} follows the material and has no credits"
            )
        if entry.mass <= 0:
            raise CreditRefused("MB-01", "a mass is above zero")
        if not entry.evidence:
            raise CreditRefused("MB-11", "an entry cites its evidence")
        _RULES[entry.kind](self, entry)

    def _receipt(self, entry: Entry) -> None:
        if not entry.source:
            raise CreditRefused("MB-06", "a receipt names the credential that vouches for it")
        if entry.received is None or entry.received > entry.at:
            raise CreditRefused("MB-07", "a receipt is booked after the material stood on the scale")
        if not entry.weighed:
            raise CreditRefused("MB-07", "the quantity comes from a calibrated scale")
        for one in self._used.get(entry.source, ()):
            if one.id in self._reversed:
                continue
            twice = one.account.characteristics & entry.account.characteristics
            if twice and one.account.scheme == entry.account.scheme:
                raise CreditRefused("MB-06", f"{min(twice)} of this source is used by the entry {one.id}")
            if twice and one.account.scheme not in self.schemes[entry.account.scheme].shared_with:
                raise CreditRefused(
                    "MB-12", f"{min(twice)} of this source is used under {one.account.scheme}"
                )

    def _conversion(self, entry: Entry) -> None:
        into = self._other(entry)
        if evolve(entry.account, group=into.group) != into:
            raise CreditRefused("MB-04", "a conversion changes the material group and nothing else")
        if entry.factor is None or not 0 < entry.factor <= 1:
            raise CreditRefused("MB-04", "a conversion factor between 0 and 1 is demanded, never guessed")
        if entry.given == 0:
            raise CreditRefused("MB-04", "nothing is left of so little")

    def _transfer(self, entry: Entry) -> None:
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

    def _claim(self, entry: Entry) -> None:
        if entry.into is not None or entry.factor is not None:
            raise CreditRefused("MB-04", "a claim is made in the group that was converted before")

    def _correction(self, entry: Entry) -> None:
        wrong = self._known.get(entry.reverses)
        if wrong is None:
            raise CreditRefused("MB-11", f"there is no entry {entry.reverses!r:.60} to reverse")
        if wrong.kind is Kind.CORRECTION or wrong.id in self._reversed:
            raise CreditRefused("MB-11", f"the entry {wrong.id} is reversed already, or reverses another")
        if (wrong.account, wrong.mass) != (entry.account, entry.mass):
            raise CreditRefused("MB-11", "a correction reverses the whole entry")
        if not entry.approver:
            raise CreditRefused("MB-11", "a correction names who approved it")


_RULES: Final = {
    Kind.RECEIPT: Ledger._receipt,  # noqa: SLF001
    Kind.CONVERSION: Ledger._conversion,  # noqa: SLF001
    Kind.TRANSFER: Ledger._transfer,  # noqa: SLF001
    Kind.CLAIM: Ledger._claim,  # noqa: SLF001
    Kind.CORRECTION: Ledger._correction,  # noqa: SLF001
}


def _spent(moves: Iterable[_Move]) -> tuple[int, list[tuple[datetime | None, int]]]:
    """Debits that no live credit covers, and what is left of each credit: (expiry, mg).

    In order of time; what ends first is used first, so that nothing is refused that another order would allow.
    """
    short = 0
    live: dict[datetime | None, int] = defaultdict(int)
    for move in moves:
        amount = move.amount
        if amount > 0:
            live[move.expiry] += amount
            continue
        for expiry in sorted(live, key=lambda one: (one is None, one)):
            if expiry is not None and expiry <= move.at:
                continue
            taken = min(live[expiry], -amount)
            live[expiry] -= taken
            amount += taken
        short += -amount
    return short, list(live.items())
