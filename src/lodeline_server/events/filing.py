"""From a checked document to statements in the log and rows beside it. Runs inside one transaction."""

from __future__ import annotations

import base64
import gzip
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from lodeline.access import Actor
from lodeline.events import epcis, master_data
from lodeline.events.check import Checked
from lodeline.events.context import Names
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline.events.recent import Recent
from lodeline.events.repairs import Repair, mend
from lodeline.events.statements import DOCUMENT_TYPE, Statement, statement_of
from lodeline.evidence import Finding, Severity
from lodeline.strictjson import canonical_with, pointer
from lodeline_server.events import identity, storage, subjects
from lodeline_server.events.custody import Ledger
from lodeline_server.events.models import CaptureJob, EventRecord, filed_as
from lodeline_server.events.outcomes import letters
from lodeline_server.log.actions import NewStatement, append

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

ON_BEHALF = {"by": "platform-on-behalf", "kid": ""}
ZIP_LEVEL = 3
"""Documents shrink tenfold anyway; higher levels cost more than they save."""


@frozen(kw_only=True)
class Content:
    """The events or statements of a document, with their places."""

    kind: str
    context: Any = None
    events: tuple[epcis.Event, ...] = ()
    statements: tuple[Statement, ...] = ()
    places: tuple[str, ...] = field(factory=tuple)
    repairs: tuple[Repair, ...] = ()
    parsed: bool = False
    """The events are what reading JSON gave, nothing was changed in them."""
    master_data: bool = False
    """The document carries some."""
    names_persons: bool = True
    """False: the word that names persons stands nowhere in the bytes."""
    _contents: list[epcis.Content] = field(factory=list, repr=False)

    @classmethod
    def of(cls, checked: Checked, data: bytes | None = None) -> Content:
        """From a check without errors, of these bytes."""
        document = checked.document or {}
        where: tuple[str, ...] = ("statements",)
        if not checked.statements:
            where = epcis.EVENT_LISTS.get(checked.kind, ())
        number = len(checked.statements) or len(checked.events)
        return cls(
            kind=checked.kind,
            context=document.get("@context"),
            events=checked.events,
            statements=checked.statements,
            places=tuple(pointer((*where, index) if where else ()) for index in range(number)),
            repairs=checked.repairs,
            parsed=data is not None and data[:1] == b"{" and not checked.repairs,
            master_data=master_data.present(document),
            names_persons=data is None or subjects.perhaps(data),
        )

    @classmethod
    def again(cls, data: bytes, *, lenient: bool = False, namespace: str = "") -> Content:
        """From bytes that passed the check when they were submitted: parsed and repaired, not judged again."""
        held = _RECENT.take(_key(data, lenient=lenient, namespace=namespace))
        if held is not None:
            return held
        document, _ = read(data, Limits(max_bytes=len(data)))
        assert document is not None
        repairs: list[Repair] = []
        if lenient:
            document, repairs = mend(document, namespace)
        if document.get("type") == DOCUMENT_TYPE:
            statements = tuple(statement_of(raw) for raw in document["statements"])
            return cls.of(Checked(document=document, statements=statements), data)
        context = document.get("@context")
        names = Names.of(context)
        events = tuple(epcis.parse_event(raw, names) for raw in epcis.events_of(document))
        return cls.of(Checked(document=document, events=events, repairs=tuple(repairs)), data)

    def repaired(self, index: int) -> list[dict[str, Any]]:
        """What was changed in one event before it was filed."""
        place = self.places[index]
        return [
            one.as_dict()
            for one in self.repairs
            if one.pointer == place or one.pointer.startswith(f"{place}/")
        ]

    @property
    def raws(self) -> list[dict[str, Any]]:
        """The events or statements as they came."""
        return [one.raw for one in self.statements or self.events]

    def decisions(self, workspace: int, organisation: int) -> list[identity.Decision]:
        if self.statements:
            return list(identity.decide_statements(workspace, organisation, self.statements, self.places))
        digests = [one.digest for one in self.contents()]
        return list(identity.decide_events(workspace, organisation, self.events, digests, self.places))

    def contents(self) -> list[epcis.Content]:
        """What the events say, hashed once for all that ask."""
        if not self._contents:
            names = Names.of(self.context)
            self._contents.extend(epcis.content(one.raw, names, parsed=self.parsed) for one in self.events)
        return self._contents

    def persons(self, raw: dict[str, Any]) -> set[str]:
        """The persons that one event or statement names."""
        return subjects.named(raw) if self.names_persons else set()


_RECENT: Recent[Content] = Recent(16_000_000)
"""Documents just checked, by their bytes, weighed by their size. Unused where the worker is another process."""


def _key(data: bytes, *, lenient: bool, namespace: str) -> bytes:
    return sha256(data).digest() + (namespace.encode() if lenient else b"-")


def remember(content: Content, data: bytes, *, lenient: bool = False, namespace: str = "") -> None:
    """Keep a checked document for the step that files it, which is often the same process."""
    _RECENT.put(_key(data, lenient=lenient, namespace=namespace), content, len(data))


def conflicts(workspace: int, organisation: int, content: Content) -> list[Finding]:
    """Findings of severity error about identity: known ids with other bodies, persons whose data was erased."""
    decided = content.decisions(workspace, organisation)
    found = [one for decision in decided for one in decision.findings if one.severity is Severity.ERROR]
    return found + (
        subjects.findings(workspace, content.raws, content.places) if content.names_persons else []
    )


def file(job: CaptureJob, content: Content, now: datetime) -> None:
    """Decide, append, and write what stands beside the log; or refuse the document with its findings.

    The caller holds the transaction and the log's lock.
    """
    data = bytes(job.raw or b"")
    decisions = content.decisions(job.workspace_id, job.organisation_id)
    found = [finding for decision in decisions for finding in decision.findings]
    job.duplicates = sum(decision.duplicate for decision in decisions)
    good = [index for index, decision in enumerate(decisions) if decision.kind is not None]
    ledger = Ledger(
        job.workspace_id,
        job.organisation_id,
        job.organisation.party,
        [content.events[i] for i in good if content.events],
    )
    if content.events:
        good = _judged(content, decisions, good, ledger, found)
    if content.statements:
        found += _other_issuers(content, good, job.organisation.party)
    job.rejected = len(decisions) - job.duplicates - len(good)
    fine = good
    keep = job.behaviour == CaptureJob.Behaviour.PROCEED
    if job.rejected and not keep:
        good = []
    if content.names_persons and (gone := subjects.findings(job.workspace_id, content.raws, content.places)):
        found, good = [*found, *gone], []  # the document holds what may not be kept: none of it is taken
        job.rejected = len(decisions) - job.duplicates
    refused = bool(job.rejected) and not good
    said = content.master_data and not refused and not good and _unheard(job)
    if good or said:
        _append(job, content, [(index, decisions[index]) for index in good], ledger, data, now)
    if not (refused or good or said) and (job.duplicates or content.master_data):
        found.append(_nothing_new(job))
    job.findings = [*job.findings, *(finding.as_dict() for finding in found)]
    job.outcomes = letters([decision.duplicate for decision in decisions], fine, good)
    job.accepted = len(good)
    job.state = CaptureJob.State.REFUSED if refused else CaptureJob.State.TAKEN
    job.raw = None
    job.finished_at = now
    job.save()


def _judged(
    content: Content,
    decisions: list[identity.Decision],
    good: list[int],
    ledger: Ledger,
    found: list[Finding],
) -> list[int]:
    """The events that also stand against what is on record about their things."""
    kept = []
    for index in good:
        event = content.events[index]
        if decisions[index].ended:
            kept.append(index)
            continue
        said = ledger.judge(event, content.places[index])
        found += said
        if any(finding.severity is Severity.ERROR for finding in said):
            continue
        kept.append(index)
        ledger.take(event, event.id)
    return kept


def _other_issuers(content: Content, good: list[int], party: str) -> Iterator[Finding]:
    for index in good:
        statement = content.statements[index]
        if statement.issuer != party:
            yield Finding(
                rule="statement.other-issuer",
                severity=Severity.NOTE,
                pointer=f"{content.places[index]}/issuer",
                message="Captured by another party than its issuer: kept as a copy the issuer has not signed here.",
                event_id=statement.id,
                got=statement.issuer[:80],
            )


def _unheard(job: CaptureJob) -> bool:
    """Whether this organisation's document is not on record yet, by its bytes."""
    jobs = CaptureJob.objects.filter(
        workspace_id=job.workspace_id, organisation_id=job.organisation_id, sha256=job.sha256
    )
    return not jobs.filter(state=CaptureJob.State.TAKEN).exclude(pk=job.pk).exists()


def _nothing_new(job: CaptureJob) -> Finding:
    known = "This document is on record already."
    if job.duplicates:
        known = f"All {job.duplicates} are on record already, with the same bodies."
    return Finding(
        rule="capture.duplicate", severity=Severity.NOTE, pointer="", message=f"{known} Nothing was added."
    )


def _append(
    job: CaptureJob,
    content: Content,
    good: Sequence[tuple[int, identity.Decision]],
    ledger: Ledger,
    data: bytes,
    now: datetime,
) -> None:
    actor = Actor(kind="capture", id=job.actor, workspace=job.workspace_id, organisation=job.organisation_id)
    named = [_Named.of(content, index, decision) for index, decision in good]
    statements = [_document(job, content, data)]
    statements += [_statement(job, content, one.index, one.key) for one in named]
    appended = append(actor=actor, workspace=job.workspace_id, statements=statements, now=now)
    rows = []
    for one, (index, decision), place in zip(named, good, appended[1:], strict=True):
        rows.append(
            (
                job.workspace_id, one.id, decision.hash, decision.kind, one.type, place.position, one.time,
                one.transformation, decision.ended, job.pk, index,
            )
        )  # fmt: skip
        if content.events:
            epcis.EVENTS.put(place.leaf_hash, content.events[index])
        if content.events and not decision.ended:
            ledger.positions(content.events[index], place.position)
    storage.insert_records(rows)
    storage.store_things(job.workspace_id, ledger.rows())
    ended = [one.id for one in named if one.kind == EventRecord.Kind.DECLARATION]
    if ended:
        EventRecord.objects.filter(
            workspace_id=job.workspace_id, event_id__in=ended, kind=EventRecord.Kind.EVENT
        ).update(ended=True)


@frozen
class _Named:
    """One event or statement under its names."""

    index: int
    id: str
    key: str
    kind: str
    type: str
    time: datetime
    transformation: str = ""

    @classmethod
    def of(cls, content: Content, index: int, decision: identity.Decision) -> _Named:
        kind = decision.kind or ""
        if content.statements:
            statement = content.statements[index]
            return cls(index, statement.id, statement.id, kind, statement.kind, statement.issued_at)
        event = content.events[index]
        key = filed_as(event.id, kind, decision.hash)
        return cls(index, event.id, key, kind, event.type, event.time, event.transformation_id or "")


def _document(job: CaptureJob, content: Content, data: bytes) -> NewStatement:
    """The document as it came: what a signature covers, and what every event of it can be compared with."""
    packed = gzip.compress(data, compresslevel=ZIP_LEVEL, mtime=0)
    return NewStatement(
        type="statement.document" if content.statements else "epcis.document",
        data_subject=subjects.lines({name for raw in content.raws for name in content.persons(raw)}),
        payload={
            "id": f"ni:///sha-256;{job.sha256}",
            **_envelope(job, by_party=bool(job.kid)),
            "body": {
                "sha256": job.sha256,
                "mediaType": job.media_type,
                "size": job.size,
                "events": len(content.events) or len(content.statements),
                **({"masterData": True} if content.master_data else {}),
                "raw": base64.b64encode(packed).decode(),
                "jws": job.jws or None,
            },
        },
    )


def _statement(job: CaptureJob, content: Content, index: int, key: str) -> NewStatement:
    if content.statements:
        statement = content.statements[index]
        # A party's key vouches for what the party says, not for copies of what others said.
        own = bool(job.kid) and statement.issuer == job.organisation.party
        envelope = {**_envelope(job, by_party=own), "issuer": statement.issuer}
        return NewStatement(
            type=statement.kind,
            payload={"id": key, **envelope, "body": statement.raw},
            data_subject=subjects.lines(content.persons(statement.raw)),
        )
    event, said = content.events[index], content.contents()[index]
    context = content.context if isinstance(content.context, list) else [content.context]
    body = {"index": index, "context": context, **_repaired(content, index)}
    envelope = {"id": key, **_envelope(job, by_party=bool(job.kid))}
    text = b""
    if said.text and "repaired" not in body:
        text = canonical_with({**envelope, "body": body}, ("body", "event"), said.text)
    return NewStatement(
        type="epcis.event",
        data_subject=subjects.lines(content.persons(event.raw)) if content.names_persons else "",
        payload={**envelope, "body": {**body, "event": event.raw}},
        text=text,
        same=said.same,
    )


def _repaired(content: Content, index: int) -> dict[str, Any]:
    """Beside a repaired event stands what was repaired; the bytes as they came are in the document."""
    found = content.repaired(index) if content.repairs else []
    return {"repaired": found} if found else {}


def _envelope(job: CaptureJob, *, by_party: bool) -> dict[str, Any]:
    return {
        "issuer": job.organisation.party,
        "captured_by": job.organisation.slug,
        "document": job.sha256,
        "signature": {"by": "party", "kid": job.kid} if by_party else ON_BEHALF,
    }
