"""Scores as plain values for the command line and the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lodeline_server.trust.models import Score

# What only those who may see evidence are given.
EVIDENCE = ("indicators", "lost", "steps", "pillars", "estimate", "nextLoss")


def head(score: Score) -> dict[str, Any]:
    """Score with range and bounds, coverage with confidence, gates: all three or none."""
    return {
        "party": score.party,
        "name": score.name,
        "country": score.country,
        "segment": score.segment,
        "materials": score.materials,
        "rated": score.rated,
        "score": None if score.score is None else str(score.score),
        "band": score.band or None,
        "likelyRange": {"low": str(score.low), "high": str(score.high)} if score.rated else None,
        "bounds": None if score.withheld_by else {"low": str(score.bound_low), "high": str(score.bound_high)},
        "coverage": str(score.coverage),
        "confidence": str(score.confidence),
        "cappedBy": score.capped_by or None,
        "withheldBy": score.withheld_by,
        "gates": score.gates,
        "computedAt": score.computed_at.isoformat(),
        "evidencePosition": score.evidence_position,
        "position": score.position,
        "method": {"id": score.method, "hash": score.method_hash},
    }


def explained(score: Score, body: dict[str, Any], *, evidence: bool) -> dict[str, Any]:
    """The head with gates' reasons; with `evidence` also indicators, losses, steps and what changed."""
    result = body.get("result", {})
    answer = {**head(score), "gates": result.get("gates", score.gates)}
    if evidence:
        answer |= {key: result.get(key) for key in EVIDENCE}
        answer["change"] = body.get("change")
    return answer
