"""The rules of a scheme under which a book of credits is kept: periods, expiry, tolerances, conversion factors.

Parameters have versions. A later version takes over at the start of one of its periods and leaves what came before
as it was. Sources: ISO 22095:2020 and ISO 22095-2:2026; the checks MB-01 to MB-12 are explained in
docs/explanation/custody-books.md.
"""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Final

from attrs import frozen

from lodeline.lots.custody import Method

MONTHS: Final = 12
MOST_PERIODS: Final = 400


class CreditRefused(ValueError):  # noqa: N818 - a verdict
    """The entry is not booked. `rule`: the check that says so (MB-01, ...)."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


@frozen(kw_only=True)
class Period:
    """A balancing period: from its start up to, not including, its end."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


def periods(start: datetime, *, months: int, count: int) -> tuple[Period, ...]:
    """Periods of whole months, one after the other. `start` is the first moment of a month, in UTC."""
    if (start.day, start.hour, start.minute, start.second, start.microsecond) != (1, 0, 0, 0, 0):
        raise CreditRefused("MB-02", "a period begins with a month, at midnight UTC")
    if not 0 < months <= MONTHS or not 0 < count <= MOST_PERIODS:
        raise CreditRefused(
            "MB-02", f"a period has 1 to {MONTHS} months, and at most {MOST_PERIODS} are set at once"
        )
    first = start.year * MONTHS + start.month - 1
    if (first + months * count) // MONTHS >= MAXYEAR:
        raise CreditRefused("MB-02", "the last period ends beyond the calendar")
    edges = [_month(first + months * number) for number in range(count + 1)]
    return tuple(Period(start=before, end=after) for before, after in pairwise(edges))


def _month(number: int) -> datetime:
    return datetime(number // MONTHS, number % MONTHS + 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class Group:
    """A material group: mass is counted of `substance`; `products`: what its lots are called in events."""

    name: str
    substance: str
    products: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Factor:
    """What share of a group's substance comes out of a process as another group, and what shows it."""

    source: str
    target: str
    process: str
    value: Fraction
    evidence: str

    def __attrs_post_init__(self) -> None:
        if not 0 < self.value <= 1:
            raise CreditRefused("MB-04", "a conversion factor is above 0 and at most 1")
        if not self.evidence:
            raise CreditRefused("MB-11", "a conversion factor cites its evidence")


@frozen(kw_only=True)
class Scheme:
    """The rules of one version of a scheme.

    `periods`: in order, without gaps. `carry`: for how many further periods unused credits stay (None: for ever).
    `longest_days`: of a period. `shared_with`: other schemes that may use the same source. `window_days`: of the
    rolling average. `tolerance`: of book against physical stock. `variance`: of inputs against outputs and loss.
    `close_days`: after its end a period is closed within so many days. `keep_years`: records are kept.
    """

    name: str
    version: str
    periods: tuple[Period, ...]
    longest_days: int
    carry: int | None = None
    shared_with: frozenset[str] = frozenset()
    method: Method = Method.CREDIT
    window_days: int = 0
    tolerance: Fraction = Fraction(1, 200)
    variance: Fraction = Fraction(1, 50)
    close_days: int = 31
    keep_years: int = 5
    groups: tuple[Group, ...] = ()
    factors: tuple[Factor, ...] = ()

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
        if self.method is Method.ROLLING_AVERAGE and self.window_days <= 0:
            raise CreditRefused("MB-02", "a rolling average has a window of at least one day")
        if len({group.name for group in self.groups}) < len(self.groups):
            raise CreditRefused("MB-08", "each material group is named once")
        ways = {(one.source, one.target, one.process) for one in self.factors}
        if len(ways) < len(self.factors):
            raise CreditRefused("MB-04", "each conversion has one factor")

    def in_force(self, at: datetime) -> Scheme:  # noqa: ARG002 - as `Course` has it
        """Itself: a scheme of one version."""
        return self

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

    def group(self, name: str) -> Group | None:
        """The group of that name; None when the scheme names no groups. `CreditRefused` MB-08 for another name."""
        if not self.groups:
            return None
        for group in self.groups:
            if group.name == name:
                return group
        raise CreditRefused("MB-08", f"the scheme knows no material group {name!r:.60}")

    def factor(self, source: str, target: str, process: str) -> Fraction | None:
        """The factor of a conversion; None when none is set: it is demanded, never guessed."""
        for one in self.factors:
            if (one.source, one.target, one.process) == (source, target, process):
                return one.value
        return None


@frozen
class Course:
    """All versions of one scheme, in the order in which they take over."""

    versions: tuple[Scheme, ...]

    def followed_by(self, later: Scheme) -> Course:
        """With one more version, in force from its first period on. `CreditRefused` MB-02 when it leaves a gap."""
        if any(later.version == one.version for one in self.versions):
            raise CreditRefused("MB-02", f"there is a version {later.version!r:.40} already")
        last = self.versions[-1]
        start = later.periods[0].start
        if start <= last.periods[0].start:
            raise CreditRefused(
                "MB-02", f"version {last.version} is in force from {last.periods[0].start:%Y-%m-%d} on"
            )
        if all(period.end != start for period in last.periods):
            raise CreditRefused("MB-02", f"no period of version {last.version} ends on {start:%Y-%m-%d}")
        return Course((*self.versions, later))

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Of each version those that begin before the next one takes over."""
        found: list[Period] = []
        for version in self.versions:
            start = version.periods[0].start
            found = [period for period in found if period.start < start]
            found += version.periods
        return tuple(found)

    def in_force(self, at: datetime) -> Scheme:
        """The version whose rules hold at a moment; the first one before all of them."""
        for version in reversed(self.versions):
            if version.periods[0].start <= at:
                return version
        return self.versions[0]

    def index(self, at: datetime) -> int:
        """As of `Scheme`, over all versions."""
        for number, period in enumerate(self.periods):
            if period.holds(at):
                return number
        raise CreditRefused("MB-02", f"no period holds {at:%Y-%m-%d}")

    def expiry(self, at: datetime) -> datetime | None:
        """As of `Scheme`, over all versions."""
        carry = self.in_force(at).carry
        if carry is None:
            return None
        last = self.index(at) + carry
        return self.periods[last].end if last < len(self.periods) else None
