"""The repairs of one event, each under its rule. See `repairs`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from lodeline.events import vocabulary as words
from lodeline.events.hash_words import GS1, MEASUREMENT, URNS
from lodeline.events.xml_read import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lodeline.events.repairs import Log, Path

_WRAPPED: Final = {
    **dict.fromkeys(words.EPC_LISTS, "epc"),
    **dict.fromkeys(words.QUANTITY_LISTS, "quantityElement"),
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
    "sensorElementList": "sensorElement",
}
_NUMBERS: Final = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
_SENSORS: Final = ("sensorMetadata", "sensorReport")
_OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_CLOCK: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ Tt]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)")
_HEADS: Final = ("BizStep-", "Disp-", "BTT-", "SDT-", "ER-", "Comp-")
_OLD: Final = re.compile(r"(?:https?://(?:ref|ns)\.gs1\.org/cbv/|cbv:)(?:" + "|".join(_HEADS) + ")")
_VOC: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/|gs1:")


def own_prefix(document: dict[str, Any], namespace: str) -> str:
    """A prefix for the sender's namespace that the document does not use otherwise; nothing without a namespace."""
    if not namespace:
        return ""
    from lodeline.events.context import Names

    known = Names.of(document.get("@context")).prefixes
    named = next((prefix for prefix, space in known.items() if space == namespace), "")
    return named or next(
        name for name in ("own", *(f"own{n}" for n in range(2, len(known) + 3))) if name not in known
    )


def mend_event(raw: dict[str, Any], at: Path, log: Log, prefix: str) -> None:
    """Apply every rule to one event, in place."""
    from lodeline.events import untp

    untp.event(raw, at, log)
    _names(raw, at, log)
    _nulls(raw, at, log)
    _lists(raw, at, log)
    if raw.get("type") == "TransformationEvent" and "action" in raw:
        log.drop("R-ACTION-TRF", raw, "action", at)
    _times(raw, at, log)
    _numbers(raw, at, log)
    _words(raw, at, log)
    if prefix:
        _keys(raw, at, log, prefix)


def _names(raw: dict[str, Any], at: Path, log: Log) -> None:
    for old in ("isA", "eventType"):
        if old in raw and "type" not in raw:
            log.rename("R-12", raw, old, "type", at)
    for name, inner in _WRAPPED.items():
        value = raw.get(name)
        if isinstance(value, dict) and value.keys() == {inner}:
            held = value[inner]
            log.set("R-12", raw, name, held if isinstance(held, list) else [held], at)
    for name in ("readPoint", "bizLocation"):
        if isinstance(raw.get(name), str):
            log.set("R-12", raw, name, {"id": raw[name]}, at)
    declared = raw.get("errorDeclaration")
    if isinstance(declared, dict):
        ids = declared.get("correctiveEventIDs")
        if isinstance(ids, dict) and ids.keys() == {"correctiveEventID"}:
            held = ids["correctiveEventID"]
            value = held if isinstance(held, list) else [held]
            log.set("R-12", declared, "correctiveEventIDs", value, (*at, "errorDeclaration"))


def _nulls(raw: dict[str, Any], at: Path, log: Log) -> None:
    for holder, place in _holders(raw, at):
        for key in [key for key, value in holder.items() if value is None]:
            log.drop("R-NULL", holder, key, place)


def _holders(raw: dict[str, Any], at: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """The event and the objects of the standard inside it."""
    yield raw, at
    for name, value in raw.items():
        if name == "ilmd" or ":" in name:
            continue
        for one, place in _objects(value, (*at, name)):
            yield one, place
            for inner in _SENSORS:
                yield from _objects(one.get(inner), (*place, inner))


def _objects(value: Any, at: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    if isinstance(value, dict):
        yield value, at
    elif isinstance(value, list):
        yield from ((one, (*at, index)) for index, one in enumerate(value) if isinstance(one, dict))


def _lists(raw: dict[str, Any], at: Path, log: Log) -> None:
    for name in _WRAPPED:
        if isinstance(raw.get(name), str | dict):
            log.set("R-LIST", raw, name, [raw[name]], at)
    for holder, place in list(_holders(raw, at)):
        for name in ("sensorReport", "set", "unset", "correctiveEventIDs"):
            if isinstance(holder.get(name), str | dict):
                log.set("R-LIST", holder, name, [holder[name]], place)


def _times(raw: dict[str, Any], at: Path, log: Log) -> None:
    offset, text = raw.get("eventTimeZoneOffset"), raw.get("eventTime")
    if offset in ("Z", "z", "+00", "00:00"):
        log.set("R-TZ", raw, "eventTimeZoneOffset", "+00:00", at)
    if not isinstance(text, str):
        return
    found = _CLOCK.match(text)
    if found is None:
        return
    rest = text[found.end() :].strip()
    offset = raw.get("eventTimeZoneOffset")
    if not rest and isinstance(offset, str) and _OFFSET.fullmatch(offset):
        log.set("R-TIME", raw, "eventTime", f"{found[1]}T{found[2]}{offset}", at)
    elif text[10] == " " and (rest in {"Z", "z"} or _OFFSET.fullmatch(rest)):
        log.set("R-TIME", raw, "eventTime", f"{found[1]}T{found[2]}{rest}", at)
    if "eventTimeZoneOffset" not in raw:
        if rest in {"Z", "z"}:
            log.add("R-TZ", raw, "eventTimeZoneOffset", "+00:00", at)
        elif _OFFSET.fullmatch(rest):
            log.add("R-TZ", raw, "eventTimeZoneOffset", rest, at)


def _numbers(raw: dict[str, Any], at: Path, log: Log) -> None:
    for name in words.QUANTITY_LISTS:
        for element, place in _objects(raw.get(name), (*at, name)):
            _number(element, "quantity", place, log)
    for element, place in _objects(raw.get("sensorElementList"), (*at, "sensorElementList")):
        for report, spot in _objects(element.get("sensorReport"), (*place, "sensorReport")):
            for name in _NUMBERS:
                _number(report, name, spot, log)


def _number(holder: dict[str, Any], name: str, at: Path, log: Log) -> None:
    text = holder.get(name)
    if isinstance(text, str) and not isinstance(made := number(text.strip()), str):
        log.set("R-NUM-STR", holder, name, made, at)


def _words(raw: dict[str, Any], at: Path, log: Log) -> None:
    for name, known in (
        ("bizStep", words.BIZ_STEPS),
        ("disposition", words.DISPOSITIONS),
        ("action", words.ACTIONS),
    ):
        _word(raw, name, known, at, log)
    lasting = raw.get("persistentDisposition")
    if isinstance(lasting, dict):
        for kind in ("set", "unset"):
            listed = lasting.get(kind)
            for index in range(len(listed) if isinstance(listed, list) else 0):
                _word(listed, index, words.DISPOSITIONS, (*at, "persistentDisposition", kind), log)
    for name, known in (
        ("bizTransactionList", words.TRANSACTION_TYPES),
        ("sourceList", words.PARTY_TYPES),
        ("destinationList", words.PARTY_TYPES),
    ):
        for entry, place in _objects(raw.get(name), (*at, name)):
            _word(entry, "type", known, place, log)
    declared = raw.get("errorDeclaration")
    if isinstance(declared, dict):
        _word(declared, "reason", words.ERROR_REASONS, (*at, "errorDeclaration"), log)
    for element, place in _objects(raw.get("sensorElementList"), (*at, "sensorElementList")):
        for report, spot in _objects(element.get("sensorReport"), (*place, "sensorReport")):
            _word(report, "type", MEASUREMENT, spot, log)
            _word(report, "exception", MEASUREMENT, spot, log)
            _word(report, "component", words.COMPONENTS, spot, log)


def _word(holder: Any, key: str | int, known: Iterable[str], at: Path, log: Log) -> None:
    """Only into a word of the standard: a term of the sender's own is never touched."""
    text = holder.get(key) if isinstance(holder, dict) and isinstance(key, str) else holder[key]
    if not isinstance(text, str) or text in known:
        return
    bare = _bare(text.strip())
    if ":" in bare:
        return
    wanted = re.sub(r"[ -]+", "_", bare).lower()
    found = next((word for word in known if word.lower() == wanted), None)
    if found is not None:
        log.set("R-CBV-FORM", holder, key, found, at)


def _bare(text: str) -> str:
    for urn in URNS:
        if text.lower().startswith(urn):
            return text[len(urn) :]
    if start := _OLD.match(text):
        return text[start.end() :]
    if start := _VOC.match(text):
        return text[start.end() :]
    return text.removeprefix(GS1)


def _keys(raw: dict[str, Any], at: Path, log: Log, prefix: str) -> None:
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in words.OWN_FIELDS:
        return
    known = {*words.COMMON_FIELDS, *words.CIRCUMSTANCES, *words.OWN_FIELDS[kind]}
    standard = {field for fields in words.OWN_FIELDS.values() for field in fields}
    for key in [key for key in raw if key not in known | standard and ":" not in key and key.isidentifier()]:
        log.rename("R-KEY-NS", raw, key, f"{prefix}:{key}", at)
    ilmd = raw.get("ilmd")
    if isinstance(ilmd, dict):
        for key in [key for key in ilmd if ":" not in key and key.isidentifier()]:
            log.rename("R-KEY-NS", ilmd, key, f"{prefix}:{key}", (*at, "ilmd"))
