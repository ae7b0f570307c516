"""One battery's 71 data points as a reader may see them: as issued, or as they would be issued now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db.models import Max

from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.assemble import assemble
from lodeline.passports.completeness import DUTY_FROM, TO_FIX, State, assess
from lodeline.passports.datapoints import SECTIONS, Duty, points
from lodeline.passports.document import content_hash, document, visible
from lodeline_server.passports import gathering, queries, wording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.passports.datapoints import Point
    from lodeline_server.lots.models import Lot
    from lodeline_server.passports.models import Passport


MODELS = 12  # drawn on one page; the list holds all


@frozen(kw_only=True)
class Row:
    """One data point. `element`: what the document holds of it, {} when nothing."""

    point: Point
    duty: Duty
    state: State
    words: str
    element: Mapping[str, Any]

    @property
    def to_fix(self) -> bool:
        return self.state in TO_FIX

    @property
    def value(self) -> str:
        """The value for people; "" when there is none."""
        if not self.element:
            return ""
        held = self.element["value"]
        unit = self.element.get("unit", "")
        texts = [str(one) for one in held] if isinstance(held, list) else [str(held)]
        shown = "; ".join(wording.figure(text) if unit else text for text in texts)
        return f"{shown} {wording.unit(unit)}".strip()

    @property
    def day(self) -> str:
        """When it was measured, else stated."""
        return str(self.element.get("measuredAt", self.element.get("statementDate", "")))[:10]


@frozen(kw_only=True)
class View:
    """What one reader sees. `hidden`: how many of the 71 points it may not know of. `digest`: hash of all content."""

    audience: Audience
    position: int
    rows: tuple[Row, ...]
    document: Mapping[str, Any]
    digest: str

    @property
    def hidden(self) -> int:
        return len(points()) - len(self.rows)

    @property
    def to_fix(self) -> list[Row]:
        return [row for row in self.rows if row.to_fix]

    @property
    def present(self) -> int:
        return sum(row.state is State.PRESENT for row in self.rows)

    @property
    def asked(self) -> int:
        """Points that are mandatory in the category, among those the reader may know of."""
        return sum(row.duty is Duty.MANDATORY for row in self.rows)

    @property
    def answered(self) -> int:
        """How many of `asked` are present."""
        return sum(row.duty is Duty.MANDATORY and row.state is State.PRESENT for row in self.rows)

    def sections(self) -> list[tuple[str, str, list[Row]]]:
        """(reader, section, rows) in the order of the points."""
        found: list[tuple[str, str, list[Row]]] = []
        for row in self.rows:
            title = SECTIONS[row.point.section]
            if not found or found[-1][1] != title:
                found.append((str(wording.READERS[row.point.group]), title, []))
            found[-1][2].append(row)
        return found


def _view(
    held: Mapping[str, Any],
    states: Mapping[int, tuple[State, str]],
    category: str,
    audience: Audience,
    position: int,
    digest: str,
) -> View:
    shown = visible(dict(held), audience)
    return View(
        audience=audience,
        position=position,
        document=shown,
        digest=digest,
        rows=tuple(
            Row(
                point=point,
                duty=point.duty(category),
                state=states[number][0],
                words=states[number][1],
                element=shown.get(point.id, {}),
            )
            for number, point in points().items()
            if point.group in MATRIX[audience]
        ),
    )


def issued(passport: Passport, audience: Audience) -> View | None:
    """The passport as it stands on record; None when its statement was erased."""
    body = queries.body(passport)
    if not body:
        return None
    states = {int(number): (State(state), words) for number, (state, words) in body["states"].items()}
    return _view(
        body["document"],
        states,
        passport.category,
        audience,
        passport.evidence_position,
        passport.content_hash,
    )


def now_on_record(lot: Lot, audience: Audience, now: datetime) -> View | None:
    """The passport as it would be issued now; None when the maker has not stated the model."""
    ground = gathering.ground(lot.workspace_id, [lot.key], now.date())
    record = gathering.record(ground, lot)
    if record is None:
        return None
    assembled = assemble(record)
    held = document(assembled, Audience.OPERATOR, last_updated=now, log_origin="")
    cells = assess(assembled, placed_on=max(DUTY_FROM, now.date()))
    states = {cell.point.number: (cell.state, cell.words) for cell in cells}
    return _view(held, states, record.category, audience, record.position, content_hash(held))


def newest_by_model(actor: Actor) -> list[tuple[Passport, View]]:
    """The newest passport of each model and maker, as the actor may read it; at most `MODELS` of them."""
    rows = queries.visible(actor)
    newest = rows.values("gtin", "maker").annotate(newest=Max("position")).order_by("gtin", "maker")
    positions = [row["newest"] for row in newest[:MODELS]]
    found = []
    for row in rows.filter(position__in=positions).order_by("model", "serial"):
        view = issued(row, queries.audience(actor, row.maker))
        if view is not None:
            found.append((row, view))
    return found
