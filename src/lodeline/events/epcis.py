"""One EPCIS 2.0 event as a value: identifiers in canonical form, times in UTC, quantities exact.

Source: GS1 EPCIS 2.0 section 7. What the sender wrote stays in `raw`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import field, frozen

from lodeline.events import context as contexts
from lodeline.events.recent import Recent
from lodeline.events.vocabulary import EVENT_TYPES, bare
from lodeline.identifiers import normalise
from lodeline.quantities import decimal
from lodeline.strictjson import canonical, canonical_and_same

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EVENT_LISTS: Final = {
    "EPCISDocument": ("epcisBody", "eventList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
}
"""Where a document keeps its events."""


class Quantity(NamedTuple):
    """An amount of a class or lot. No `amount`: not stated. No `uom`: pieces."""

    epc_class: str
    amount: Decimal | None = None
    uom: str | None = None


@frozen
class Link:
    """A typed reference: a business transaction, or the party or place something comes from or goes to."""

    type: str | None
    id: str


@frozen(kw_only=True)
class ErrorDeclaration:
    """Somebody says that an event was wrong. Events are never deleted; this ends their effect."""

    time: datetime
    reason: str | None = None
    corrective: tuple[str, ...] = ()


@frozen(kw_only=True)
class Event:
    """An event. Identifiers are canonical keys, CBV values bare words, keys of our own namespace `lode:…`."""

    id: str
    type: str
    time: datetime
    offset: str
    action: str | None = None
    record_time: datetime | None = None
    epcs: tuple[str, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    inputs: tuple[str, ...] = ()
    input_quantities: tuple[Quantity, ...] = ()
    outputs: tuple[str, ...] = ()
    output_quantities: tuple[Quantity, ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()
    child_quantities: tuple[Quantity, ...] = ()
    transformation_id: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    read_point: str | None = None
    biz_location: str | None = None
    sources: tuple[Link, ...] = ()
    destinations: tuple[Link, ...] = ()
    biz_transactions: tuple[Link, ...] = ()
    ilmd: dict[str, Any] = field(factory=dict)
    error_declaration: ErrorDeclaration | None = None
    extensions: dict[str, Any] = field(factory=dict)
    raw: dict[str, Any] = field(factory=dict, repr=False)


_quantity: Final = Quantity._make
"""Without a call of Python's own for each of them."""
EVENTS: Final[Recent[Event]] = Recent(4_000)
"""Events just filed, by the hash of their leaf in the log: the projections of the same process read them next."""


def events_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The raw events of an EPCISDocument, an EPCISQueryDocument or a bare event. None found: an empty list."""
    kind = document.get("type")
    if kind in EVENT_TYPES:
        return [dict(document)]
    found: Any = document
    for step in EVENT_LISTS.get(str(kind), ("",)):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def instant(text: str) -> datetime:
    """An RFC 3339 time as aware UTC. A leap second counts as the second before it. Raises `ValueError`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text.upper().replace(":60", ":59", 1))
    if found.tzinfo is None:
        raise ValueError("a time without offset")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the calendar") from None


def event_identity(raw: Mapping[str, Any]) -> str:
    """The event's id in canonical form; without one, a name from its content (RFC 6920).

    The name is over the canonical JSON without `eventID` and `recordTime`. It is not the CBV event hash.
    """
    given = raw.get("eventID")
    if isinstance(given, str):
        return normalise(given)
    return f"ni:///sha-256;{_hash(raw, ('eventID', 'recordTime'))}"


def content_hash(raw: Mapping[str, Any], context: Any = None) -> str:
    """SHA-256 (hex) of what an event says: canonical JSON without `recordTime`, and the prefixes it uses.

    `context`: the document's `@context`, or `Names` of it.

    Two events with one id and one content hash are the same event captured twice.
    """
    return _hash(raw, _APART, contexts.names_for(raw, context).prefixes)


@frozen
class Content:
    """An event's content hash; its canonical form where that came along, and whether it reads back as it is."""

    digest: bytes
    text: bytes = b""
    same: bool = False


def content(raw: dict[str, Any], context: contexts.Names, *, parsed: bool = False) -> Content:
    """The content hash with the canonical form that it is of: what is filed next needs both.

    `parsed`: the event is what `strictjson.loads` gave, unchanged.
    """
    if not _APART.isdisjoint(raw):
        return Content(bytes.fromhex(content_hash(raw, context)))
    text, same = canonical_and_same(raw, parsed=parsed)
    return Content(_digest(text, contexts.names_for(raw, context).prefixes), text, same)


_APART: Final = frozenset({"recordTime", "@context"})
"""Not part of what an event says; its context comes in with the prefixes it uses."""


CORE: Final = (
    "type", "eventTime", "epcList", "quantityList", "inputEPCList", "inputQuantityList", "outputEPCList",
    "outputQuantityList", "parentID", "childEPCs", "childQuantityList", "action", "bizStep", "disposition",
    "readPoint", "bizLocation", "transformationID",
)  # fmt: skip
"""What an event is about. Editions of one fingerprint (`ni:` id) agree in it."""


def core_hash(raw: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the core fields only; extension keys inside places do not count."""
    kept = {key: raw[key] for key in CORE if key in raw}
    for place in ("readPoint", "bizLocation"):
        if isinstance(kept.get(place), dict):
            kept[place] = kept[place].get("id")
    return sha256(canonical(kept)).hexdigest()


def _hash(raw: Mapping[str, Any], without: Collection[str], known: dict[str, str] | None = None) -> str:
    text = canonical({key: value for key, value in raw.items() if key not in without})
    return _digest(text, known or {}).hex()


def _digest(text: bytes, known: dict[str, str]) -> bytes:
    used = tuple([item for item in known.items() if f'"{item[0]}:'.encode() in text])
    return sha256(text + _prefixes(used) if used else text).digest()


@lru_cache(maxsize=256)
def _prefixes(used: tuple[tuple[str, str], ...]) -> bytes:
    """The same for all events of a document, nearly always."""
    return canonical(dict(used))


def parse_event(raw: dict[str, Any], context: Any = None) -> Event:
    """The value of a raw event that fits the schema; `context` is the document's `@context`, or `Names` of it.

    Raises `lodeline.identifiers.IdentifierError`, `lodeline.quantities.QuantityError` or `ValueError` (time).
    """
    get = raw.get
    rename = contexts.names_for(raw, context).rename
    extensions = {key: raw[key] for key in raw if ":" in key}
    ilmd = get("ilmd")
    ilmd = ilmd if isinstance(ilmd, dict) else {}
    if rename or [key for key in (*extensions, *ilmd) if key[:4] == "urn:"]:
        extensions, ilmd = contexts.own_words(extensions, rename), contexts.own_words(ilmd, rename)
    declared = get("errorDeclaration")
    record_time = get("recordTime")
    return Event(
        id=event_identity(raw),
        type=raw["type"],
        time=instant(raw["eventTime"]),
        offset=raw["eventTimeZoneOffset"],
        action=get("action"),
        record_time=None if record_time is None else instant(record_time),
        epcs=_keys(get("epcList")),
        quantities=_quantities(get("quantityList")),
        inputs=_keys(get("inputEPCList")),
        input_quantities=_quantities(get("inputQuantityList")),
        outputs=_keys(get("outputEPCList")),
        output_quantities=_quantities(get("outputQuantityList")),
        parent=_key(get("parentID")),
        children=_keys(get("childEPCs")),
        child_quantities=_quantities(get("childQuantityList")),
        transformation_id=_key(get("transformationID")),
        biz_step=_word(get("bizStep")),
        disposition=_word(get("disposition")),
        read_point=_place(get("readPoint")),
        biz_location=_place(get("bizLocation")),
        sources=_links(get("sourceList"), "source"),
        destinations=_links(get("destinationList"), "destination"),
        biz_transactions=_links(get("bizTransactionList"), "bizTransaction"),
        ilmd=ilmd,
        error_declaration=None if declared is None else _declaration(declared),
        extensions=extensions,
        raw=raw,
    )


def _key(uri: str | None) -> str | None:
    return None if uri is None else normalise(uri)


def _keys(uris: list[str] | None) -> tuple[str, ...]:
    return tuple(map(normalise, uris)) if uris else ()


def _word(word: str | None) -> str | None:
    return None if word is None else bare(word)


def _place(place: dict[str, str] | None) -> str | None:
    return None if place is None else normalise(place["id"])


def _quantities(elements: list[dict[str, Any]] | None) -> tuple[Quantity, ...]:
    if not elements:
        return ()
    made = []
    for element in elements:
        get = element.get
        value = get("quantity")
        amount = Decimal(repr(value)) if type(value) is float and -1e15 < value < 1e15 else _amount(value)
        made.append(_quantity((normalise(element["epcClass"]), amount, get("uom"))))
    return tuple(made)


def _amount(value: Any) -> Decimal | None:
    """Exact; the plain cases need no second look."""
    if value is None:
        return None
    return Decimal(value) if type(value) is int else decimal(value)


def _links(entries: list[dict[str, str]] | None, name: str) -> tuple[Link, ...]:
    return (
        tuple(Link(_word(entry.get("type")), normalise(entry[name])) for entry in entries) if entries else ()
    )


def _declaration(declared: dict[str, Any]) -> ErrorDeclaration:
    return ErrorDeclaration(
        time=instant(declared["declarationTime"]),
        reason=_word(declared.get("reason")),
        corrective=_keys(declared.get("correctiveEventIDs")),
    )
