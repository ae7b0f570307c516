"""The only writers of books. Each holds the log's lock, judges on all that is booked, and writes all or nothing."""

from __future__ import annotations

import uuid
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import evolve
from django.db import transaction

from lodeline.access import Permission
from lodeline.evidence import Finding, Severity
from lodeline.lots.credits import Closing, Course, CreditRefused, Ledger
from lodeline.lots.entries import Kind
from lodeline.lots.massbook import page
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log import backend, projections
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.books import MAIN
from lodeline_server.lots.custody import queries, reading
from lodeline_server.lots.custody import statements as said
from lodeline_server.lots.custody.findings import findings as look
from lodeline_server.lots.custody.models import CustodyClosing, CustodyEntry, CustodyScheme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.lots.entries import Account, Entry
    from lodeline_server.lots.custody.reading import Draft

PLATFORM = "urn:x-lodeline:platform"


def set_scheme(*, actor: Actor, raw: Any, now: datetime) -> CustodyScheme:
    """Put the parameters of a scheme on record, or a later version of them. Raises `Denied`, `Problem` (400, 409).

    Every entry that is booked must still hold under them.
    """
    actor.require(Permission.CUSTODY_RULES)
    workspace = _workspace(actor)
    body = reading.scheme(raw)
    with transaction.atomic():
        backend.lock(MAIN.lock)
        try:
            rules = said.scheme(body)
            known, entries = queries.everything_now(workspace)
            earlier = known.get(rules.name)
            known[rules.name] = earlier.followed_by(rules) if earlier else Course((rules,))
            _replay(known, entries)
        except CreditRefused as refused:
            raise _refusal("The scheme was not set", [(refused, "")]) from None
        (at,) = append(
            actor=actor,
            workspace=workspace,
            statements=[_statement(actor, said.SCHEME, f"custody:{rules.name}", body)],
            now=now,
        )
        _told(actor, "custody.scheme", now, scheme=rules.name, version=rules.version)
    projections.follow_all()
    return CustodyScheme.objects.get(position=at.position)


def _replay(known: dict[str, Course], records: Sequence[Any]) -> None:
    """Book everything once more under other rules; raises `CreditRefused` where something would not hold."""
    ledger = Ledger(known)
    for record in records:
        if isinstance(record, Closing):
            ledger.closed[record.account] = record.until
        else:
            ledger.post(record)


def book(*, actor: Actor, raw: Sequence[Any], now: datetime) -> list[CustodyEntry]:
    """Book entries, all or none of them. Raises `Denied`, `Problem` (400 form, 404 site, 409 what breaks a rule)."""
    actor.require(Permission.CUSTODY_BOOK)
    workspace = _workspace(actor)
    found: list[Finding] = []
    if not 0 < len(raw) <= reading.MOST_ENTRIES:
        raise Problem(400, f"1 to {reading.MOST_ENTRIES} entries are booked at once")
    many = len(raw) > 1
    drafts = [
        reading.draft(one, f"/{number}" if many else "", found, f"urn:uuid:{uuid.uuid4()}")
        for number, one in enumerate(raw)
    ]
    reading.refuse(found)
    whole = [one for one in drafts if one is not None]
    with transaction.atomic():
        backend.lock(MAIN.lock)
        entries = _judged(workspace, actor, whole, now, many=many)
        statements = []
        for draft, entry in zip(whole, entries, strict=True):
            body = said.told(entry, draft.evidence)
            statements.append(_statement(actor, said.ENTRY, entry.account.site, body))
            if draft.approver or draft.note:
                remark = {"entry": entry.id, "approver": draft.approver, "note": draft.note}
                statements.append(
                    _statement(actor, said.REMARK, entry.account.site, remark, person=draft.approver)
                )
        append(actor=actor, workspace=workspace, statements=statements, now=now)
        _told(actor, "custody.book", now, entries=len(entries), first=entries[0].id)
    projections.follow_all()
    refs = [entry.id for entry in entries]
    rows = CustodyEntry.objects.filter(workspace_id=workspace, ref__in=refs)
    return sorted(rows.select_related("book", "into"), key=lambda row: refs.index(row.ref))


def _judged(
    workspace: int, actor: Actor, drafts: Sequence[Draft], now: datetime, *, many: bool
) -> list[Entry]:
    """The entries as they are booked, or `Problem` 409 with every refusal."""
    ledger = queries.ledger_now(workspace, [draft.entry for draft in drafts])
    refused, entries = [], []
    for number, draft in enumerate(drafts):
        try:
            entry = _completed(ledger, draft.entry)
            _require_past(entry.at, now, "nothing is booked for a day to come")
            for account in (entry.account, entry.into):
                if account is not None:
                    _require_site(actor, workspace, account)
            ledger.post(entry)
            entries.append(entry)
        except CreditRefused as no:
            refused.append((no, f"/{number}" if many else ""))
    if refused:
        raise _refusal("The entry was not booked", refused)
    return entries


def _require_past(at: datetime, now: datetime, words: str) -> None:
    if at > now:
        raise CreditRefused("MB-02", words)


def _completed(ledger: Ledger, entry: Entry) -> Entry:
    """With what follows from its scheme or from what it reverses."""
    if entry.kind is Kind.CORRECTION:
        try:
            wrong = ledger.entry(entry.reverses)
        except KeyError:
            raise CreditRefused("MB-11", f"there is no entry {entry.reverses!r:.60} to reverse") from None
        return evolve(entry, account=wrong.account, mass=wrong.mass)
    if entry.kind is Kind.TRANSFER:
        return evolve(entry, factor=Fraction(1))
    course = ledger.schemes.get(entry.account.scheme)
    if entry.kind is Kind.CONVERSION and course is not None and entry.into is not None:
        rules = course.in_force(entry.at)
        return evolve(entry, factor=rules.factor(entry.account.group, entry.into.group, entry.process))
    return entry


def _require_site(actor: Actor, workspace: int, account: Account) -> None:
    """A book is kept by whose site it is. A transfer stays inside one organisation."""
    site = evidence.site(workspace, account.site)
    if site is None:
        raise Problem(404, "There is no such site on record", detail=account.site)
    if actor.kind != "platform" and site.party != actor.party:
        raise Problem(404, "There is no such site on record", detail=account.site)


def close(*, actor: Actor, ref: str, day: datetime, now: datetime, accept: bool = False) -> CustodyClosing:
    """Close the period of a book that holds `day`, after all before it; nothing in it changes any more.

    Raises `Denied`, `Problem` (404; 409 when a rule forbids it, and with findings that nobody has accepted).
    """
    actor.require(Permission.CUSTODY_CLOSE)
    workspace = _workspace(actor)
    row = queries.one(actor, ref)
    if row is None:
        raise Problem(404, "There is no such book")
    account = queries.account(row)
    _require_site(actor, workspace, account)
    projections.follow_all()
    seen = projections.position("custody")
    noticed = look(workspace, now, {ref})  # before the lock: it may look at many events
    with transaction.atomic():
        backend.lock(MAIN.lock)
        if queries.moved_on(workspace, seen):
            raise Problem(
                409, "Something was booked in the meantime", detail="Look at the book, then close it."
            )
        ledger = queries.ledger_of_now(workspace, [account])
        course = ledger.schemes[account.scheme]
        try:
            period = course.periods[course.index(day)]
            _require_past(period.end, now, f"the period goes on until {period.end:%Y-%m-%d}")
            ledger.close(account, period)
        except CreditRefused as refused:
            raise _refusal("The period was not closed", [(refused, "")]) from None
        begun = f"{period.start:%Y-%m-%d}"
        open_ = [
            one
            for one in noticed
            if one.period == begun and one.severity is Severity.ERROR and one.rule != "MB-11"
        ]
        if open_ and not accept:
            raise Problem(
                409,
                "The period has findings that nobody has accepted",
                detail="Correct the book, or close it with them: they stand on record with the closing.",
                findings=[
                    Finding(rule=one.rule, severity=one.severity, pointer=one.subject, message=one.message)
                    for one in open_
                ],
            )
        shown = page(ledger, account, period, now)
        body = {
            "book": said.book(account),
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
            "openingMg": str(shown.opening),
            "closingMg": str(shown.closing),
            "creditedMg": {name: str(mass) for name, mass in shown.credited.items()},
            "debitedMg": {name: str(mass) for name, mass in shown.debited.items()},
            "expiredMg": str(shown.expired),
            "findings": [{"rule": one.rule, "id": one.id, "message": one.message} for one in open_],
        }
        (at,) = append(
            actor=actor,
            workspace=workspace,
            statements=[_statement(actor, said.CLOSED, account.site, body)],
            now=now,
        )
        _told(actor, "custody.close", now, book=ref, period=begun, findings=len(open_))
    projections.follow_all()
    return CustodyClosing.objects.select_related("book").get(position=at.position)


def _workspace(actor: Actor) -> int:
    if actor.workspace is None:
        raise Problem(409, "A book is kept in a workspace")
    return actor.workspace


def _refusal(title: str, refused: Sequence[tuple[CreditRefused, str]]) -> Problem:
    findings = [
        Finding(rule=no.rule, severity=Severity.ERROR, pointer=place, message=no.message)
        for no, place in refused
    ]
    return Problem(409, title, detail="Nothing was written.", findings=findings)


def _statement(actor: Actor, kind: str, subject: str, body: dict[str, Any], person: str = "") -> NewStatement:
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": actor.party or PLATFORM,
        "captured_by": actor.id,
        "document": "",
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, "subject": subject, **body},
    }
    return NewStatement(type=kind, payload=payload, data_subject=person)


def _told(actor: Actor, action: str, now: datetime, **objects: object) -> None:
    audit.record(audit.Kind.CHANGE, action, actor=actor, workspace=actor.workspace, objects=objects, now=now)
