"""CC, chain-of-custody completeness: measured by Lodeline from the lot graph."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lodeline.trust.indicators.origin import percent
from lodeline.trust.measured import Measured, Params, Part, computed, measured, missing
from lodeline.trust.normalise import ZERO, quantile

if TYPE_CHECKING:
    from lodeline.trust.snapshot import Snapshot


def stages(snapshot: Snapshot, params: Params) -> Measured:
    """CC1."""
    lots = snapshot.lots
    mass = sum(lots.stages.values()) if lots else 0
    if lots is None or not mass:
        return missing("no-lots")
    value = sum((Fraction(int(count) * part, mass) for count, part in lots.stages.items()), ZERO)
    return computed(value, "stages", position=lots.position, of=str(int(params.high)), lots=str(lots.lots))


def linked(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """CC2."""
    lots = snapshot.lots
    if lots is None or not lots.input_mass:
        return missing("no-transformations")
    value = Fraction(lots.linked_mass, lots.input_mass)
    return computed(value, "linked", position=lots.position, share=percent(value))


def balance(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """CC3. The 95th percentile over site, substance and quarter; the worst one is named."""
    lots = snapshot.lots
    rows = [row for row in lots.balances if row.taken_in] if lots else []
    if lots is None or not rows:
        return missing("no-balance")
    gaps = sorted((Fraction(abs(row.taken_in - row.given_out), row.taken_in), row) for row in rows)
    value = quantile([gap for gap, _ in gaps], Fraction(95, 100))
    worst, row = gaps[-1]
    return computed(
        value,
        "balance",
        position=lots.position,
        rows=str(len(rows)),
        worst=percent(worst),
        site=row.site,
        substance=row.substance,
        quarter=row.quarter,
    )


def model(snapshot: Snapshot, params: Params) -> Measured:
    """CC4. Self-declared custody counts as declared; a certificate about custody in force lifts it."""
    lots = snapshot.lots
    mass = sum(lots.custody.values()) if lots else 0
    if lots is None or not mass:
        return missing("no-lots")
    worth = params.method.custody
    value = sum((worth.get(name, ZERO) * Fraction(part, mass) for name, part in lots.custody.items()), ZERO)
    if not mass - lots.custody.get("unknown", 0):
        return missing("no-custody-model")
    main = max(lots.custody, key=lambda name: (lots.custody[name], name))
    parts = [Part(level=lots.custody_level, position=lots.position)]
    return measured(value, parts, "custody-model", main=main)


def handovers(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """CC5."""
    lots = snapshot.lots
    if lots is None or not lots.handovers:
        return missing("no-hand-overs")
    value = Fraction(lots.confirmed, lots.handovers)
    return computed(
        value, "handovers", position=lots.position, confirmed=str(lots.confirmed), of=str(lots.handovers)
    )


SUBS = {"CC1": stages, "CC2": linked, "CC3": balance, "CC4": model, "CC5": handovers}
