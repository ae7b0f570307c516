"""Cases follow `case.opened`, `case.changed`, `case.cured` and `case.decided`."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline_server.lots.reconciling.models import Case, CaseEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db import models

    from lodeline_server.log.queries import Statement

OPENED, CHANGED, CURED, DECIDED = "case.opened", "case.changed", "case.cured", "case.decided"
TYPES: Final = frozenset({OPENED, CHANGED, CURED, DECIDED})
State = Case.State
DECISIONS: Final = {
    "assigned": State.WORKING,
    "resolved": State.RESOLVED,
    "dismissed": State.DISMISSED,
    "reopened": State.REOPENED,
}


@frozen
class Cases:
    name: str = "cases"
    types: frozenset[str] = TYPES
    order: int = 45

    def reset(self) -> None:
        CaseEntry.objects.all().delete()
        Case.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        refs = {(one.workspace, one.payload["body"]["case"]) for one in statements}
        known = {
            (row.workspace_id, row.ref): row
            for row in Case.objects.filter(ref__in={ref for _, ref in refs})
            if (row.workspace_id, row.ref) in refs
        }
        entries = []
        for statement in statements:
            body = statement.payload["body"]
            place = statement.workspace, body["case"]
            case = known.get(place)
            if case is None:
                case = known[place] = _new(statement, body)
                case.save(force_insert=True)
            entries.append(_take(case, statement, body))
        fields = [one.name for one in Case._meta.concrete_fields if not one.primary_key]  # noqa: SLF001 - documented
        Case.objects.bulk_update(known.values(), fields, batch_size=100)
        CaseEntry.objects.bulk_create(entries, batch_size=500)

    def dump(self) -> Iterator[str]:
        for case in Case.objects.order_by("workspace_id", "ref").iterator():
            yield _line(case, {"id"})
            for entry in case.entries.order_by("position").iterator():
                yield _line(entry, {"id", "case_id"})


def _line(row: models.Model, without: set[str]) -> str:
    names = [field.attname for field in row._meta.concrete_fields if field.attname not in without]  # noqa: SLF001
    return json.dumps({name: getattr(row, name) for name in names}, sort_keys=True, default=str)


def _new(statement: Statement, body: dict[str, Any]) -> Case:
    """Also for a later statement whose opening was erased: every one says which case it is."""
    return Case(
        workspace_id=statement.workspace,
        ref=body["case"],
        rule=body["rule"],
        subject=body["subject"][:1100],
        period=body["period"],
        opened_at=datetime.fromisoformat(body["at"]),
        opened=statement.position,
        changed=statement.position,
    )


def _take(case: Case, statement: Statement, body: dict[str, Any]) -> CaseEntry:
    """Apply one statement to the case in memory; its line of history."""
    at = datetime.fromisoformat(body["at"])
    entry = CaseEntry(case=case, position=statement.position, at=at, by=body["by"][:60], what="")
    case.changed = statement.position
    if statement.type in {OPENED, CHANGED}:
        _found(case, entry, statement, body)
    elif statement.type == CURED:
        entry.what = "cured"
        case.standing, case.cured = False, body["position"]
        entry.words = f"log position {body['position']}"
        if case.waiting:
            case.state = State.CURED
    else:
        entry.what = body["decision"]
        entry.words = body.get("words", "")
        if entry.what == "assigned":
            entry.owner = case.owner = body["owner"][:60]
            case.due = entry.due = date.fromisoformat(body["due"]) if body.get("due") else None
        if entry.what in {"resolved", "dismissed"}:
            entry.cause = case.resolution = body["cause"]
            entry.reference = case.reference = body.get("reference", "")
        case.state = DECISIONS.get(entry.what, case.state)
    entry.state = case.state
    return entry


def _found(case: Case, entry: CaseEntry, statement: Statement, body: dict[str, Any]) -> None:
    found = body["finding"]
    entry.what = "opened" if statement.type == OPENED and statement.position == case.opened else "changed"
    entry.words = found["message"][:2000]
    entry.cause = found["cause"]
    case.finding, case.cause = found, found["cause"]
    case.lot, case.site = found["lot"][:500], found["site"][:500]
    case.parties = "".join(f"|{uri}|" for uri in found["parties"])
    case.standing, case.cured = True, None
    if entry.what == "opened":
        case.due = entry.due = date.fromisoformat(body["due"])
    elif not case.waiting:
        case.state, entry.what = State.REOPENED, "reopened"
        case.due = entry.due = date.fromisoformat(body["due"])
