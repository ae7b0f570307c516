"""Lenient mode: named repairs of mistakes that are common in the wild. Nothing is repaired without saying so.

A repair changes how something is said, never what: no identifier, no quantity, no time gets another value. What
cannot be derived is left for the checks to refuse. The bytes that came are kept as they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.strictjson import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
SHOWN: Final = 200
RULES: Final[dict[str, str]] = {
    "R-ACTION-TRF": "`action` is taken off a TransformationEvent, which has none",
    "R-NUM-STR": "a number written as text becomes a number, if it reads back the same",
    "R-VERSION": "`schemaVersion` as a number becomes text",
    "R-CBV-FORM": "a standard word as URN, web address, prefixed or in other capitals becomes the bare word",
    "R-KEY-NS": "a field without prefix goes under the sender's registered namespace; without one it is refused",
    "R-TZ": "a missing `eventTimeZoneOffset` is taken from eventTime; `Z` is written +00:00",
    "R-TIME": "a blank between date and time becomes `T`; a missing offset comes from eventTimeZoneOffset",
    "R-LIST": "a single value where a list belongs becomes a list of one",
    "R-12": "names and wrappers of EPCIS 1.2 (`isA`, `epcList: {epc: …}`, a place as text) take their 2.0 form",
    "R-NULL": "a field that holds null is left out",
    "R-CONTEXT": "a missing `@context` becomes GS1's EPCIS context",
    "UNTP-0.5": "UNTP Digital Traceability Events 0.5: their names for EPCIS fields become EPCIS names",
}
"""Code and meaning of every repair; the reference page is made from it."""


@frozen(kw_only=True)
class Repair:
    """One change: which rule, where in the document as it is after it, what stood there and what stands there now."""

    rule: str
    pointer: str
    before: str
    after: str
    event_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"rule": self.rule, "pointer": self.pointer, "before": self.before, "after": self.after}

    def finding(self) -> Finding:
        """The same as a note among the findings."""
        return Finding(
            rule=self.rule,
            severity=Severity.NOTE,
            pointer=self.pointer,
            message=f"Repaired: {RULES[self.rule]}. Now: {self.after[:80]}",
            event_id=self.event_id,
            got=self.before[:80],
        )


class Log:
    """Collects repairs. Changes values in place: the caller owns the parsed document."""

    def __init__(self) -> None:
        self.made: list[Repair] = []
        self.event_id: str | None = None

    def set(self, rule: str, holder: Any, key: str | int, value: Any, at: Path) -> None:
        """Put another form of the value under the same key."""
        before, holder[key] = holder[key], value
        self.note(rule, (*at, key), before, value)

    def add(self, rule: str, holder: dict[str, Any], key: str, value: Any, at: Path) -> None:
        """Put a value where none was."""
        holder[key] = value
        self.note(rule, (*at, key), None, value)

    def drop(self, rule: str, holder: dict[str, Any], key: str, at: Path) -> None:
        """Take a field out."""
        self.note(rule, (*at, key), holder.pop(key), None)

    def rename(self, rule: str, holder: dict[str, Any], key: str, name: str, at: Path) -> None:
        """The same value under another key, in the same place."""
        items = [(name if one == key else one, value) for one, value in holder.items()]
        holder.clear()
        holder.update(items)
        self.made.append(
            Repair(
                rule=rule,
                pointer=pointer((*at, name)),
                before=key[:SHOWN],
                after=name[:SHOWN],
                event_id=self.event_id,
            )
        )

    def note(self, rule: str, path: Path, before: Any, after: Any) -> None:
        self.made.append(
            Repair(
                rule=rule,
                pointer=pointer(path),
                before=_shown(before),
                after=_shown(after),
                event_id=self.event_id,
            )
        )


def _shown(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)[:SHOWN]


def mend(document: dict[str, Any], namespace: str = "") -> tuple[dict[str, Any], list[Repair]]:
    """The document with everything repaired that has a rule; `namespace`: the sender's own, for R-KEY-NS."""
    from lodeline.events import untp
    from lodeline.events.context import EPCIS_CONTEXT, Names
    from lodeline.events.repairs_event import mend_event, own_prefix

    log = Log()
    document = untp.document(document, log)
    if document.get("type") == "StatementDocument":
        return document, []
    if document.get("@context") in (None, [], {}, ""):
        log.add("R-CONTEXT", document, "@context", [EPCIS_CONTEXT], ())
    if isinstance(document.get("schemaVersion"), int | float):
        log.set("R-VERSION", document, "schemaVersion", str(document["schemaVersion"]), ())
    prefix = own_prefix(document, namespace)
    for holder, key, at in list(_events(document, log)):
        if isinstance(holder[key], dict):
            found = holder[key].get("eventID")
            log.event_id = found if isinstance(found, str) else None
            mend_event(holder[key], at, log, prefix)
    if prefix and any(made.rule == "R-KEY-NS" for made in log.made):
        _define(document, prefix, namespace)
    if (
        any("/untp:" in made.pointer for made in log.made)
        and "untp" not in Names.of(document.get("@context")).prefixes
    ):
        _define(document, "untp", untp.SPACE)
    return document, log.made


def _define(document: dict[str, Any], prefix: str, namespace: str) -> None:
    context = document.get("@context")
    entries = context if isinstance(context, list) else [context]
    document["@context"] = [*entries, {prefix: namespace}]


def _events(document: dict[str, Any], log: Log) -> Iterator[tuple[Any, int, Path]]:
    """(holder, key, path) of every event; the list itself is mended on the way."""
    from lodeline.events.epcis import EVENT_LISTS

    steps = EVENT_LISTS.get(str(document.get("type")))
    if steps is None:
        yield {0: document}, 0, ()
        return
    holder: Any = document
    for step in steps[:-1]:
        holder = holder.get(step) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        return
    key, at = steps[-1], steps[:-1]
    for old in ("EventList", "event"):
        if old in holder and key not in holder:
            log.rename("R-12", holder, old, key, at)
    if isinstance(holder.get(key), dict):
        log.set("R-LIST", holder, key, [holder[key]], at)
    if isinstance(holder.get(key), list):
        for index in range(len(holder[key])):
            yield holder[key], index, (*steps, index)
