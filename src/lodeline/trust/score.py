"""One score: computed from a snapshot by a method, and written as the plain values that are published."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lodeline.trust import bundle, explain
from lodeline.trust.evaluate import band, evaluate
from lodeline.trust.normalise import apportion, rounded
from lodeline.trust.uncertainty import seed_of, spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from lodeline.trust.aggregate import Cell, Group
    from lodeline.trust.evaluate import Evaluation
    from lodeline.trust.gates import Verdict
    from lodeline.trust.method import Method
    from lodeline.trust.snapshot import Snapshot
    from lodeline.trust.uncertainty import Spread

PARTS = ("value", "cap", "age", "missing")


def score(snapshot: Snapshot, method: Method) -> dict[str, Any]:
    """The published result. Equal snapshots and methods give equal bytes.

    Points are decimal text with two places. `score` is None when not rated; `estimate` is then what the parts add
    up to, for the rated party's own eyes. All parts add up: sub-indicators to indicators, indicators to the
    estimate, losses to the rest of 100.
    """
    return written(evaluate(snapshot, method))


def written(found: Evaluation) -> dict[str, Any]:
    """The published result of an evaluation; see `score`."""
    snapshot, method = found.snapshot, found.method
    evidence = bundle.bundle_hash(bundle.to_dict(snapshot))
    likely = spread(found.cells, method, seed=seed_of(evidence, method.hash), cap=found.cap)
    estimate = rounded(found.whole.points)
    final = rounded(found.points)
    return {
        "party": snapshot.party,
        "name": snapshot.name,
        "segment": snapshot.segment,
        "computedAt": snapshot.now.isoformat(),
        "position": snapshot.position,
        "method": {"id": method.id, "hash": method.hash},
        "snapshotHash": evidence,
        "rated": found.rated,
        "score": str(final) if found.rated else None,
        "band": band(likely.low, method, snapshot.previous_band) if found.rated else "",
        "short": list(found.short),
        "withheldBy": list(found.withheld_by),
        "cappedBy": found.capped_by,
        "estimate": str(estimate),
        "gateLoss": str(estimate - final),
        "interval": _interval(likely),
        "bounds": {
            "low": str(rounded(found.under_gates(found.whole.lower))),
            "high": str(rounded(found.under_gates(found.whole.upper))),
        },
        "coverage": str(rounded(found.whole.coverage)),
        "confidence": str(rounded(found.whole.confidence)),
        "gates": [_gate(verdict) for verdict in found.verdicts],
        "indicators": _indicators(found, estimate),
        "lost": _lost_in_all(found, estimate),
        "pillars": {name: _pillar(group) for name, group in found.pillars.items()},
        "notApplicable": dict(method.profiles[snapshot.segment].not_applicable),
        "steps": [_step(step) for step in explain.steps(found)],
        "nextLoss": _next_loss(found),
    }


def _interval(likely: Spread) -> dict[str, Any]:
    return {
        "low": str(rounded(likely.low)),
        "high": str(rounded(likely.high)),
        "draws": likely.draws,
        "seed": likely.seed,
        "standardError": str(rounded(likely.standard_error, Decimal("0.001"))),
        "chances": {name: str(rounded(share)) for name, share in likely.chances.items()},
    }


def _gate(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.gate.id,
        "name": verdict.gate.name,
        "state": verdict.position.value,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "effect": verdict.gate.effect,
        "cap": str(rounded(verdict.gate.cap)) if verdict.gate.cap is not None else None,
        "due": verdict.due.isoformat() if verdict.due else None,
        "evidence": list(verdict.evidence),
    }


def _lost_in_all(found: Evaluation, estimate: Decimal) -> dict[str, str]:
    gone = explain.lost(found.cells)
    parts = apportion([getattr(gone, name) for name in PARTS], Decimal(100) - estimate)
    return {name: str(part) for name, part in zip(PARTS, parts, strict=True)}


def _indicators(found: Evaluation, estimate: Decimal) -> list[dict[str, Any]]:
    groups = [found.indicators[indicator.code] for indicator in found.method.indicators]
    points = apportion([group.points for group in groups], estimate)
    rows = []
    for indicator, group, shown in zip(found.method.indicators, groups, points, strict=True):
        cells = [cell for cell in found.cells if cell.sub.indicator == indicator.code]
        gone = explain.lost(cells)
        losses = apportion([getattr(gone, name) for name in PARTS], Decimal(indicator.points) - shown)
        rows.append(
            {
                "code": indicator.code,
                "name": indicator.name,
                "max": str(rounded(group.weight)),
                "points": str(shown),
                "lower": str(rounded(group.lower)),
                "upper": str(rounded(group.upper)),
                "coverage": str(rounded(group.coverage)),
                "confidence": str(rounded(group.confidence)),
                "level": group.level.value,
                "lost": {name: str(part) for name, part in zip(PARTS, losses, strict=True)},
                "subs": _subs(cells, group, shown),
            }
        )
    return rows


def _subs(cells: Sequence[Cell], group: Group, shown: Decimal) -> list[dict[str, Any]]:
    points = apportion([cell.points for cell in cells], shown)
    possible = apportion([cell.weight for cell in cells], rounded(group.weight))
    return [_sub(cell, *row) for cell, *row in zip(cells, points, possible, strict=True)]


def _sub(cell: Cell, points: Decimal, possible: Decimal) -> dict[str, Any]:
    measured = cell.measured
    gone = explain.lost([cell])
    losses = apportion([getattr(gone, name) for name in PARTS], possible - points)
    return {
        "id": cell.sub.id,
        "name": cell.sub.name,
        "state": measured.state.value,
        "value": _number(measured.value),
        "unit": cell.sub.unit,
        "level": measured.level.value,
        "lowered": list(measured.lowered),
        "cap": str(rounded(cell.cap)),
        "age": str(rounded(measured.age)),
        "goal": None if cell.goal is None else str(rounded(cell.goal, Decimal("0.0001"))),
        "points": str(points),
        "max": str(possible),
        "lower": str(rounded(cell.lower)),
        "upper": str(rounded(cell.upper)),
        "estimated": cell.estimated,
        "lost": {name: str(part) for name, part in zip(PARTS, losses, strict=True)},
        "reason": measured.reason,
        "detail": measured.detail,
        "evidence": list(measured.evidence),
        "sources": list(measured.sources),
        "effective": measured.effective.isoformat() if measured.effective else None,
        "expires": measured.expires.isoformat() if measured.expires else None,
    }


def _number(value: Fraction | None) -> str | None:
    return None if value is None else str(rounded(value, Decimal("0.0001")))


def _pillar(group: Group) -> dict[str, str]:
    scale = 100 / group.weight
    return {
        "points": str(rounded(group.points * scale)),
        "lower": str(rounded(group.lower * scale)),
        "upper": str(rounded(group.upper * scale)),
        "coverage": str(rounded(group.coverage)),
    }


def _step(step: explain.Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "about": step.about,
        "gain": str(rounded(step.gain)),
        "upTo": step.upto,
        "level": step.level.value if step.level else "",
    }


def _next_loss(found: Evaluation) -> dict[str, str] | None:
    coming = explain.next_loss(found)
    if coming is None or not found.rated:
        return None
    end, points = coming
    return {"date": end.isoformat(), "points": str(rounded(points))}
