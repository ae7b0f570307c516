"""What a schema cannot say about an event: times, units, quantities, identifiers, the words for lots.

Every rule has a stable code. Rules that need what is already on record are the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lodeline.events import vocabulary
from lodeline.events.epcis import Event, Quantity, instant, parse_event
from lodeline.events.explain import Say
from lodeline.events.ilmd import ilmd_findings
from lodeline.identifiers import IdentifierError, doubt, is_item, refuse_hostile
from lodeline.quantities import UNITS, QuantityError, is_count, is_mass, to_base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.events.limits import Limits
    from lodeline.evidence import Finding

Path = tuple[str | int, ...]
_GS1: Final = ("urn:epc:", "https://id.gs1.org/")
_ANY_UNIT: Final = 10**6
"""No unit is so large that fewer than this many of it are too much."""
_MASSES: Final = frozenset(filter(is_mass, UNITS))
_LISTS: Final = (*vocabulary.EPC_LISTS, *vocabulary.QUANTITY_LISTS)
_AMOUNTS: Final = (
    ("quantities", "quantityList"),
    ("input_quantities", "inputQuantityList"),
    ("output_quantities", "outputQuantityList"),
    ("child_quantities", "childQuantityList"),
)
_KEYS: Final = (
    ("epcs", "epcList"),
    ("inputs", "inputEPCList"),
    ("outputs", "outputEPCList"),
    ("children", "childEPCs"),
)


def read_event(
    raw: dict[str, Any], context: Any, at: Path, *, now: datetime, limits: Limits
) -> tuple[Event | None, list[Finding]]:
    """Parse a raw event that fits the schema and say what is wrong with it."""
    found: list[Finding] = []
    say = Say(found, at, raw.get("eventID"))
    try:
        event = parse_event(raw, context)
    except (IdentifierError, QuantityError, ValueError):
        for path, error in _unreadable(raw):
            rule = "id.characters" if isinstance(error, IdentifierError) else "time.unreadable"
            say.error(rule, path, f"{str(error)[:200].rstrip('.')}. Correct it.")
        if not found:
            say.error("event.unreadable", (), "This event cannot be read.")
        return None, found
    _times(event, say, now, limits)
    _amounts(event, say, limits)
    _identifiers(event, say)
    if event.type == "TransformationEvent":
        _transformation(event, say)
    elif event.type == "AggregationEvent" and event.parent is None and event.action != "OBSERVE":
        say.warning(
            "aggregation.parent-missing",
            (),
            "ADD and DELETE need the parentID of what is packed or unpacked.",
        )
    if "ilmd" in raw:
        ilmd_findings(event, say)
    return event, found


def too_many(raw: dict[str, Any], at: Path, limits: Limits) -> Finding | None:
    """A finding when one event lists more identifiers than allowed; asked before anything else looks at them."""
    listed = sum([len(raw[name]) for name in _LISTS if name in raw and isinstance(raw[name], list)])
    if listed <= limits.max_epcs:
        return None
    found: list[Finding] = []
    Say(found, at, raw.get("eventID")).error(
        "epc.too-many",
        (),
        f"{listed} identifiers in one event; the limit is {limits.max_epcs}. Split the event.",
    )
    return found[0]


def _times(event: Event, say: Say, now: datetime, limits: Limits) -> None:
    if event.time > now + limits.ahead:
        say.error(
            "time.ahead",
            ("eventTime",),
            "More than 24 hours ahead of now. Events have happened; correct the time.",
        )
    elif event.time < limits.earliest:
        say.error("time.too-early", ("eventTime",), f"Before {limits.earliest:%Y}. Correct the time.")
    text = event.raw["eventTime"]
    if not text.endswith((event.offset, "Z", "z")):
        own = text[-6:]
        if own[1:] == event.offset[1:] and own[1:] != "00:00":
            say.error(
                "time.offset-inverted",
                ("eventTimeZoneOffset",),
                f"eventTime says {own}, this says {event.offset}: one sign is wrong. Correct it.",
                event.offset,
            )
        elif own[1:] != "00:00":
            say.warning(
                "time.offset-differs",
                ("eventTimeZoneOffset",),
                f"eventTime says {own}, eventTimeZoneOffset {event.offset}. Say both alike.",
                event.offset,
            )
    declared = event.error_declaration
    if declared is not None and declared.time > now + limits.ahead:
        say.error(
            "time.ahead",
            ("errorDeclaration", "declarationTime"),
            "More than 24 hours ahead of now. Correct the time.",
        )


def _amounts(event: Event, say: Say, limits: Limits) -> None:
    for attribute, name in _AMOUNTS:
        for index, element in enumerate(getattr(event, attribute)):
            _, amount, uom = element
            if amount is None and uom is None:
                continue
            if amount is None or uom not in _MASSES or not 0 < amount <= _ANY_UNIT:
                _amount(element, say, (name, index), limits)


def _amount(element: Quantity, say: Say, path: Path, limits: Limits) -> None:
    _, amount, uom = element
    if uom is not None and uom not in UNITS:
        say.error(
            "quantity.unit-unknown",
            (*path, "uom"),
            "Not a unit code of UN/CEFACT Rec 20 known here. Use one like KGM or C62.",
            uom,
        )
        return
    if amount is None:
        say.warning(
            "quantity.missing", path, "A unit without a quantity. Add the quantity, or take the unit out."
        )
        return
    if amount <= 0:
        say.error(
            "quantity.not-positive",
            (*path, "quantity"),
            "A quantity is more than zero. Correct it, or leave the element out.",
            amount,
        )
        return
    if is_mass(uom):
        if amount > _ANY_UNIT and to_base(amount, str(uom)) > limits.max_milligrams:
            say.error(
                "quantity.too-large",
                (*path, "quantity"),
                "More than a million tonnes. Check the unit.",
                f"{amount} {uom}",
            )
    elif is_count(uom):
        if amount != amount.to_integral_value():
            say.warning(
                "quantity.part-of-piece",
                (*path, "quantity"),
                "Pieces are whole; add the unit if this is no count.",
                amount,
            )
        if amount > limits.max_milligrams:
            say.error(
                "quantity.too-large",
                (*path, "quantity"),
                "More pieces than there are. Check the quantity.",
                amount,
            )


def _identifiers(event: Event, say: Say) -> None:
    for attribute, name in _KEYS:
        keys = getattr(event, attribute)
        if not keys:
            continue
        if len(set(keys)) != len(keys):
            seen: set[str] = set()
            for index, key in enumerate(keys):
                if key in seen:
                    say.warning(
                        "epc.twice",
                        (name, index),
                        "This names the same thing as an earlier entry, spelled otherwise.",
                        key,
                    )
                seen.add(key)
        for index, key in enumerate(keys):
            if key.startswith(_GS1) and doubt(key):
                _doubts(key, say, (name, index))
    for attribute, name in _AMOUNTS:
        for index, (key, _, _) in enumerate(getattr(event, attribute)):
            if key.startswith(_GS1) and doubt(key):
                _doubts(key, say, (name, index, "epcClass"))
    for place, path in (
        (event.parent, ("parentID",)),
        (event.read_point, ("readPoint", "id")),
        (event.biz_location, ("bizLocation", "id")),
    ):
        if place is not None and doubt(place):
            _doubts(place, say, path)


def _doubts(key: str, say: Say, path: Path) -> None:
    say.warning("id.form", path, f"Looks like a GS1 identifier, but {doubt(key)}. Check it.", key)


def _transformation(event: Event, say: Say) -> None:
    """One thing cannot be its own source. A lot may (it is topped up or worked again), and gets a warning."""
    entered = {*event.inputs, *(element.epc_class for element in event.input_quantities)}
    if not entered:
        return
    for name, keys in (
        ("outputEPCList", event.outputs),
        ("outputQuantityList", tuple(part.epc_class for part in event.output_quantities)),
    ):
        for index, key in enumerate(keys):
            if key not in entered:
                continue
            if is_item(key):
                say.error(
                    "transformation.cycle",
                    (name, index),
                    "This single thing is input and output of one transformation. Name the new thing.",
                    key,
                )
            else:
                say.warning(
                    "transformation.same-lot",
                    (name, index),
                    "This lot is input and output: it becomes a new version of itself.",
                    key,
                )


def _unreadable(raw: dict[str, Any]) -> Iterator[tuple[Path, ValueError]]:
    """Where in a raw event an identifier or a time cannot be read. Slow: only on the way to a finding."""
    for path, name, value in _strings(raw, ()):
        try:
            if name in _TIMES:
                instant(value)
            elif name in _IDENTIFIERS:
                refuse_hostile(value)
        except ValueError as error:
            yield path, error


_TIMES: Final = {"eventTime", "recordTime", "declarationTime"}
_IDENTIFIERS: Final = {
    *vocabulary.EPC_LISTS,
    "eventID",
    "parentID",
    "transformationID",
    "epcClass",
    "id",
    "bizTransaction",
    "source",
    "destination",
    "correctiveEventIDs",
}
_PLACES: Final = {
    *vocabulary.EPC_LISTS,
    *vocabulary.QUANTITY_LISTS,
    "eventID",
    "parentID",
    "transformationID",
    "readPoint",
    "bizLocation",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "errorDeclaration",
    "eventTime",
    "recordTime",
}


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """(path, field name, text) of the fields that are read, in the order they stand."""
    if isinstance(value, dict):
        for key, item in value.items():
            if path or key in _PLACES:
                yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
    elif isinstance(value, str):
        yield path, next((step for step in reversed(path) if isinstance(step, str)), ""), value
