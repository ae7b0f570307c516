"""Questions, numbers and grants as JSON. What a verifier is shown of a question never tells why it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.credentials import dates
from lodeline.credentials.thresholds.prove import REFUSAL
from lodeline_server.credentials.thresholds import queries

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.credentials.thresholds.actions_verify import Judged
    from lodeline_server.credentials.thresholds.models import (
        CommittedNumber,
        OpeningGrant,
        ThresholdQuestion,
    )


def state(row: ThresholdQuestion, now: datetime) -> str:
    """As its verifier sees it: what was not answered in time is refused like all else."""
    return row.State.REFUSED if row.state == row.State.WAITING and row.expires <= now else row.state


def question(row: ThresholdQuestion, reader: int, now: datetime) -> dict[str, Any]:
    """For the verifier or for who answers. The proof comes with the credentials it rests on."""
    found = state(row, now)
    said: dict[str, Any] = {
        "id": row.pk,
        "state": found,
        "claim": row.claim,
        "rule": row.rule,
        "credentials": row.credentials,
        "audience": row.audience,
        "nonce": row.nonce,
        "expires": dates.write(row.expires),
        "asked": dates.write(row.asked_at),
        "verifier": row.verifier.party,
        "prover": row.prover.party if row.prover else None,
        "position": row.position,
        "answerPosition": row.answer_position,
        "used": dates.write(row.used_at) if row.used_at else None,
    }
    if found == row.State.REFUSED:
        said["refusal"] = REFUSAL
        if reader == row.prover_id and reader != row.verifier_id:
            said["reason"] = row.reason  # for who answers, never for who asks
    if row.message is not None:
        held = queries.credentials(row.verifier.workspace_id, row.credentials)
        said["proof"] = {
            "message": bytes(row.message).decode(),
            "bounds": row.bounds,
            "credentials": [queries.secured(held[name]) for name in row.credentials if name in held],
        }
    return said


def number(row: CommittedNumber) -> dict[str, Any]:
    """For its owner. The number itself is not shown."""
    return {
        "id": row.pk,
        "name": row.name,
        "credential": row.credential.identifier,
        "path": row.path,
        "commitment": row.commitment,
        "unit": row.unit,
        "opening": "file" if row.sealed is None else "database",
        "atOnce": row.at_once,
    }


def grant(row: OpeningGrant) -> dict[str, Any]:
    return {
        "id": row.pk,
        "credential": row.number.credential.identifier,
        "path": row.number.path,
        "from": row.number.owner.party,
        "to": row.to.party,
        "claims": row.claims,
        "until": dates.write(row.until),
        "revoked": dates.write(row.revoked_at) if row.revoked_at else None,
        "position": row.position,
    }


def judged(found: Judged) -> dict[str, Any]:
    """The verdict on a proof, with that on every credential it rests on."""
    said: dict[str, Any] = {"verified": found.holds, "errors": [], "credentials": []}
    if not found.holds:
        said["errors"] = [
            {"step": found.step, "title": f"refused at the step {found.step}", "detail": found.said}
        ]
    if found.proven is not None and found.proven.claim is not None and found.holds:
        said["claim"] = found.proven.claim.write()
        said["terms"] = [
            {
                "coefficient": one.coefficient,
                "issuer": one.issuer,
                "credential": one.credential,
                "path": one.path,
            }
            for one in found.proven.statement.terms
        ]
    for name, verdict in found.credentials.items():
        trusted = verdict.judged is not None and verdict.judged.trusted
        said["credentials"].append({"id": name, "trusted": trusted, **verdict.as_dict()})
    if found.holds:
        listed = [one["trusted"] for one in said["credentials"]]
        said["weight"] = "evidence" if listed and all(listed) else "statement"
    return said
