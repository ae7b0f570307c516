"""A query for events as a value: which parameters, what they ask, in which order and how many.

Source: GS1 EPCIS 2.0 section 8.2.7.1 (SimpleEventQuery) and section 12.7 (its REST form). Values of one parameter are
alternatives, parameters add up. Nothing is looked up here: `lodeline.events.query_match` judges events.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from lodeline.events import query_names as names
from lodeline.events.context import Names
from lodeline.events.epcis import instant
from lodeline.events.query_names import Asked, asked
from lodeline.events.query_patterns import pattern
from lodeline.events.query_words import absolute, attribute_name, type_of, word
from lodeline.identifiers import IdentifierError, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PARAMETER: Final = "epcisException:QueryParameterException"
VALIDATION: Final = "epcisException:QueryValidationException"
TOO_LARGE: Final = "epcisException:QueryTooLargeException"
TOO_COMPLEX: Final = "epcisException:QueryTooComplexException"

MOST_PARAMETERS: Final = 100
MOST_VALUES: Final = 2_000
LONGEST: Final = 2_000
MOST_EVENTS: Final = 2**31
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_LISTS: Final = frozenset(
    {names.TEXTS, names.URIS, names.WORDS, names.TYPES, names.NUMBERS, names.ANY, names.TRUTH}
)
Value = str | Decimal | datetime | bool


class QueryError(ValueError):
    """The query cannot be answered. `type` is GS1's name of the exception, `detail` says what to change."""

    def __init__(self, type_: str, detail: str) -> None:
        super().__init__(detail)
        self.type, self.detail = type_, detail


@frozen
class Condition:
    """One parameter: its name with prefixes written out, what it asks, and its values."""

    name: str
    asked: Asked
    values: tuple[Value, ...] = ()
    given: tuple[Any, ...] = ()


@frozen(kw_only=True)
class Query:
    """What events are wanted. `order`: `eventTime`, `recordTime`, a field of the sender's own, or nothing.

    `count_limit`: only the first so many; `max_count`: more than that is an error.
    """

    conditions: tuple[Condition, ...] = ()
    order: str = ""
    descending: bool = True
    count_limit: int | None = None
    max_count: int | None = None
    controls: dict[str, Any] = field(factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON body that gives this query again; prefixes are written out."""
        said: dict[str, Any] = {}
        for one in self.conditions:
            listed = one.asked.takes in _LISTS and not (
                len(one.given) == 1 and isinstance(one.given[0], int | float)
            )
            said[one.name] = list(one.given) if listed else (one.given[0] if one.given else None)
        return said | self.controls

    def of(self, *wheres: str) -> list[Condition]:
        """The conditions on these places."""
        return [one for one in self.conditions if one.asked.where in wheres]


def parse(pairs: Iterable[tuple[str, str]], prefixes: Mapping[str, str] | None = None) -> Query:
    """A query from the parameters of an address; lists are delimited by `|`.

    `prefixes`: what CURIEs in names and values stand for (`GS1-Extensions`). Raises `QueryError`.
    """
    said: dict[str, Any] = {}
    for name, value in pairs:
        found = None if name in _CONTROLS else _asked(name)
        if found is not None and found.takes in _LISTS:
            said.setdefault(name, []).extend(value.split("|"))
        elif name in said:
            raise QueryError(PARAMETER, f"{_short(name)} is given twice.")
        else:
            said[name] = value
        if len(said) > MOST_PARAMETERS:
            raise _too_many()
    return _query(said, prefixes or {})


def of(document: Mapping[str, Any]) -> Query:
    """A query from the JSON object of a named query. Raises `QueryError`."""
    if not isinstance(document, dict):
        raise QueryError(VALIDATION, "A query is a JSON object of parameters.")
    if len(document) > MOST_PARAMETERS:
        raise _too_many()
    prefixes = Names.of(document.get("@context")).prefixes
    return _query({name: value for name, value in document.items() if name != "@context"}, prefixes)


def _query(said: dict[str, Any], prefixes: Mapping[str, str]) -> Query:
    controls: dict[str, Any] = {}
    conditions = []
    room = MOST_VALUES
    for name, value in said.items():
        if name in _CONTROLS:
            controls[name] = _CONTROLS[name](name, value)
            continue
        one = _condition(name, _asked(name), value, prefixes)
        room -= len(one.given)
        if room < 0:
            raise QueryError(TOO_COMPLEX, f"A query holds at most {MOST_VALUES} values.")
        if one.asked.op != "EXISTS" or one.values[0]:
            conditions.append(one)
    order = controls.get("orderBy", "")
    if order not in {"", "eventTime", "recordTime"}:
        if ":" not in order:
            raise QueryError(
                PARAMETER,
                f"orderBy is eventTime, recordTime or the full name of an extension field, not {_short(order)}.",
            )
        order = controls["orderBy"] = absolute(order, prefixes)
    if "eventCountLimit" in controls and "maxEventCount" in controls:
        raise QueryError(PARAMETER, "eventCountLimit and maxEventCount exclude each other. Send one of them.")
    if "eventCountLimit" in controls and not order:
        raise QueryError(PARAMETER, "eventCountLimit needs orderBy: say what comes first.")
    return Query(
        conditions=tuple(conditions),
        order=order,
        descending=controls.get("orderDirection", "DESC") == "DESC",
        count_limit=controls.get("eventCountLimit"),
        max_count=controls.get("maxEventCount"),
        controls=controls,
    )


def _asked(name: str) -> Asked:
    if len(name) > LONGEST or _CONTROL.search(name):
        raise QueryError(PARAMETER, f"{_short(name)} is no name of a parameter.")
    found = asked(name)
    if found is None:
        raise QueryError(PARAMETER, f"There is no parameter {_short(name)}.")
    return found


def _condition(name: str, wanted: Asked, given: Any, prefixes: Mapping[str, str]) -> Condition:
    if wanted.op == "HASATTR":
        name = f"HASATTR_{absolute(wanted.where, prefixes)}"
        wanted = Asked(wanted.op, absolute(wanted.where, prefixes), wanted.takes)
    elif wanted.op == "EQATTR":
        wanted = Asked(wanted.op, wanted.where, wanted.takes, attribute_name(wanted.detail, prefixes))
        name = f"EQATTR_{wanted.where}_{wanted.detail}"
    elif wanted.where.startswith("own:"):
        full = absolute(wanted.detail, prefixes)
        if full != wanted.detail:
            name = name[: -len(wanted.detail)] + full
            wanted = Asked(wanted.op, wanted.where, wanted.takes, full, wanted.inner)
    elif wanted.where in {"bizTransaction", "source", "destination"}:
        kind = word(wanted.detail, prefixes)
        wanted = Asked(wanted.op, wanted.where, wanted.takes, kind)
        name = f"EQ_{wanted.where}_{kind}"
    listed = given if isinstance(given, list) else [given]
    if wanted.takes not in _LISTS and isinstance(given, list) and len(given) != 1:
        raise QueryError(PARAMETER, f"{_short(name)} takes one value.")
    if not listed:
        raise QueryError(PARAMETER, f"{_short(name)} needs a value.")
    values = tuple(_value(name, wanted, one, prefixes) for one in listed)
    return Condition(
        name, wanted, values, tuple(_kept(one, value) for one, value in zip(listed, values, strict=True))
    )


def _kept(given: Any, value: Value) -> Any:
    """A value as it stands in JSON, with prefixes written out."""
    if isinstance(given, bool | int | float) or given is None:
        return given
    return value if isinstance(value, str | bool) else given


def _value(name: str, wanted: Asked, given: Any, prefixes: Mapping[str, str]) -> Value:
    takes = wanted.takes
    if takes == names.NOTHING:
        return _exists(name, given)
    if isinstance(given, str):
        if len(given) > LONGEST:
            raise QueryError(PARAMETER, f"A value of {_short(name)} has more than {LONGEST} characters.")
        if _CONTROL.search(given):
            raise QueryError(PARAMETER, f"A value of {_short(name)} holds a control character.")
    if takes in {names.NUMBER, names.NUMBERS}:
        return _number(name, given)
    if takes == names.TRUTH:
        return _truth(name, given)
    if takes == names.TIME:
        return _time(name, given)
    if takes == names.ANY:
        return _any(name, wanted, given, prefixes)
    if not isinstance(given, str) or not given:
        raise QueryError(PARAMETER, f"{_short(name)} takes texts.")
    if takes == names.URIS:
        if wanted.op == "MATCH" and pattern(given) is not None:
            return given
        try:
            return normalise(absolute(given, prefixes))
        except IdentifierError as error:
            raise QueryError(PARAMETER, f"{_short(name)}: {error}.") from None
    if takes == names.WORDS:
        return word(given, prefixes)
    if takes == names.TYPES:
        return type_of(given, prefixes)
    if wanted.where == "action" and given not in names.ACTIONS:
        raise QueryError(PARAMETER, f"EQ_action is ADD, OBSERVE or DELETE, not {_short(given)}.")
    return attribute_name(given, prefixes) if wanted.op == "HASATTR" else given


def _any(name: str, wanted: Asked, given: Any, prefixes: Mapping[str, str]) -> Value:
    if isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        return _number(name, given)
    if not isinstance(given, str):
        raise QueryError(PARAMETER, f"{_short(name)} takes texts, a number or a time.")
    if wanted.op == "EQ":
        return absolute(given, prefixes)
    if _NUMBER.fullmatch(given):
        return Decimal(given)
    return _time(name, given, "takes a number or a time with offset")


def _exists(name: str, given: Any) -> bool:
    """The standard's void value: anything counts as yes, except the plain no of the REST form."""
    if given in ("false", "0", False) and given is not None:
        return False
    if isinstance(given, str) and given.lower() not in {"", "true", "1", "null", "void"}:
        raise QueryError(PARAMETER, f"{_short(name)} takes true or false.")
    return True


def _truth(name: str, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in {"true", "false"}:
        return given.lower() == "true"
    raise QueryError(PARAMETER, f"{_short(name)} takes true or false.")


def _number(name: str, given: Any) -> Decimal:
    text = given if isinstance(given, str) else repr(given)
    if isinstance(given, bool) or not _NUMBER.fullmatch(text):
        raise QueryError(PARAMETER, f"{_short(name)} takes a number, not {_short(text)}.")
    return Decimal(text)


def _time(
    name: str, given: Any, wants: str = "takes a time with offset, like 2026-03-01T08:00:00Z"
) -> datetime:
    if isinstance(given, str):
        try:
            # In an address a plus that was not escaped arrives as a space.
            return instant(given.replace(" ", "+"))
        except ValueError:
            pass
    raise QueryError(PARAMETER, f"{_short(name)} {wants}; got {_short(str(given))}.")


def _count(name: str, given: Any) -> int:
    text = given if isinstance(given, str) else repr(given)
    if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,10}", text) or not 0 < int(text) < MOST_EVENTS:
        raise QueryError(PARAMETER, f"{name} takes a whole number above 0, not {_short(text)}.")
    return int(text)


def _order(name: str, given: Any) -> str:
    if not isinstance(given, str) or not given or len(given) > LONGEST or _CONTROL.search(given):
        raise QueryError(PARAMETER, f"{name} names a field.")
    return given


def _direction(name: str, given: Any) -> str:
    if given not in ("ASC", "DESC"):
        raise QueryError(PARAMETER, f"{name} is ASC or DESC, not {_short(str(given))}.")
    return str(given)


_CONTROLS: Final = {
    "orderBy": _order,
    "orderDirection": _direction,
    "eventCountLimit": _count,
    "maxEventCount": _count,
}


def _too_many() -> QueryError:
    return QueryError(TOO_COMPLEX, f"A query holds at most {MOST_PARAMETERS} parameters.")


def _short(text: str) -> str:
    shown = _CONTROL.sub("?", text)
    return f"'{shown[:80]}…'" if len(shown) > 80 else f"'{shown}'"
