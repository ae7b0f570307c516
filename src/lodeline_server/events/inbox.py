"""What became of captured documents: how far each came, and event by event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from django.db.models import Max, OuterRef, Subquery

from lodeline_server.events.models import CaptureJob, EventRecord
from lodeline_server.events.outcomes import ACCEPTED, NAMES
from lodeline_server.events.sheets import queries as sheets
from lodeline_server.log import projections
from lodeline_server.log.models import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

STEPS: Final = ("waiting", "running", "filed", "projected")
_PLACE: Final = re.compile(r"/(?:epcisBody/(?:queryResults/resultsBody/)?eventList|statements)/([0-9]+)")


@frozen(kw_only=True)
class Progress:
    """How far a job came. `step`: one of `STEPS`, or refused or failed.

    `before`: documents ahead of it; `behind`: what is derived from the log and has not read all of it yet, with the
    number of statements still to read.
    """

    step: str
    before: int = 0
    behind: tuple[tuple[str, int], ...] = ()
    first: int | None = None
    last: int | None = None

    @property
    def open(self) -> bool:
        """True while it goes on by itself."""
        return self.step in {"waiting", "running", "filed"}


def progress(job: CaptureJob) -> Progress:
    """How far one job came."""
    if job.state == CaptureJob.State.WAITING:
        ahead = CaptureJob.objects.filter(state__in=CaptureJob.OPEN, pk__lt=job.pk).count()
        return Progress(step="waiting", before=ahead)
    if job.state != CaptureJob.State.TAKEN:
        return Progress(step=job.state)
    last = job.records.aggregate(last=Max("position"))["last"]
    behind = () if last is None else tuple(_behind(last, read_until()))
    return Progress(step="filed" if behind else "projected", behind=behind, last=last)


def read_until() -> dict[str, int]:
    """For each projection the position it has read up to."""
    places = dict(Cursor.objects.values_list("projection", "position"))
    return {one.name: places.get(one.name, 0) for one in projections.registered()}


def _behind(last: int, places: dict[str, int]) -> Iterable[tuple[str, int]]:
    return ((name, last + 1 - place) for name, place in places.items() if place <= last)


def with_last(rows: QuerySet[CaptureJob]) -> QuerySet[CaptureJob]:
    """Jobs with `last_position`, where something of them is in the log."""
    mine = EventRecord.objects.filter(job=OuterRef("pk")).order_by("-index").values("position")[:1]
    return rows.annotate(last_position=Subquery(mine))


@frozen(kw_only=True)
class Result:
    """What became of one event. `rows`: of the sheet it came from."""

    index: int
    outcome: str
    rows: tuple[int, ...] = ()
    event_id: str = ""
    type: str = ""
    position: int | None = None
    findings: tuple[dict[str, Any], ...] = ()


def counts(job: CaptureJob) -> dict[str, int]:
    """How many events had which outcome."""
    return {name: job.outcomes.count(letter) for letter, name in NAMES.items()}


def places(job: CaptureJob, outcome: str = "") -> list[int]:
    """The places of the events with this outcome, or of all."""
    letter = next((letter for letter, name in NAMES.items() if name == outcome), "")
    return [index for index, one in enumerate(job.outcomes) if not letter or one == letter]


def results(job: CaptureJob, wanted: Sequence[int]) -> list[Result]:
    """What became of the events at these places. Four queries, however many there are."""
    records = {
        index: (event_id, type_, position)
        for index, event_id, type_, position in job.records.filter(index__in=list(wanted)).values_list(
            "index", "event_id", "type", "position"
        )
    }
    made = sheets.rows_of(job.pk)
    told: dict[int, list[dict[str, Any]]] = {}
    for finding in job.findings:
        if (found := _PLACE.match(finding["pointer"])) is not None:
            told.setdefault(int(found[1]), []).append(finding)
        elif len(job.outcomes) == 1:
            told.setdefault(0, []).append(finding)
    return [_result(job, index, records.get(index), made, told.get(index, [])) for index in wanted]


def _result(
    job: CaptureJob,
    index: int,
    record: tuple[str, str, int] | None,
    made: list[dict[str, Any]],
    told: list[dict[str, Any]],
) -> Result:
    source = made[index] if index < len(made) else {}
    outcome = job.outcomes[index] if index < len(job.outcomes) else ACCEPTED
    event_id, type_, position = record or (source.get("id", ""), "", None)
    return Result(
        index=index,
        outcome=NAMES[outcome],
        rows=tuple(source.get("rows", ())),
        event_id=event_id or next((one["eventID"] for one in told if one.get("eventID")), ""),
        type=type_,
        position=position,
        findings=tuple(told),
    )
