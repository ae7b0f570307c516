"""From the conditions of a query to the positions that can answer it, by indexes; what is left is judged one by one.

Each condition that an index knows gives positions, or nothing where there are too many to be worth it. The smallest
lists are read first; when few are left, the rest is not read at all.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import field, frozen
from django.db import connection
from django.db.models import Q

from lodeline.events.query_match import NO_MASTER, holders
from lodeline.events.query_patterns import pattern
from lodeline.identifiers import DOMAIN
from lodeline_server.events.models import EventRecord
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.terms import fit, hour, minute
from lodeline_server.lots import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.db.models import QuerySet

    from lodeline.events.query import Condition, Query
    from lodeline.events.query_match import Master

MOST_ROWS = 20_000
MOST_PLACES = 50_000
FEW = 1_000
"""With so few positions left, opening them costs less than reading another list."""

MOST_PARENTS, MOST_HOLDERS = 50, 2_000
"""With more places below a place, or more things with an attribute, an index is no help."""

_VALUES = {
    "eventType": Posting.TYPE,
    "bizStep": Posting.STEP,
    "disposition": Posting.DISPOSITION,
    "readPoint": Posting.POINT,
    "bizLocation": Posting.PLACE,
    "source": Posting.SOURCE,
    "destination": Posting.DESTINATION,
    "bizTransaction": Posting.TRANSACTION,
}
_WORDS, _CLASSES = frozenset({"bizStep", "disposition"}), frozenset({"epcClass", "anyEPCClass"})
_DECLARED = frozenset(
    {"errorDeclaration", "errorDeclarationTime", "errorReason", "correctiveEventID", "own:ERROR_DECLARATION"}
)
_SENSED = frozenset(
    {
        "sensorElementList", "sensorType", "component", "exception", "deviceID", "dataProcessingMethod",
        "microorganism", "chemicalSubstance", "bizRules", "uriValue", "deviceMetadata", "rawData",
        "coordinateReferenceSystem", "stringValue", "hexBinaryValue", "booleanValue", "time", "startTime", "endTime",
        "value", "minValue", "maxValue", "meanValue", "sDev", "percValue", "percRank", "own:SENSORELEMENT",
        "own:SENSORMETADATA", "own:SENSORREPORT",
    }
)  # fmt: skip
Places = Any
"""Positions: an ascending array of int64."""


@frozen
class Scope:
    """Whose events, and which part of the log: `after` inclusive, `stop` exclusive."""

    workspace: int
    organisation: int | None
    after: int
    stop: int
    master: Master = field(default=NO_MASTER, eq=False, repr=False)
    """What is known of places and terms, as far as the query asks."""


@frozen
class _List:
    """One list of positions: about how long it is, and how to read it."""

    size: int
    read: Callable[[], Places | None]


def narrowed(scope: Scope, query: Query) -> Places | None:
    """Positions that may answer the query, ascending; None when no index makes them few."""
    lists = [one for one in _lists(scope, query) if one is not None]
    if scope.organisation is not None and not lists:
        lists = [one for one in [_posted(_postings(scope, Posting.TYPE))] if one is not None]
    found: Places | None = None
    for one in sorted(lists, key=lambda each: each.size):
        if found is not None and len(found) <= FEW:
            break
        places_ = one.read()
        if places_ is not None:
            found = places_ if found is None else np.intersect1d(found, places_, assume_unique=True)
    if found is None:
        return None
    return found[(found >= scope.after) & (found < scope.stop)]


def _lists(scope: Scope, query: Query) -> Iterable[_List | None]:
    flags = set()
    for one in query.conditions:
        where = one.asked.where
        if one.asked.op in {"HASATTR", "EQATTR"}:
            yield _of_holders(scope, one)
        elif one.asked.op == "WD":
            yield _below(scope, _VALUES[where], one)
        elif where in _VALUES and one.asked.op == "EQ":
            yield _posted(
                _postings(scope, _VALUES[where]).filter(value__in=[fit(text) for text in _texts(one)])
            )
        elif one.asked.op == "MATCH":
            yield _List(0, partial(_matching, scope, one))
        elif where == "eventID":
            yield _List(0, partial(_recorded, scope, event_id__in=_texts(one)))
        elif where == "transformationID":
            yield _List(0, partial(_recorded, scope, transformation__in=_texts(one)))
        elif where in _DECLARED:
            flags.add("errorDeclaration")
        elif where in _SENSED:
            flags.add("sensorElementList")
        elif where in {"set", "unset"}:
            flags.add("persistentDisposition")
    for flag in flags:
        yield _posted(_postings(scope, Posting.HAS).filter(value=flag))
    yield _of_times(scope, query, "eventTime", Posting.HOUR, hour)
    yield _of_times(scope, query, "recordTime", Posting.MINUTE, minute)


def _texts(condition: Condition) -> list[str]:
    return [one for one in condition.values if isinstance(one, str)]


def _below(scope: Scope, kind: str, condition: Condition) -> _List | None:
    """Places below places, and the extensions of their numbers; an extension has none of its own."""
    places_ = {place for one in _texts(condition) for place in scope.master.below(one)}
    open_ = [one for one in places_ if not (one.startswith(DOMAIN) and "/254/" in one)]
    if len(places_) > MOST_HOLDERS or len(open_) > MOST_PARENTS:
        return None
    wanted = Q(value__in=[fit(one) for one in places_])
    for place in open_:
        wanted |= _starting(f"{fit(place)}/")
    return _posted(_postings(scope, kind).filter(wanted))


def _of_holders(scope: Scope, condition: Condition) -> _List | None:
    """Events that name what has an attribute."""
    where, found = condition.asked.where, holders(condition, scope.master)
    if not found:
        return _List(0, partial(np.empty, 0, np.int64))
    if len(found) > MOST_HOLDERS or (where in _WORDS and any(":" in one for one in found)):
        return None  # words of others are not kept under the names that identifiers have
    if where in _VALUES:
        return _posted(_postings(scope, _VALUES[where]).filter(value__in=[fit(one) for one in found]))
    return _List(0, partial(_naming, scope, sorted(found), [])) if where in _CLASSES else None


def _starting(start: str) -> Q:
    """By the index where the order of the database allows it."""
    if connection.vendor == "sqlite":
        return Q(value__gte=start, value__lt=f"{start}\U0010ffff")
    return Q(value__startswith=start)


def _of_times(scope: Scope, query: Query, where: str, kind: str, named: Callable[[Any], str]) -> _List | None:
    rows, asked = _postings(scope, kind), False
    for one in query.of(where):
        side = "gte" if one.asked.op == "GE" else "lte"
        rows, asked = rows.filter(**{f"value__{side}": named(one.values[0])}), True
    return _posted(rows) if asked else None


def _postings(scope: Scope, kind: str) -> QuerySet[Posting]:
    rows = Posting.objects.filter(workspace_id=scope.workspace, kind=kind, last__gte=scope.after)
    return rows if scope.organisation is None else rows.filter(organisation=scope.organisation)


def _posted(rows: QuerySet[Posting]) -> _List | None:
    """None when there are too many rows."""
    size = rows[: MOST_ROWS + 1].count()
    return None if size > MOST_ROWS else _List(size, partial(positions, rows))


def positions(rows: QuerySet[Posting]) -> Places:
    """The positions of postings, ascending, each once."""
    text = "".join(rows.order_by().values_list("positions", flat=True))
    return (
        np.unique(np.fromstring(text.rstrip(","), dtype=np.int64, sep=",")) if text else np.empty(0, np.int64)
    )


def _matching(scope: Scope, condition: Condition) -> Places | None:
    keys, starts = [], []
    for value in _texts(condition):
        form = pattern(value)
        if form is None:
            keys.append(value)
        else:
            starts += form.starts
    return _naming(scope, keys, starts)


def _naming(scope: Scope, keys: Sequence[str], starts: Sequence[str]) -> Places | None:
    found = places.naming(scope.workspace, keys, MOST_PLACES)
    if found is None:
        return None
    for start in starts:
        more = places.beginning(scope.workspace, start, MOST_PLACES - len(found))
        if more is None:
            return None
        found += more
    # What lots do not keep: declarations, other editions, the parents of transactions.
    rows = _postings(scope, Posting.THING)
    apart = positions(rows.filter(value__in=[fit(one) for one in keys]))
    for start in starts:
        apart = np.union1d(apart, positions(rows.filter(_starting(start))))
    return np.union1d(np.array(found, dtype=np.int64), apart)


def _recorded(scope: Scope, **wanted: list[str]) -> Places | None:
    rows = EventRecord.objects.filter(workspace_id=scope.workspace, **wanted)
    rows = rows.exclude(kind=EventRecord.Kind.STATEMENT).order_by("position")
    found = list(rows.values_list("position", flat=True)[: MOST_PLACES + 1])
    return None if len(found) > MOST_PLACES else np.array(found, dtype=np.int64)
