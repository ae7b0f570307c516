"""One battery's passport from everything on record about it: a merge of model, batch, item and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, frozen

from lodeline.passports import conflicts
from lodeline.passports.datapoints import STATUSES, Duty, points
from lodeline.passports.derive import Value, derive
from lodeline.passports.record import ITEM, PARTS
from lodeline.passports.values import SYMBOLS, Typed, ValueRefused, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.passports.record import Record, Source, Stated

STATUS_POINT: Final = 67
FROM_EVENTS: Final = frozenset({1, 6})
"""Points whose value is never taken from a statement: it must agree with it."""
MEASURED: Final = frozenset({7, 8, 9, 10, 20, 21, 22})
"""Points where the events of this very battery say more than a statement about its model."""


@frozen(kw_only=True)
class Refusal:
    """A stated value that cannot be used, and why."""

    words: str
    source: Source


@frozen(kw_only=True)
class Passport:
    """The assembled record, all groups of readers together. Nothing here is filtered: `document` does that.

    `values`: by point. `refused`: stated but not usable. `contradictions`: why two things on record cannot both be
    true. `conditions`: whether a conditional point applies, where that is known. `strange`: stated keys that are no
    data points.
    """

    record: Record
    values: Mapping[int, Value]
    refused: Mapping[int, Refusal]
    contradictions: Mapping[int, str]
    conditions: Mapping[int, bool]
    strange: tuple[str, ...]

    def filled(self, number: int) -> bool:
        """Whether the point has a value that may stand in a document of this category."""
        return number in self.values and points()[number].duty(self.record.category) is not Duty.EMPTY

    def sources(self) -> list[Source]:
        """Every statement a value came from, in log order, each once."""
        found = {value.source.position: value.source for value in self.values.values()}
        return [found[position] for position in sorted(found)]


@define
class _Reading:
    """What the statements say, newest last; the finest part wins."""

    values: dict[tuple[int, str], Value] = Factory(dict)
    refused: dict[tuple[int, str], Refusal] = Factory(dict)
    conditions: dict[int, bool] = Factory(dict)
    contradictions: dict[int, str] = Factory(dict)
    strange: list[str] = Factory(list)


def assemble(record: Record) -> Passport:
    """The passport of `record`."""
    stated = _Reading()
    for statement in sorted(record.statements, key=lambda one: one.source.position):
        if statement.by_maker:
            _read(stated, statement)
    _status(stated, record)
    events = derive(record)
    values: dict[int, Value] = {}
    refused: dict[int, Refusal] = {}
    contradictions = dict(stated.contradictions)
    for number in points():
        own = stated.values.get((number, ITEM))
        wider = next(
            (stated.values[number, part] for part in PARTS[1::-1] if (number, part) in stated.values), None
        )
        event = events.get(number)
        if number in FROM_EVENTS:
            chosen = event
        elif number in MEASURED:
            chosen = own or event or wider
        else:
            chosen = own or wider or event  # a profile, or a composition that names some metals, says less
        if chosen is not None:
            values[number] = chosen
        problem = next(
            (stated.refused[number, part] for part in reversed(PARTS) if (number, part) in stated.refused),
            None,
        )
        if problem is not None:
            refused[number] = problem
            if chosen is not None:
                contradictions[number] = f"another value was stated and cannot be used: {problem.words}"
        words = conflicts.between(record, number, own or wider, event)
        if words:
            contradictions[number] = words
    contradictions |= conflicts.among(values)
    return Passport(
        record=record,
        values=values,
        refused=refused,
        contradictions=contradictions,
        conditions=stated.conditions,
        strange=tuple(stated.strange),
    )


def _read(stated: _Reading, statement: Stated) -> None:
    """Take one statement of the maker; a later one about the same part replaces the values it repeats."""
    for name, raw in statement.points.items():
        number = int(name) if name.isascii() and name.isdigit() else 0
        point = points().get(number)
        if point is None or name != str(number):
            stated.strange.append(name[:40])
            continue
        if number == STATUS_POINT:
            continue
        at = (number, statement.part)
        stated.values.pop(at, None)
        stated.refused.pop(at, None)
        if _applies(stated, number, raw):
            continue
        try:
            value = Value(point=point, typed=read(point, raw), part=statement.part, source=statement.source)
        except ValueRefused as error:
            stated.refused[at] = Refusal(words=str(error), source=statement.source)
        else:
            stated.values[at] = value


def _applies(stated: _Reading, number: int, raw: Any) -> bool:
    """Note the maker's word on a condition; True when no value comes with it."""
    if not isinstance(raw, dict):
        return False
    word = raw.get("applies")
    if isinstance(word, bool):
        stated.conditions[number] = word
        if not word and "value" in raw:
            stated.contradictions[number] = "it is said not to apply, and has a value"
    if number == SYMBOLS:
        required = conflicts.symbols_required(raw)
        if required is not None:
            stated.conditions[number] = required
    return "value" not in raw and (isinstance(word, bool) or number in stated.conditions)


def _status(stated: _Reading, record: Record) -> None:
    """Point 67: the newest word of the maker or of whoever holds the battery. Waste never becomes original again."""
    point, before = points()[STATUS_POINT], ""
    for statement in sorted(record.statements, key=lambda one: one.source.position):
        raw = statement.points.get(str(STATUS_POINT), statement.status or None)
        if raw is None:
            continue
        try:
            typed = read(point, raw)
        except ValueRefused as error:
            stated.refused[STATUS_POINT, ITEM] = Refusal(words=str(error), source=statement.source)
            continue
        if statement.status in STATUSES and statement.status != typed.content:
            stated.contradictions[STATUS_POINT] = (
                f"the statement says {statement.status}, its point 67 says {typed.content}"
            )
        if before == "waste" and typed.content == "original":
            stated.contradictions[STATUS_POINT] = "it was waste before; waste never becomes original again"
        before = str(typed.content)
        stated.values[STATUS_POINT, ITEM] = Value(
            point=point,
            typed=Typed(content=before, measured_at=typed.measured_at),
            part=ITEM,
            source=statement.source,
        )
