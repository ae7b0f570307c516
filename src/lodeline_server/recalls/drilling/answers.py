"""Drills as plain values for the API and the command line. Shares are decimal strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.recalls.drilling import queries

if TYPE_CHECKING:
    from decimal import Decimal

    from lodeline_server.recalls.drilling.models import Drill


def head(row: Drill) -> dict[str, Any]:
    """A drill without its lists."""
    return {
        "id": row.pk,
        "number": row.number,
        "state": row.state,
        "ticket": row.ticket,
        "repeats": row.repeats,
        "lot": row.lot,
        "label": row.label,
        "population": row.population,
        "populationHash": row.population_hash,
        "position": row.position,
        "drawn": row.drawn_at,
        "drawnFrom": row.drawn_from,
        "limitSeconds": row.limit,
        "finished": row.finished_at,
        "finishedPosition": row.finished_position,
        "reason": row.reason,
        "method": row.method,
        "evidencePosition": row.evidence_position,
        "seconds": _text(row.seconds),
        "milliseconds": _text(row.milliseconds),
        "byPeople": row.by_people,
        "againstRecord": row.against_record,
        "found": row.found,
        "truth": row.truth,
        "truthHash": row.truth_hash,
        "missedCount": row.missed_count,
        "wrongCount": row.wrong_count,
        "completeness": _text(row.completeness),
        "precision": _text(row.precision),
        "reconciled": _text(row.reconciled),
        "placed": _text(row.placed),
        "passed": row.passed,
    }


def as_dict(row: Drill) -> dict[str, Any]:
    """A whole drill, with the others of the same ticket."""
    return {
        **head(row),
        "missed": row.missed,
        "wrong": row.wrong,
        "sameTicket": [head(other) for other in queries.same_ticket(row)],
    }


def figures(found: queries.Figures) -> dict[str, Any]:
    return {
        "drawn": found.drawn,
        "answered": found.answered,
        "abandoned": found.abandoned,
        "passed": found.passed,
        "medianSeconds": _text(found.seconds),
        "medianCompleteness": _text(found.completeness),
        "medianReconciled": _text(found.reconciled),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
