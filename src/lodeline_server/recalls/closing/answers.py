"""Notices and the closing of a recall as plain values for the API and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.lots.answers import kilograms
from lodeline_server.recalls import queries as recalls
from lodeline_server.recalls.closing import queries, report

if TYPE_CHECKING:
    from lodeline.recalls.closure import Count
    from lodeline_server.recalls.closing.queries import Addressee, Case
    from lodeline_server.recalls.models import Recall


def notices(recall: Recall) -> dict[str, Any]:
    """Whom to tell of what, and the marks."""
    return {
        "number": recall.number,
        "position": recall.position,
        "evidencePosition": recall.evidence_position,
        "holders": [_addressee(one) for one in queries.addressees(recall)],
    }


def _addressee(one: Addressee) -> dict[str, Any]:
    return {
        "party": one.party,
        "name": one.name,
        "country": one.country,
        "contact": one.contact,
        "items": one.items,
        "lots": one.lots,
        "massKg": kilograms(one.mass),
        "open": one.open,
        "marks": [
            {"mark": name, "on": mark.on, "note": mark.note, "position": mark.position, "times": mark.times}
            for name, mark in one.marks.items()
        ],
        "things": [_case(case) for case in one.cases],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "key": case.thing.key,
        "label": case.label,
        "product": case.product,
        "item": case.thing.item,
        "dose": case.dose or None,
        "massKg": kilograms(case.thing.mass),
        "site": case.site,
        "status": case.status,
        "outcome": case.thing.outcome.value if case.thing.outcome else None,
    }


def progress(recall: Recall) -> dict[str, Any]:
    """How far a recall has come, and its closing when there is one."""
    people = queries.addressees(recall)
    weighed = queries.weighed([case for one in people for case in one.cases])
    reconciled = recalls.masses(recall).reconciled
    closed = queries.closure(recall)
    names = {one.party: one.name for one in people}
    return {
        "number": recall.number,
        "position": recall.position,
        "evidencePosition": recall.evidence_position,
        "reached": _count(weighed.all),
        "outcomes": [{"outcome": one.value, **_count(count)} for one, count in weighed.by_outcome.items()],
        "open": [{"holder": one, "name": names[one], **_count(count)} for one, count in weighed.open.items()],
        "settledShare": f"{weighed.share:.6f}",
        "reconciledShare": None if reconciled is None else f"{reconciled:.6f}",
        "closure": report.as_dict(closed) if closed else None,
    }


def _count(count: Count) -> dict[str, Any]:
    return {"things": count.things, "massKg": kilograms(count.mass)}
