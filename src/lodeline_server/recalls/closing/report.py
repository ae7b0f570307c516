"""The closure report: what was reached, who was told, what became of it, what stays open and why."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lodeline import strictjson
from lodeline.recalls.closure import METHOD, Mark, Outcome
from lodeline_server.log import queries as log
from lodeline_server.lots.answers import kilograms
from lodeline_server.recalls import queries as recalls
from lodeline_server.recalls.closing import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.recalls.closure import Count
    from lodeline_server.recalls.closing.models import Closure
    from lodeline_server.recalls.models import Recall


def report(recall: Recall, reasons: Mapping[str, str], signed_off_by: str, now: datetime) -> dict[str, Any]:
    """As it stands now, in plain values; the same state gives the same report."""
    found = queries.cases(recall)
    people = queries.addressees(recall, found)
    weighed = queries.weighed(found)
    masses = recalls.masses(recall)
    names = {one.party: one.name for one in people}
    reconciled = masses.reconciled
    told = {mark.value: sum(mark.value in one.marks for one in people) for mark in Mark}
    return {
        "method": METHOD,
        "number": recall.number,
        "lot": recall.lot,
        "label": recall.label,
        "substance": recall.substance or None,
        "threshold": f"{recall.threshold.normalize():f}",
        "reason": recall.reason,
        "computed": recall.computed_at.isoformat(),
        "computedAtPosition": recall.evidence_position,
        "recordedAtPosition": recall.position,
        "recallMilliseconds": f"{recall.milliseconds:f}",
        "closed": now.isoformat(),
        "hours": f"{(now - recall.computed_at).total_seconds() / 3600:.2f}",
        "signedOffBy": signed_off_by,
        "reached": {
            **_count(weighed.all),
            "items": sum(one.items for one in people),
            "lots": sum(one.lots for one in people),
            "itemsBelow": recall.below,
            "massBelowKg": kilograms(masses.below),
        },
        "notified": {"holders": len(people), **told},
        "outcomes": {
            outcome.value: _count(weighed.by_outcome[outcome])
            for outcome in Outcome
            if outcome in weighed.by_outcome
        },
        "open": [
            {
                "holder": holder,
                "name": names.get(holder, holder),
                **_count(left),
                "reason": reasons.get(holder, "").strip(),
            }
            for holder, left in weighed.open.items()
        ],
        "settledShare": f"{weighed.share:.6f}",
        "reconciledShare": None if reconciled is None else f"{reconciled:.6f}",
    }


def _count(count: Count) -> dict[str, Any]:
    return {"things": count.things, "massKg": kilograms(count.mass)}


def evidence(positions: Sequence[int]) -> list[dict[str, Any]]:
    """The statements with their leaf hashes: what the report rests on, also after a payload was erased."""
    found = []
    for position in positions:
        statement = log.get(position)
        if statement is not None:
            found.append(
                {"position": position, "type": statement.type, "leafHash": statement.leaf_hash.hex()}
            )
    return found


def bundle(said: dict[str, Any], rests_on: list[dict[str, Any]]) -> str:
    """SHA-256 of the canonical form of both (RFC 8785)."""
    return sha256(strictjson.canonical({"report": said, "evidence": rests_on})).hexdigest()


def as_dict(closure: Closure) -> dict[str, Any]:
    """The report with its evidence and the hash, and whether they still fit each other."""
    rests_on = evidence(closure.evidence)
    return {
        "report": closure.report,
        "evidence": rests_on,
        "bundle": closure.bundle,
        "matches": bundle(closure.report, rests_on) == closure.bundle,
        "position": closure.position,
    }
