"""From bytes to findings: strict JSON or safe XML, document, context, schema, rules. All findings, not only the first.

`check` takes EPCIS documents (`EPCISDocument`, `EPCISQueryDocument`, one bare event) and statement documents.
It reads nothing but its arguments: no clock, no network, no record. What needs the record is checked later.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from lodeline import strictjson
from lodeline.events import context as contexts
from lodeline.events import master_data
from lodeline.events.epcis import EVENT_LISTS, Event, instant
from lodeline.events.explain import schema_findings
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline.events.vocabulary import EVENT_TYPES
from lodeline.events.xml_tree import looks_like_xml
from lodeline.evidence import Finding, Severity, refuses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.events.repairs import Repair
    from lodeline.events.statements import Statement

DEFAULTS = Limits()
Path = tuple[str | int, ...]


@frozen(kw_only=True)
class Checked:
    """A document and what was found. `events` and `statements` hold those that could be read, in order."""

    document: dict[str, Any] | None = None
    events: tuple[Event, ...] = ()
    statements: tuple[Statement, ...] = ()
    findings: tuple[Finding, ...] = ()
    repairs: tuple[Repair, ...] = ()
    """What lenient mode changed before the checks; `document` is the changed one."""

    @property
    def refused(self) -> bool:
        """True when at least one finding is an error."""
        return refuses(self.findings)

    @property
    def kind(self) -> str:
        """The document's `type`, or nothing."""
        return str(self.document.get("type", "")) if self.document else ""


def check(
    data: bytes, *, now: datetime, limits: Limits = DEFAULTS, lenient: bool = False, namespace: str = ""
) -> Checked:
    """Check one captured document.

    `lenient`: apply the named repairs of `repairs` first and list them; `namespace`: the sender's own, for fields
    without a prefix.
    """
    document, early = read(data, limits)
    if document is None:
        return Checked(findings=tuple(early))
    if lenient:
        from lodeline.events.repairs import mend

        document, repairs = mend(document, namespace)
        checked = _checked(document, early, data, now, limits)
        notes = tuple(repair.finding() for repair in repairs[: limits.max_findings])
        return evolve(checked, findings=(*checked.findings, *notes), repairs=tuple(repairs))
    return _checked(document, early, data, now, limits)


def _checked(
    document: dict[str, Any], early: list[Finding], data: bytes, now: datetime, limits: Limits
) -> Checked:
    if document.get("type") == "StatementDocument":
        from lodeline.events.statements import statements_of

        return statements_of(document, early, now=now, limits=limits)
    events: list[Event] = []
    context = document.get("@context")
    found = _document(
        document, _Frame(context, contexts.Names.of(context), events, now, limits, looks_like_xml(data))
    )
    kept = [*early, *islice(found, limits.max_findings)]
    if len(kept) >= limits.max_findings:
        kept.append(
            Finding(
                rule="check.more",
                severity=Severity.NOTE,
                pointer="",
                message=f"More than {limits.max_findings} findings; the rest is not listed. Correct these first.",
            )
        )
    return Checked(document=document, events=tuple(events), findings=tuple(kept))


@frozen
class _Frame:
    """What every event of one document is checked with, and where the read ones are put."""

    context: Any
    names: contexts.Names
    events: list[Event]
    now: datetime
    limits: Limits
    xml: bool = False


def _document(document: dict[str, Any], frame: _Frame) -> Iterator[Finding]:
    from lodeline.events import schema

    kind = document.get("type")
    if kind in EVENT_TYPES:
        if "@context" not in document:
            yield _error("schema.required", (), "'@context' is missing. A single event needs it.")
            return
        yield from contexts.findings(document["@context"], ("@context",))
        yield from _event(document, (), frame)
        return
    if not isinstance(kind, str) or kind not in EVENT_LISTS:
        yield _error(
            "document.type",
            ("type",) if "type" in document else (),
            "The type must be EPCISDocument, EPCISQueryDocument, StatementDocument or one of the five event types.",
            kind,
        )
        return
    raw_events, around = _around(document, EVENT_LISTS[kind])
    yield from schema_findings(schema.validator(kind), schema.document_schema(kind), around)
    if frame.context is not None:
        yield from contexts.findings(frame.context, ("@context",))
    if master_data.present(document):
        yield from master_data.findings(document)
    yield from _creation(document, frame)
    if not isinstance(raw_events, list):
        return
    if len(raw_events) > frame.limits.max_events:
        message = f"{len(raw_events)} events; the limit is {frame.limits.max_events}. Split the document."
        yield _error("document.too-many-events", EVENT_LISTS[kind], message)
        return
    if not raw_events and not master_data.present(document):
        message = "There is no event in it and no master data: nothing will be on record."
        yield _warning("document.no-events", EVENT_LISTS[kind], message)
    for index, raw in enumerate(raw_events):
        yield from _event(raw, (*EVENT_LISTS[kind], index), frame)


def _around(document: dict[str, Any], path: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    """The event list, and a copy of the document with an empty one: what is around the events."""
    copy = around = dict(document)
    for step in path[:-1]:
        inner = copy.get(step)
        if not isinstance(inner, dict):
            return None, around
        copy[step] = copy = dict(inner)
    events = copy.get(path[-1])
    if isinstance(events, list):
        copy[path[-1]] = []
    return events, around


def _creation(document: dict[str, Any], frame: _Frame) -> Iterator[Finding]:
    text = document.get("creationDate")
    if isinstance(text, str):
        try:
            if instant(text) > frame.now + frame.limits.ahead:
                yield _warning(
                    "time.ahead", ("creationDate",), "The document says it was made more than 24 hours ahead."
                )
        except ValueError:
            pass  # the schema has said so


def _event(raw: Any, at: Path, frame: _Frame) -> Iterator[Finding]:
    from lodeline.events import rules, schema

    if not isinstance(raw, dict):
        yield _error("schema.type", at, "An event is an object.")
        return
    kind = raw.get("type")
    if kind is None:
        yield _error("schema.required", at, "'type' is missing. Add it.")
        return
    if not isinstance(kind, str) or kind not in EVENT_TYPES:
        yield _error(
            "event.type-unknown",
            (*at, "type"),
            f"The type of an event is one of {', '.join(EVENT_TYPES)}.",
            kind,
        )
        return
    listed = rules.too_many(raw, at, frame.limits)
    if listed:
        yield listed
        return
    checker = schema.validator(kind, xml=frame.xml)
    if not checker.is_valid(raw):
        event_id = raw.get("eventID")
        yield from schema_findings(
            checker,
            schema.event_schema(kind, xml=frame.xml),
            raw,
            at,
            event_id if isinstance(event_id, str) else None,
        )
        return
    if "@context" in raw and at:
        yield from contexts.findings(raw["@context"], (*at, "@context"), added=True)
    names = frame.names if at else None
    event, found = rules.read_event(raw, names, at, now=frame.now, limits=frame.limits)
    yield from found
    if event is not None:
        frame.events.append(event)


def _error(rule: str, path: Path, message: str, got: Any = None) -> Finding:
    shown = None if got is None else str(got)[:80]
    return Finding(
        rule=rule, severity=Severity.ERROR, pointer=strictjson.pointer(path), message=message, got=shown
    )


def _warning(rule: str, path: Path, message: str) -> Finding:
    return Finding(rule=rule, severity=Severity.WARNING, pointer=strictjson.pointer(path), message=message)
