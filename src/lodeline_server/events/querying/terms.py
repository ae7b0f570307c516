"""The terms under which an event is found again: what it is, what it says, when and where."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lodeline.events.context import Names
from lodeline.events.epcis import instant
from lodeline.events.query_words import absolute, type_of, word
from lodeline.events.vocabulary import EPC_LISTS, EVENT_TYPES, QUANTITY_LISTS
from lodeline.identifiers import IdentifierError, normalise
from lodeline_server.events.querying.models import LONGEST, Posting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

FLAGS = ("errorDeclaration", "sensorElementList", "persistentDisposition")
_LINKS = (
    ("sourceList", "source", Posting.SOURCE),
    ("destinationList", "destination", Posting.DESTINATION),
    ("bizTransactionList", "bizTransaction", Posting.TRANSACTION),
)
_WORDS = (("bizStep", Posting.STEP), ("disposition", Posting.DISPOSITION))
_PLACES = (("readPoint", Posting.POINT), ("bizLocation", Posting.PLACE))


def terms(raw: Mapping[str, Any], prefixes: Mapping[str, str], *, apart: bool) -> Iterator[tuple[str, str]]:
    """Kinds and values. `apart`: its things are not among what lots keep: a declaration, another edition."""
    get = raw.get
    kind = raw["type"]
    yield Posting.TYPE, kind if kind in EVENT_TYPES else fit(type_of(kind, prefixes))
    for name, term in _WORDS:
        if value := get(name):
            yield term, value if ":" not in value else fit(word(value, prefixes))
    for name, term in _PLACES:
        if place := get(name):
            yield term, key(place["id"], prefixes)
    yield Posting.HOUR, hour(instant(raw["eventTime"]))
    for name, member, term in _LINKS:
        for entry in get(name) or ():
            yield term, key(entry[member], prefixes)
    for name in FLAGS:
        if name in raw:
            yield Posting.HAS, name
    if apart:
        for one in _things(raw):
            yield Posting.THING, key(one, prefixes)
    elif kind == "TransactionEvent" and (parent := get("parentID")):
        yield Posting.THING, key(parent, prefixes)


def _things(raw: Mapping[str, Any]) -> Iterator[str]:
    for name in EPC_LISTS:
        yield from raw.get(name) or ()
    for name in QUANTITY_LISTS:
        yield from (element["epcClass"] for element in raw.get(name) or ())
    if parent := raw.get("parentID"):
        yield parent


def key(text: str, prefixes: Mapping[str, str]) -> str:
    """An identifier in canonical form, as far as a column holds it."""
    try:
        return normalise(text if text.startswith(("http", "urn:")) else absolute(text, prefixes))
    except IdentifierError:
        return fit(text)


def fit(value: str) -> str:
    """A value that is too long stands as its hash."""
    if len(value) <= LONGEST and "\0" not in value:
        return value
    return f"ni:///sha-256;{sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"


def hour(moment: datetime) -> str:
    """The hour of an instant, sorting as text."""
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}T{moment.hour:02}"


@lru_cache(maxsize=16)
def minute(moment: datetime) -> str:
    """The minute of an instant, sorting as text. The same for all that was appended together."""
    return f"{hour(moment)}:{moment.minute:02}"


class Prefixes:
    """The prefixes of contexts, read once for all events of a document."""

    def __init__(self) -> None:
        self._last: Any = None
        self._known: Mapping[str, str] = {}

    def of(self, raw: Mapping[str, Any], context: Any) -> Mapping[str, str]:
        own = raw.get("@context")
        if own is not None:
            return Names.of(context, own).prefixes
        if context != self._last:
            self._last, self._known = context, Names.of(context).prefixes
        return self._known
