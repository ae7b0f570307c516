"""Accounts of credits and the entries that stand in them: plain values."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.schemes import CreditRefused

if TYPE_CHECKING:
    from datetime import datetime
    from fractions import Fraction

    from lodeline.lots.custody import Model


class Kind(StrEnum):
    """What an entry does to its account."""

    RECEIPT = "receipt"
    CARRY_OVER = "carry-over"
    CONVERSION = "conversion"
    CLAIM = "claim"
    TRANSFER = "transfer"
    EXPIRY = "expiry"
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
class Entry:
    """One line. `mass` in mg of the group's substance, above zero: what comes in or goes out of `account`.

    Receipt: `source` is the hash of the credential that vouches for it, `received` when it stood on the scale,
    `custody` the model under which it came, where known. Carry-over: the opening stock of a book that was kept
    elsewhere. Conversion (by a `process`) and transfer: `into` gets `mass` times `factor`, rounded down; what was
    lost may be stated (`loss`). Expiry: credits that are given up. Correction: `reverses` an entry.
    `whole`, for a rolling average: all that came in or went out, of which `mass` is the certified part.
    `evidence`: event, certificate or weighbridge ticket; `event`: the one that moved the material, where there is one.
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
    custody: Model | None = None
    into: Account | None = None
    factor: Fraction | None = None
    process: str = ""
    loss: int | None = None
    whole: int | None = None
    from_waste: bool = False
    reverses: str = ""
    approver: str = ""
    event: str = ""

    @property
    def given(self) -> int:
        """What the other account gets."""
        return int(self.mass * self._factor)

    @property
    def whole_given(self) -> int:
        """What the other account's material gets in all, certified or not."""
        return int((self.mass if self.whole is None else self.whole) * self._factor)

    @property
    def _factor(self) -> Fraction:
        if self.factor is None:
            raise CreditRefused("MB-04", "a conversion factor is demanded, never guessed")
        return self.factor


@frozen
class Move:
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


@frozen
class Step:
    """One change of a running balance. Without an `entry` it is the end of credits that nobody used."""

    at: datetime
    entry: str
    amount: int
    left: int
