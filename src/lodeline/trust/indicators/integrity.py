"""DI, data integrity: how the party's facts came into the log."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lodeline.evidence import EvidenceLevel
from lodeline.trust import standing
from lodeline.trust.indicators import certified, policies
from lodeline.trust.indicators.origin import percent
from lodeline.trust.measured import Measured, Params, Part, computed, measured, missing
from lodeline.trust.normalise import ONE

if TYPE_CHECKING:
    from lodeline.trust.snapshot import Snapshot


def logged(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """DI1. Without a witness only the log operator's own signature backs the checkpoint: that is level E2."""
    recorded = snapshot.recorded
    total = recorded.own + recorded.proxy if recorded else 0
    if recorded is None or not total:
        return missing("no-facts")
    value = Fraction(recorded.checkpointed, total)
    if recorded.witnesses:
        return computed(value, "witnessed", position=recorded.position, witnesses=str(recorded.witnesses))
    part = Part(level=EvidenceLevel.E2, position=recorded.position, lowered=("no-witness",))
    return measured(value, [part], "checkpointed", facts=str(total))


def signed(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """DI2."""
    recorded = snapshot.recorded
    total = recorded.own + recorded.proxy if recorded else 0
    if recorded is None or not total:
        return missing("no-facts")
    value = Fraction(recorded.own, total)
    return computed(value, "signed", position=recorded.position, own=str(recorded.own), of=str(total))


def quality(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """DI3."""
    recorded = snapshot.recorded
    if recorded is None or not recorded.rules:
        return missing("no-rules-run")
    value = ONE - Fraction(min(recorded.failed, recorded.rules), recorded.rules)
    return computed(value, "quality", position=recorded.position, share=percent(value))


def delay(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """DI4: the median, in days, each rounded up."""
    recorded = snapshot.recorded
    events = sum(number for _, number in recorded.delays) if recorded else 0
    if recorded is None or not events:
        return missing("no-events")
    reached = 0
    median = Fraction(0)
    for days, number in sorted(recorded.delays):
        reached += number
        if reached * 2 >= events:
            median = Fraction(days)
            break
    return computed(median, "delay", position=recorded.position, events=str(events))


def governance(snapshot: Snapshot, params: Params) -> Measured:
    """DI5: five rules somebody signed for; a certificate for information security answers the fifth."""
    wanted = params.method.words["governance"]
    found = policies.signed(snapshot, params, wanted)
    schemes = params.method.words["security_schemes"]
    for fact in certified.on_record(snapshot):
        if certified.names(fact, schemes) and certified.valid(fact, snapshot, params):
            found["information_security"] = standing.part(fact, ONE, params.method)
    return policies.share(found, wanted, "governance")


def corrected(snapshot: Snapshot, params: Params) -> Measured:  # noqa: ARG001
    """DI6. Nothing corrected is nothing known, not a full mark."""
    recorded = snapshot.recorded
    if recorded is None or not recorded.corrections:
        return missing("no-corrections")
    value = ONE - Fraction(min(recorded.unexplained, recorded.corrections), recorded.corrections)
    return computed(value, "corrected", position=recorded.position, corrections=str(recorded.corrections))


SUBS = {"DI1": logged, "DI2": signed, "DI3": quality, "DI4": delay, "DI5": governance, "DI6": corrected}
