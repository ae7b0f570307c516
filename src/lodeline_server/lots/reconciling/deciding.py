"""From the record to findings, and from findings to what changes in the cases. Reads; writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.discrepancies import find
from lodeline.lots.mismatch import merged
from lodeline_server.lots import queries as lots
from lodeline_server.lots.reconciling import borrowed, reading
from lodeline_server.lots.reconciling.models import Case

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.lots.mismatch import Mismatch


@frozen(kw_only=True)
class Outcome:
    """What a look at the record found, and how the cases differ from it. `position`: what was looked at."""

    position: int
    findings: tuple[Mismatch, ...]
    opened: tuple[Mismatch, ...]
    changed: tuple[Mismatch, ...]
    cured: tuple[Case, ...]


def findings(workspace: int, now: datetime, until: int | None = None) -> tuple[int, list[Mismatch]]:
    """Everything that does not fit below a log position on a day: a function of these two.

    What the books of credits say is of now: they are asked only when no earlier position is.
    """
    position = lots.position() if until is None else until
    day = reading.day_of(now)
    found = find(reading.record(workspace, position), day)
    if until is None:
        found = merged([*found, *borrowed.of_books(workspace, day)])
    return position, found


def compare(workspace: int, now: datetime) -> Outcome:
    """Findings of now against the cases there are."""
    position, found = findings(workspace, now)
    known = {case.ref: case for case in Case.objects.filter(workspace_id=workspace)}
    opened = [one for one in found if one.id not in known]
    changed = [one for one in found if one.id in known and _differs(known[one.id], one)]
    there = {one.id for one in found}
    cured = [case for ref, case in sorted(known.items()) if case.standing and ref not in there]
    return Outcome(
        position=position,
        findings=tuple(found),
        opened=tuple(opened),
        changed=tuple(changed),
        cured=tuple(cured),
    )


def _differs(case: Case, found: Mismatch) -> bool:
    return not case.standing or case.finding != found.as_dict()
