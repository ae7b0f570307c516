"""The three books against each other: claims, credits, and what really moved.

Physical flows come from events, credits and claims from the ledger. Nothing is adjusted: each difference is a finding
that names what stands against what, and a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.lots.credits import Kind
from lodeline.quantities import format_mass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lodeline.lots.credits import Entry, Ledger, Period


@frozen(kw_only=True)
class Flow:
    """Mass of a substance (mg) that crossed the border of a site: `inward` or outward, by an event."""

    event: str
    site: str
    group: str
    at: datetime
    mass: int
    inward: bool


@frozen(kw_only=True)
class Line:
    """One site and material group over one period, in mg."""

    site: str
    group: str
    period: Period
    received: int
    credited: int
    shipped: int
    claimed: int


def lines(ledger: Ledger, flows: Iterable[Flow], period: Period) -> list[Line]:
    """What the books say of a period, by site and group. Reversed entries do not count."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for flow in flows:
        if period.holds(flow.at):
            sums[flow.site, flow.group]["received" if flow.inward else "shipped"] += flow.mass
    for entry in standing(ledger):
        if period.holds(entry.at) and entry.kind in _BOOKED:
            sums[entry.account.site, entry.account.group][_BOOKED[entry.kind]] += entry.mass
    return [
        Line(
            site=site,
            group=group,
            period=period,
            **{name: found.get(name, 0) for name in ("received", "credited", "shipped", "claimed")},
        )
        for (site, group), found in sorted(sums.items())
    ]


_BOOKED: Final = {Kind.RECEIPT: "credited", Kind.CLAIM: "claimed"}


def standing(ledger: Ledger) -> Iterator[Entry]:
    """The entries that count: neither reversed nor reversing."""
    gone = {entry.reverses for entry in ledger.entries if entry.reverses}
    return (entry for entry in ledger.entries if entry.id not in gone and not entry.reverses)


def moved_by(entry: Entry) -> str:
    """The event that an entry stands on: the one it names, else what it cites."""
    return entry.event or entry.evidence


def findings(ledger: Ledger, flows: Iterable[Flow], period: Period) -> Iterator[Finding]:
    """Credits without material, claims without shipment, receipts and claims without their event."""
    flows = list(flows)
    known = {flow.event: flow for flow in flows}
    for line in lines(ledger, flows, period):
        place = f"{line.site} {line.group}"
        if line.credited > line.received:
            yield _found(
                "RB-CREDITS",
                place,
                f"credits for {format_mass(line.credited)} were booked, and {format_mass(line.received)} came in",
            )
        if line.claimed > line.shipped:
            yield _found(
                "RB-CLAIMS",
                place,
                f"{format_mass(line.claimed)} were claimed, and {format_mass(line.shipped)} were shipped",
            )
    for entry in standing(ledger):
        if entry.kind not in _BOOKED or not period.holds(entry.at):
            continue
        flow = known.get(moved_by(entry))
        inward = entry.kind is Kind.RECEIPT
        if flow is None:
            yield _found(
                "RB-EVENT", entry.id, f"it cites the event {moved_by(entry)!r:.80}, which is not there"
            )
        elif (flow.site, flow.group, flow.inward) != (entry.account.site, entry.account.group, inward):
            yield _found(
                "RB-EVENT",
                entry.id,
                f"the event {moved_by(entry)!r:.80} moved something else, or the other way",
            )
        elif flow.at > entry.at and inward:
            yield _found("RB-TIME", entry.id, "it was booked before the material arrived")
    yield from _doubled(ledger, known, period)


def _doubled(ledger: Ledger, known: dict[str, Flow], period: Period) -> Iterator[Finding]:
    """More booked on one event than it moved, for one characteristic."""
    booked: dict[tuple[str, Kind, str], int] = defaultdict(int)
    for entry in standing(ledger):
        if entry.kind in _BOOKED and period.holds(entry.at):
            for characteristic in sorted(entry.account.characteristics):
                booked[moved_by(entry), entry.kind, characteristic] += entry.mass
    for (event, kind, characteristic), mass in booked.items():
        if event in known and mass > known[event].mass:
            yield _found(
                "RB-DOUBLED",
                event,
                f"{kind.value}s of {format_mass(mass)} with {characteristic} rest on this event, which moved "
                f"{format_mass(known[event].mass)}",
            )


def _found(rule: str, pointer: str, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, pointer=pointer, message=message)
