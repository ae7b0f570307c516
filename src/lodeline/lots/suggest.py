"""What the true amounts most likely were, for a mismatch of masses: least squares over the movements around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve

from lodeline.lots.adjust import Flow, adjust
from lodeline.lots.mismatch import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.lots.mismatch import Mismatch
    from lodeline.lots.reconcile import Booked, Count, Shipment

SIGMA: Final = 1 / 400
"""Standard error of a weighing, as a share of its mass: half of what ISCC tolerates."""
MOST: Final = 40
"""Movements in one estimate; beyond that nobody reads them one by one."""
HUNDREDTHS: Final = 100


def of_stock(
    one: Mismatch, counts: Sequence[Count], booked: Sequence[Booked], ends: Mapping[tuple[str, str], int]
) -> Mismatch:
    """Two counts and all that was booked between them; where the other end weighed it too, that as well.

    `ends`: what the other party weighed, by event and lot.
    """
    by_name = {count.id: count for count in counts}
    opening, closing = (by_name[name] for name in one.here)
    inside = [
        row
        for row in booked
        if (row.site, row.material) == (closing.site, closing.material) and opening.at < row.at <= closing.at
    ]
    if not inside or len(inside) > MOST:
        return one
    flows = [_flow("opening count", opening.mass), _flow("closing count", closing.mass)]
    events = {"opening count": opening.id, "closing count": closing.id}
    balances = [{"opening count": 1, "closing count": -1}]
    for number, row in enumerate(inside, 1):
        name = f"{number} {'in' if row.mass > 0 else 'out'}"
        events[name] = row.event
        flows.append(_flow(name, abs(row.mass)))
        balances[0][name] = 1 if row.mass > 0 else -1
        other = ends.get((row.event, row.lot))
        if other is not None:
            events[f"{name}, other end"] = row.event
            flows.append(_flow(f"{name}, other end", other))
            balances.append({name: 1, f"{name}, other end": -1})
    return _told(one, flows, balances, events)


def of_shipment(one: Mismatch, shipment: Shipment) -> Mismatch:
    """What was sent against what came."""
    if shipment.sent is None or not shipment.received:
        return one
    flows = [_flow("sent", shipment.sent.mass or 0)]
    events = {"sent": shipment.sent.event}
    balance = {"sent": 1}
    for number, leg in enumerate(shipment.received, 1):
        name = f"received {number}" if len(shipment.received) > 1 else "received"
        flows.append(_flow(name, leg.mass or 0))
        events[name] = leg.event
        balance[name] = -1
    return _told(one, flows, [balance], events)


def _flow(name: str, mass: int) -> Flow:
    return Flow(name=name, mass=float(mass), sigma=max(mass * SIGMA, 1.0))


def _told(
    one: Mismatch, flows: list[Flow], balances: list[dict[str, int]], events: Mapping[str, str]
) -> Mismatch:
    found = adjust(flows, balances)
    estimates = tuple(
        Estimate(
            name=row.name,
            event=events[row.name],
            measured=round(row.measured),
            adjusted=round(row.mass),
            off=round(row.off * HUNDREDTHS),
        )
        for row in found.flows
    )
    return evolve(one, estimates=tuple(sorted(estimates, key=lambda row: (-abs(row.off), row.name))))
