"""The issuer's side of status: which number a credential gets, what happened to it, which list was out when.

Revoked is for ever; suspended can be lifted. Every published version is kept, so that the status on a past day has
an answer: `Account` says what was decided, `Version` what the public could read.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from lodeline.credentials import bitstrings, status
from lodeline.credentials.standing import Standing
from lodeline.credentials.status import Code, StatusRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import datetime

SPARE: Final = 2
"""A list is full when one in so many numbers is taken: the rest keeps random numbers quick and unguessable."""
_WORD: Final = 8


class Act(StrEnum):
    """What an issuer does to a credential."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"


@frozen(kw_only=True)
class Change:
    """One act, `at` with its zone."""

    act: Act
    at: datetime
    reason: str = ""


@frozen
class Account:
    """All that happened to one credential, in order."""

    changes: tuple[Change, ...] = ()

    def at(self, moment: datetime) -> Standing:
        """Its standing at a moment."""
        standing = Standing.GOOD
        for change in self.changes:
            if change.at > moment:
                break
            standing = _AFTER[change.act]
        return standing

    def after(self, change: Change) -> Account:
        """With one more act. The same act again changes nothing; nothing follows a revocation."""
        if not self.changes:
            return self if change.act is Act.REINSTATE else Account((change,))
        last = self.changes[-1]
        if last.act is change.act:
            return self
        if last.act is Act.REVOKE:
            raise StatusRefused(Code.VERIFICATION, f"it was revoked on {last.at:%Y-%m-%d}; that is for ever")
        if change.at < last.at:
            raise StatusRefused(Code.RANGE, "the act lies before the one already on record")
        return evolve(self, changes=(*self.changes, change))


_AFTER: Final = {Act.SUSPEND: Standing.SUSPENDED, Act.REINSTATE: Standing.GOOD, Act.REVOKE: Standing.REVOKED}


@frozen(kw_only=True)
class Version:
    """A list as it was published: `number` from 1, `at` the moment, `credential` the signed text."""

    number: int
    at: datetime
    bits: bytes
    credential: str = ""


def allocate(
    taken: Callable[[int], bool], used: int, random: Callable[[int], bytes], *, entries: int = status.MINIMUM
) -> int | None:
    """A random number that is not `taken`, evenly among all; None when the list is full: open another.

    `used`: how many are taken. The caller's database keeps them unique and never gives one back.
    """
    if used * SPARE >= entries:
        return None
    bound = (1 << 8 * _WORD) // entries * entries
    while True:
        word = int.from_bytes(random(_WORD), "big")
        # Words above the last whole multiple would make low numbers likelier.
        if word < bound and not taken(word % entries):
            return word % entries


def packed(
    purpose: str, accounts: Iterable[tuple[int, Account]], at: datetime, *, entries: int = status.MINIMUM
) -> bytes:
    """The bitstring of a purpose at a moment, from index and account of each credential."""
    wanted = {status.REVOCATION: Standing.REVOKED, status.SUSPENSION: Standing.SUSPENDED}[purpose]
    bits = bytearray(bitstrings.blank(entries))
    for index, account in accounts:
        if account.at(at) is wanted:
            bitstrings.put_left(bits, index, 1)
    return bytes(bits)


def publish(versions: Sequence[Version], bits: bytes, *, purpose: str, at: datetime) -> Version | None:
    """The version that follows, unsigned; None when nothing changed.

    Refuses to take a revocation back, to change the length, and to go back in time.
    """
    if not versions:
        return Version(number=1, at=at, bits=bits)
    last = versions[-1]
    if bits == last.bits:
        return None
    if len(bits) != len(last.bits):
        raise StatusRefused(Code.LENGTH, "a list keeps its length")
    if at <= last.at:
        raise StatusRefused(Code.RANGE, "a version is newer than the one before it")
    if purpose == status.REVOCATION and taken_back(last.bits, bits):
        raise StatusRefused(Code.VERIFICATION, "a revocation is never taken back")
    return Version(number=last.number + 1, at=at, bits=bits)


def taken_back(older: bytes, newer: bytes) -> bool:
    """Whether a bit that was set is set no more."""
    return bool(int.from_bytes(older, "big") & ~int.from_bytes(newer, "big"))


def as_of(versions: Sequence[Version], moment: datetime) -> Version:
    """The version that was out at a moment; `StatusRefused` with RETRIEVAL before the first."""
    found = None
    for version in versions:
        if version.at > moment:
            break
        found = version
    if found is None:
        raise StatusRefused(Code.RETRIEVAL, "the list was not published yet")
    return found


def status_on(lists: Collection[tuple[str, int, Sequence[Version]]], moment: datetime) -> Standing:
    """What the public lists said at a moment: purpose, index and versions for each entry of a credential."""
    found = [Standing.GOOD]
    for purpose, index, versions in lists:
        bit = bitstrings.left(as_of(versions, moment).bits, index)
        meaning = {status.REVOCATION: Standing.REVOKED, status.SUSPENSION: Standing.SUSPENDED}
        found.append(meaning[purpose] if bit else Standing.GOOD)
    return max(found, key=list(Standing).index)


def check_history(versions: Sequence[Version], *, purpose: str) -> None:
    """Raise unless the versions could have been published one after the other. For imports and audits."""
    if versions and versions[0].number != 1:
        raise StatusRefused(Code.VERIFICATION, "the first version is missing")
    for older, newer in pairwise(versions):
        following = publish([older], newer.bits, purpose=purpose, at=newer.at)
        if following is None or following.number != newer.number:
            raise StatusRefused(
                Code.VERIFICATION, f"version {newer.number} does not follow version {older.number}"
            )
