"""Whether an event is what a query asks for: pure, over the event as it was captured.

Conditions are tested one after another; each looks up the values at its place and asks whether one of them fits.
A condition on a place that an event does not have does not hold (GS1 EPCIS 2.0 section 8.2.7.1).
"""

from __future__ import annotations

import operator
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from lodeline.events.epcis import event_identity, instant
from lodeline.events.query_own import own_values
from lodeline.events.query_patterns import pattern
from lodeline.events.query_words import absolute, key, spellings, term, type_of, word
from lodeline.identifiers import IdentifierError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from lodeline.events.query import Condition, Query, Value
    from lodeline.events.query_names import Asked

Attributes = "Callable[[str], Mapping[str, frozenset[str]]]"
_EPC_LISTS: Final = {
    "epc": ("epcList", "childEPCs"),
    "parentID": ("parentID",),
    "inputEPC": ("inputEPCList",),
    "outputEPC": ("outputEPCList",),
    "anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
}
_CLASS_LISTS: Final = {
    "epcClass": ("quantityList", "childQuantityList"),
    "inputEPCClass": ("inputQuantityList",),
    "outputEPCClass": ("outputQuantityList",),
    "anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}
_SENSOR_WORDS: Final = {"sensorType": "type", "component": "component", "exception": "exception"}
_SENSOR_KEYS: Final = frozenset(
    (
        "deviceID", "dataProcessingMethod", "microorganism", "chemicalSubstance", "bizRules", "uriValue",
        "deviceMetadata", "rawData", "coordinateReferenceSystem",
    )
)  # fmt: skip
_SENSOR_TEXTS: Final = frozenset({"stringValue", "hexBinaryValue", "booleanValue"})
_SENSOR_TIMES: Final = frozenset({"time", "startTime", "endTime"})
_MEASURED: Final = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percValue", "percRank"})
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "GT": operator.gt,
    "GE": operator.ge,
    "LT": operator.lt,
    "LE": operator.le,
}


class Candidate:
    """One event to be judged: as captured, with the prefixes it is written in and when it was recorded."""

    def __init__(
        self, raw: Mapping[str, Any], prefixes: Mapping[str, str], recorded: datetime | None = None
    ) -> None:
        self.raw, self.prefixes, self.recorded = raw, prefixes, recorded

    def keys(self, *fields: str) -> Iterator[str]:
        """Canonical identifiers of these fields, be they one text or lists."""
        for name in fields:
            value = self.raw.get(name)
            for one in value if isinstance(value, list) else () if value is None else (value,):
                yield _key(one["epcClass"] if isinstance(one, dict) else one, self.prefixes)

    def sensors(self) -> Iterator[Mapping[str, Any]]:
        """The parts of all sensor elements: metadata and reports."""
        for element in self.raw.get("sensorElementList") or ():
            if isinstance(about := element.get("sensorMetadata"), dict):
                yield about
            yield from element.get("sensorReport") or ()


class Master:
    """What master data says of places and terms. Without any: places lie in the place of the same number."""

    def below(self, wanted: str) -> frozenset[str]:
        """The place itself, and those below it by what master data says."""
        return frozenset({wanted})

    def within(self, place: str, wanted: str) -> bool:
        """Whether `place` is `wanted` or lies in it: below it, or an extension of the number of such a place."""
        below = self.below(wanted)
        return place in below or any(place[: found.start()] in below for found in _EXTENSION.finditer(place))

    def described(self) -> Collection[str]:
        """What attributes are known of."""
        return ()

    def attributes(self, key: str) -> Mapping[str, frozenset[str]]:
        """The attributes of what `key` names: values by name."""
        del key
        return {}


NO_MASTER: Final = Master()
_EXTENSION: Final = re.compile("/254/")


def matches(query: Query, candidate: Candidate, master: Master = NO_MASTER) -> bool:
    """Whether all conditions of the query hold for the event."""
    return all(holds(one, candidate, master) for one in query.conditions)


def holds(condition: Condition, candidate: Candidate, master: Master = NO_MASTER) -> bool:
    """Whether one condition holds."""
    asked, values = condition.asked, condition.values
    if asked.op == "EXISTS":
        return _exists(asked, candidate)
    if asked.op in {"HASATTR", "EQATTR"}:
        return _attributed(asked, values, candidate, master)
    found = _values(asked, candidate)
    if asked.op == "WD":
        return any(
            master.within(one, wanted) for one in found for wanted in values if isinstance(wanted, str)
        )
    if asked.op == "MATCH":
        return _named(found, values)
    if asked.op == "EQ":
        return any(_equal(one, wanted) for one in found for wanted in values)
    compare = _COMPARE[asked.op]
    return any(_compared(compare, one, values[0]) for one in found)


def order_key(query: Query, candidate: Candidate) -> Value | None:
    """The value that orders the event under a field of the sender's own; None without one."""
    for one in own_values("", query.order, candidate.raw, candidate.prefixes, inner=False):
        number = _as_number(one)
        if number is not None:
            return number
        return _as_time(one) or str(one)
    return None


def _named(found: Iterator[Any], values: tuple[Value, ...]) -> bool:
    wanted = frozenset(values)
    patterns = [form for one in values if isinstance(one, str) and (form := pattern(one)) is not None]
    return any(one in wanted or any(form.regex.fullmatch(one) for form in patterns) for one in found)


def _exists(asked: Asked, candidate: Candidate) -> bool:
    if asked.where.startswith("own:"):
        return any(True for _ in _own(asked, candidate))
    return bool(candidate.raw.get(asked.where))


def _attributed(asked: Asked, values: tuple[Value, ...], candidate: Candidate, master: Master) -> bool:
    return any(_fits(asked, values, master.attributes(one)) for one in _terms(asked.where, candidate))


def holders(condition: Condition, master: Master) -> frozenset[str]:
    """What has the attributes that a condition on attributes wants."""
    asked, values = condition.asked, condition.values
    return frozenset(one for one in master.described() if _fits(asked, values, master.attributes(one)))


def attributes_of(condition: Condition) -> frozenset[str]:
    """The names of attributes that a condition on attributes looks at."""
    if condition.asked.op == "EQATTR":
        return spellings(condition.asked.detail)
    return frozenset(name for one in condition.values if isinstance(one, str) for name in spellings(one))


def _fits(asked: Asked, values: tuple[Value, ...], attributes: Mapping[str, frozenset[str]]) -> bool:
    if asked.op == "EQATTR":
        return any(
            not attributes.get(name, frozenset()).isdisjoint(values) for name in spellings(asked.detail)
        )
    return any(name in attributes for one in values if isinstance(one, str) for name in spellings(one))


def _terms(where: str, candidate: Candidate) -> Iterator[str]:
    """Identifiers that a field refers to, for master data."""
    raw = candidate.raw
    if where in {"readPoint", "bizLocation"}:
        yield from _place(raw.get(where), candidate)
    elif where in {"bizStep", "disposition"} and isinstance(raw.get(where), str):
        yield term(raw[where], candidate.prefixes)
    elif where in {"source", "destination", "bizTransaction"}:
        for entry in raw.get(f"{where}List") or ():
            yield _key(entry[where], candidate.prefixes)
    elif where in {"epcClass", "anyEPCClass"}:
        yield from candidate.keys(*_CLASS_LISTS["anyEPCClass"])
    elif ":" in where:
        own = own_values("", where, raw, candidate.prefixes, inner=False)
        yield from (term(str(one), candidate.prefixes) for one in own)


def _values(asked: Asked, candidate: Candidate) -> Iterator[Any]:
    """The values at the place a condition asks about."""
    where = asked.where
    if where == "anything":
        return candidate.keys(*_EPC_LISTS["anyEPC"], *_CLASS_LISTS["anyEPCClass"])
    if where.startswith("own:"):
        return _own(asked, candidate)
    if where in _EPC_LISTS:
        return candidate.keys(*_EPC_LISTS[where])
    if where in _CLASS_LISTS:
        return candidate.keys(*_CLASS_LISTS[where])
    if where in _SENSOR_WORDS or where in _SENSOR_KEYS or where in _SENSOR_TEXTS:
        return _sensed(where, candidate)
    if where in _SENSOR_TIMES:
        return (_as_time(part[where]) for part in candidate.sensors() if where in part)
    if where in _MEASURED:
        return (
            _as_number(part[where])
            for part in candidate.sensors()
            if where in part and (not asked.detail or part.get("uom") == asked.detail)
        )
    return _plain(asked, candidate)


def _sensed(where: str, candidate: Candidate) -> Iterator[Any]:
    name = _SENSOR_WORDS.get(where, where)
    for part in candidate.sensors():
        if name in part:
            value = part[name]
            if where in _SENSOR_WORDS:
                value = word(str(value), candidate.prefixes)
            elif where in _SENSOR_KEYS:
                value = _key(value, candidate.prefixes)
            yield value


def _plain(asked: Asked, candidate: Candidate) -> Iterator[Any]:
    where, raw, prefixes = asked.where, candidate.raw, candidate.prefixes
    declared = raw.get("errorDeclaration") or {}
    if where == "eventType":
        yield type_of(raw["type"], prefixes)
    elif where == "eventTime":
        yield _as_time(raw["eventTime"])
    elif where == "recordTime":
        yield candidate.recorded
    elif where == "eventID":
        yield _identity(raw)
    elif where in {"bizStep", "disposition"}:
        if isinstance(raw.get(where), str):
            yield word(raw[where], prefixes)
    elif where in {"set", "unset"}:
        persistent = raw.get("persistentDisposition") or {}
        yield from (word(one, prefixes) for one in persistent.get(where) or ())
    elif where in {"readPoint", "bizLocation"}:
        yield from _place(raw.get(where), candidate)
    elif where == "errorDeclarationTime":
        if "declarationTime" in declared:
            yield _as_time(declared["declarationTime"])
    elif where == "errorReason":
        if isinstance(declared.get("reason"), str):
            yield word(declared["reason"], prefixes)
    elif where == "correctiveEventID":
        yield from (_key(one, prefixes) for one in declared.get("correctiveEventIDs") or ())
    elif where in {"bizTransaction", "source", "destination"}:
        for entry in raw.get(f"{where}List") or ():
            if word(entry.get("type") or "", prefixes) == asked.detail:
                yield _key(entry[where], prefixes)
    elif where == "quantity":
        for name in _CLASS_LISTS["anyEPCClass"]:
            for element in raw.get(name) or ():
                if "quantity" in element and (not asked.detail or element.get("uom") == asked.detail):
                    yield _as_number(element["quantity"])
    elif where == "transformationID":
        yield from candidate.keys(where)
    elif where in raw:
        yield raw[where]


def _own(asked: Asked, candidate: Candidate) -> Iterator[Any]:
    scope = asked.where.removeprefix("own:")
    for value in own_values(scope, asked.detail, candidate.raw, candidate.prefixes, inner=asked.inner):
        yield absolute(value, candidate.prefixes) if isinstance(value, str) else value


def _place(value: Any, candidate: Candidate) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        yield _key(value["id"], candidate.prefixes)


def _key(text: Any, prefixes: Mapping[str, str]) -> str:
    return key(str(text), prefixes)


def _identity(raw: Mapping[str, Any]) -> str:
    try:
        return event_identity(raw)
    except IdentifierError:
        return str(raw.get("eventID"))


def _equal(found: Any, wanted: Value) -> bool:
    if isinstance(wanted, Decimal):
        return _as_number(found) == wanted
    if isinstance(wanted, bool):
        return found is wanted or (isinstance(found, str) and found.lower() == str(wanted).lower())
    if isinstance(wanted, datetime):
        return _as_time(found) == wanted
    if isinstance(found, bool):
        return wanted.lower() == str(found).lower()
    if isinstance(found, str):
        return found == wanted or _same_moment(found, wanted)
    number = _as_number(wanted)
    return number is not None and _as_number(found) == number


def _same_moment(found: str, wanted: str) -> bool:
    """Two spellings of one number or time: own fields say them as texts."""
    if not (found[:1].isdigit() and wanted[:1].isdigit()):
        return False
    number = _as_number(wanted)
    if number is not None:
        return _as_number(found) == number
    moment = _as_time(wanted) if "T" in wanted else None
    return moment is not None and _as_time(found) == moment


def _compared(compare: Callable[[Any, Any], bool], found: Any, wanted: Value) -> bool:
    value = _as_time(found) if isinstance(wanted, datetime) else _as_number(found)
    return value is not None and compare(value, wanted)


def _as_number(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 400:
        return None
    try:
        number = Decimal(value if isinstance(value, str) else repr(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _as_time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
