"""When are two events the same? Decided for one document, against what is on record in the workspace.

A known id with the same body is a duplicate and adds nothing. An error declaration about an event, and another
edition of a fingerprint (`ni:` id, RFC 6920) that agrees in the core, are filed beside it under their own
content hash. Anything else under a known id is a conflict: nothing is overwritten, ever.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.events.epcis import core_hash
from lodeline.events.statements import canonical_hash
from lodeline.evidence import Finding, Severity
from lodeline_server.events import queries
from lodeline_server.events.models import EventRecord
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lodeline.events.epcis import Event
    from lodeline.events.statements import Statement

Kind = EventRecord.Kind
FINGERPRINT = "ni:"


@frozen(kw_only=True)
class Known:
    """What stands under an id already: on record, or earlier in the same document."""

    hash: bytes
    kind: str
    type: str
    organisation: int
    position: int | None = None
    raw: dict[str, Any] | None = None

    def core(self) -> str:
        if self.raw is None and self.position is not None:
            statement = log.get(self.position)
            return core_hash(statement.payload["body"]["event"]) if statement and statement.payload else ""
        return core_hash(self.raw or {})


@frozen(kw_only=True)
class Decision:
    """What becomes of one event. `kind` None: it is a duplicate, or it is refused (then a finding says why)."""

    kind: str | None
    hash: bytes
    duplicate: bool = False
    ended: bool = False
    """Declared wrong before it came."""
    findings: tuple[Finding, ...] = ()


def decide_events(
    workspace: int,
    organisation: int,
    events: Sequence[Event],
    digests: Sequence[bytes],
    places: Sequence[str],
) -> Iterator[Decision]:
    """One decision for each event, in order. `digests`: their content hashes; `places`: their JSON pointers."""
    known = _on_record(workspace, [event.id for event in events])
    times = Counter([event.id for event in events])
    for event, digest, place in zip(events, digests, places, strict=True):
        alone = times[event.id] == 1
        if alone and event.error_declaration is None and event.id not in known:
            yield Decision(kind=Kind.EVENT, hash=digest)
            continue
        under = known[event.id]
        decision = _event(event, digest, under, organisation, place)
        if decision.kind is not None and not alone:
            under.append(
                Known(
                    hash=digest, kind=decision.kind, type=event.type, organisation=organisation, raw=event.raw
                )
            )
        yield decision


def _event(event: Event, digest: bytes, under: list[Known], organisation: int, place: str) -> Decision:
    if any(one.hash == digest for one in under):
        return Decision(kind=None, hash=digest, duplicate=True)
    if event.error_declaration is not None:
        return _declaration(event, digest, under, organisation, place)
    bodies = [one for one in under if one.kind != Kind.DECLARATION]
    if not bodies:
        return Decision(kind=Kind.EVENT, hash=digest, ended=bool(under))
    if event.id.startswith(FINGERPRINT) and core_hash(event.raw) == bodies[0].core():
        return Decision(
            kind=Kind.EDITION,
            hash=digest,
            findings=(
                _finding(
                    "event.edition",
                    Severity.WARNING,
                    place,
                    "This fingerprint is on record with the same core and other details: filed as another edition.",
                    event.id,
                ),
            ),
        )
    return Decision(
        kind=None,
        hash=digest,
        findings=(
            _finding(
                "event.conflict",
                Severity.ERROR,
                place,
                "This event id is on record with another body. Give the new event its own id; to correct the old "
                "one, declare it wrong.",
                event.id,
            ),
        ),
    )


def _declaration(event: Event, digest: bytes, under: list[Known], organisation: int, place: str) -> Decision:
    """Filed under id and hash whether the event itself is here yet or not: the order of arrival plays no part."""
    bodies = [one for one in under if one.kind != Kind.DECLARATION]
    found: list[Finding] = []
    if any(one.organisation != organisation for one in bodies):
        message = "Only who captured an event may declare it wrong."
        found.append(_finding("declaration.other-party", Severity.ERROR, place, message, event.id))
        return Decision(kind=None, hash=digest, findings=tuple(found))
    if any(one.type != event.type for one in under):
        message = f"Declares an event wrong that is on record with another type than {event.type}."
        found.append(_finding("declaration.other-type", Severity.WARNING, place, message, event.id))
    return Decision(kind=Kind.DECLARATION, hash=digest, findings=tuple(found))


def decide_statements(
    workspace: int, organisation: int, statements: Sequence[Statement], places: Sequence[str]
) -> Iterator[Decision]:
    """One decision for each statement, in order: new, duplicate or conflict."""
    known = _on_record(workspace, [statement.id for statement in statements])
    for statement, place in zip(statements, places, strict=True):
        digest = bytes.fromhex(canonical_hash(statement.raw))
        under = known[statement.id]
        if any(one.hash == digest for one in under):
            yield Decision(kind=None, hash=digest, duplicate=True)
        elif under:
            message = "This statement id is on record with another body. Give the new statement its own id."
            finding = _finding("statement.conflict", Severity.ERROR, place, message, statement.id)
            yield Decision(kind=None, hash=digest, findings=(finding,))
        else:
            under.append(
                Known(hash=digest, kind=Kind.STATEMENT, type=statement.kind, organisation=organisation)
            )
            yield Decision(kind=Kind.STATEMENT, hash=digest)


def _on_record(workspace: int, ids: Sequence[str]) -> defaultdict[str, list[Known]]:
    found: defaultdict[str, list[Known]] = defaultdict(list)
    for event_id, digest, kind, type_, organisation, position in queries.under_ids(workspace, ids):
        found[event_id].append(
            Known(hash=bytes(digest), kind=kind, type=type_, organisation=organisation, position=position)
        )
    return found


def _finding(rule: str, severity: Severity, place: str, message: str, event_id: str) -> Finding:
    return Finding(rule=rule, severity=severity, pointer=place, message=message, event_id=event_id)
