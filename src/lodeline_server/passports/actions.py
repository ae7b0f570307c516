"""Issuing passports: assembled at a log position, put on record, published."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from attrs import define, field, frozen
from django.conf import settings
from django.db import transaction

from lodeline.access import Permission
from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.assemble import assemble
from lodeline.passports.completeness import DUTY_FROM, Cell, assess, counts, readable
from lodeline.passports.document import ENVELOPE, content_hash, document, to_bytes, visible
from lodeline_server.credentials.actions import Battery, make_batteries
from lodeline_server.kit.problems import Problem
from lodeline_server.log import projections
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.parties.models import Workspace
from lodeline_server.passports import gathering, rendering, sheet
from lodeline_server.passports.models import Passport
from lodeline_server.publishing.actions import publish, withdraw
from lodeline_server.publishing.queries import forms
from lodeline_server.publishing.serving import HTML, JSON

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.passports.assemble import Passport as Assembled
    from lodeline_server.lots.models import Lot

PLATFORM = "urn:x-lodeline:platform"
KIND = "passport"
CHUNK = 50
"""Passports per transaction: a short hold of the log's one lock, and a killed run keeps what it has issued."""


@define
class Outcome:
    """What issuing did. `skipped`: battery and why it has no passport."""

    issued: list[str] = field(factory=list)
    unchanged: list[str] = field(factory=list)
    skipped: list[tuple[str, str]] = field(factory=list)


@frozen(kw_only=True)
class Draft:
    """A passport ready to be put on record."""

    assembled: Assembled
    held: dict[str, Any]
    public: dict[str, Any]
    cells: tuple[Cell, ...]
    content: str
    shown: str

    @property
    def key(self) -> str:
        return self.assembled.record.key

    @property
    def ceased(self) -> bool:
        return self.assembled.record.status == "inactive"


def address(gtin: str, serial: str) -> str:
    """The key that a passport is published under: its Digital Link path, unescaped."""
    return f"/01/{gtin}/21/{serial}"


def path(gtin: str, serial: str) -> str:
    """The same as it stands in an address."""
    return f"/01/{gtin}/21/{quote(serial, safe='')}"


def issue(*, actor: Actor, key: str, now: datetime) -> Passport:
    """Issue the passport of one battery, or a new version of it. What has not changed is not put on record again.

    Raises Denied, and Problem: 404 for what is no battery on record here, 403 for another maker's, 409 with the reason
    when there can be no passport.
    """
    actor.require(Permission.PASSPORTS_ISSUE)
    workspace = _workspace(actor)
    outcome = _run(actor, workspace, [key], now)
    if outcome.skipped:
        raise Problem(409, "There can be no passport for this battery", detail=outcome.skipped[0][1])
    return Passport.objects.get(workspace_id=workspace, key=key)


def issue_all(*, actor: Actor, workspace: int, now: datetime) -> Outcome:
    """Issue the passports of all batteries of the actor's own making; the platform issues everybody's."""
    actor.require(Permission.PASSPORTS_ISSUE)
    if actor.workspace not in {None, workspace}:
        raise Problem(404, "There is no such workspace")
    return _run(actor, workspace, None, now)


def _workspace(actor: Actor) -> int:
    if actor.workspace is None:
        raise Problem(409, "A passport is issued in a workspace")
    return actor.workspace


def _run(actor: Actor, workspace: int, keys: Collection[str] | None, now: datetime) -> Outcome:
    projections.follow_all()
    sheet.ready()
    rows = gathering.batteries(workspace)
    if keys is not None:
        rows = rows.filter(key__in=[key for key in keys if "\x00" not in key])  # databases refuse it
    lots: list[Lot] = list(rows)
    own = [lot for lot in lots if actor.kind == "platform" or (actor.party and lot.party == actor.party)]
    if keys is not None and len(lots) < len(set(keys)):
        raise Problem(404, "There is no such battery on record")
    if keys is not None and len(own) < len(lots):
        raise Problem(403, "Only the maker of a battery issues its passport")
    ground = gathering.ground(workspace, [lot.key for lot in own], now.date())
    heads = {row.key: row for row in Passport.objects.filter(workspace_id=workspace)}
    taken = _taken(workspace, [lot.key for lot in own])
    outcome = Outcome()
    for start in range(0, len(own), CHUNK):
        drafts = []
        for lot in own[start : start + CHUNK]:
            reason = _why_not(ground, lot, taken)
            record = None if reason else gathering.record(ground, lot)
            if record is None:
                outcome.skipped.append((lot.key, reason or "its maker has not stated this battery model"))
                continue
            drafts.append(_draft(assemble(record), now))
        _issue(actor, workspace, drafts, heads, outcome, now)
    projections.follow_all()
    return outcome


def _why_not(ground: gathering.Ground, lot: Lot, taken: frozenset[str]) -> str:
    if lot.key in taken:
        return "another workspace has issued a passport for this identifier"
    if gathering.circle(ground, lot.key):
        return "it is said to be derived from itself"
    return ""


def _taken(workspace: int, keys: Collection[str]) -> frozenset[str]:
    """Identifiers that have a passport in another workspace: a public address shows one thing only."""
    rows = Passport.objects.exclude(workspace_id=workspace).filter(key__in=list(keys))
    return frozenset(rows.values_list("key", flat=True))


def _draft(assembled: Assembled, now: datetime) -> Draft:
    held = document(assembled, Audience.OPERATOR, last_updated=now, log_origin=settings.LOG_ORIGIN)
    public = visible(held, Audience.PUBLIC)
    if assembled.record.status == "inactive":
        public = {name: public[name] for name in ENVELOPE if name in public}
    cells = assess(assembled, placed_on=max(DUTY_FROM, now.date()))
    return Draft(
        assembled=assembled,
        held=held,
        public=public,
        cells=cells,
        content=content_hash(held),
        shown=content_hash(public),
    )


def _issue(
    actor: Actor,
    workspace: int,
    drafts: Sequence[Draft],
    heads: dict[str, Passport],
    outcome: Outcome,
    now: datetime,
) -> None:
    """Put on record and publish what has changed; write pages again whose wording or style sheet has."""
    demonstration = Workspace.objects.values_list("demonstration", flat=True).get(pk=workspace)
    look = rendering.look()
    changed, same = [], []
    for draft in drafts:
        before = heads.get(draft.key)
        (same if before is not None and before.content_hash == draft.content else changed).append(draft)
    with transaction.atomic():
        bodies = [to_bytes(draft.public) for draft in changed]
        hashes = [
            _public_hash(draft, heads.get(draft.key), body)
            for draft, body in zip(changed, bodies, strict=True)
        ]
        appended = append(
            actor=actor,
            workspace=workspace,
            statements=[_statement(draft, found) for draft, found in zip(changed, hashes, strict=True)],
            now=now,
        )
        places = [place.position for place in appended]
        named = [_battery(draft, place) for draft, place in zip(changed, places, strict=True)]
        named += [
            _battery(draft, heads[draft.key].position) for draft in same
        ]  # from before batteries had DIDs
        make_batteries(actor=actor, workspace=workspace, batteries=named, now=now)
        for draft, body, place in zip(changed, bodies, appended, strict=True):
            before = heads.get(draft.key)
            if before is not None and before.public_hash == draft.shown:
                continue
            edition = _edition(
                draft, before, place.position, now, len(body), demonstration=demonstration, look=look
            )
            _publish(draft, body, edition, now)
            outcome.issued.append(draft.key)
    issued = set(outcome.issued)
    outcome.issued += [draft.key for draft in changed if draft.key not in issued]
    for draft in same:
        _refresh(draft, heads[draft.key], now, demonstration=demonstration, look=look)
        outcome.unchanged.append(draft.key)


def _public_hash(draft: Draft, before: Passport | None, body: bytes) -> str:
    """SHA-256 of the public JSON as it will stand: what has not changed in public stays as it is."""
    if before is not None and before.public_hash == draft.shown:
        there = forms(address(before.gtin, before.serial)).filter(media_type=JSON)
        return there.values_list("etag", flat=True).first() or ""
    return sha256(body).hexdigest()


def _statement(draft: Draft, document_hash: str) -> NewStatement:
    record = draft.assembled.record
    return NewStatement(
        type="passport.published",
        payload={
            "id": f"urn:x-lodeline:passport:{draft.content[:32]}:{record.position}",
            "issuer": PLATFORM,
            "captured_by": "",
            "document": document_hash,
            "signature": {"by": "platform", "kid": ""},
            "body": {
                "kind": "passport.published",
                "subject": record.key,
                "gtin": record.gtin,
                "serial": record.serial,
                "category": record.category,
                "status": record.status,
                "ceased": draft.ceased,
                "model": name_of(draft.assembled),
                "maker": record.maker.uri,
                "makerName": record.maker.name,
                "position": record.position,
                "documentHash": document_hash,
                "contentHash": draft.content,
                "publicHash": draft.shown,
                "restsOn": [{"position": one.position, "id": one.id} for one in draft.assembled.sources()],
                "completeness": counts(draft.cells),
                "states": {str(cell.point.number): [cell.state.value, cell.words] for cell in draft.cells},
                "document": draft.held,
            },
        },
    )


def _battery(draft: Draft, position: int) -> Battery:
    record = draft.assembled.record
    return Battery(
        gtin=record.gtin,
        serial=record.serial,
        item=record.key,
        operator=record.maker.uri,
        position=position,
    )


def name_of(assembled: Assembled) -> str:
    """What people call the model."""
    making = assembled.record.making
    return (making.product if making else "") or f"GTIN {assembled.record.gtin}"


def _edition(
    draft: Draft,
    before: Passport | None,
    position: int,
    now: datetime,
    size: int,
    *,
    demonstration: bool,
    look: str,
) -> rendering.Edition:
    return rendering.Edition(
        name=name_of(draft.assembled),
        version=1 if before is None else before.version + 1,
        position=position,
        first_at=now if before is None else before.first_published_at,
        changed_at=now,
        digest=draft.shown,
        size=size,
        demonstration=demonstration,
        look=look,
    )


def _publish(draft: Draft, body: bytes, edition: rendering.Edition, now: datetime) -> None:
    record = draft.assembled.record
    put = withdraw if draft.ceased else publish
    put(
        key=address(record.gtin, record.serial),
        forms={HTML: _page(draft, edition), JSON: body},
        kind=KIND,
        position=edition.position,
        now=now,
    )


def _page(draft: Draft, edition: rendering.Edition) -> bytes:
    if draft.ceased:
        return rendering.gone(draft.public, edition)
    return rendering.page(draft.public, readable(draft.cells, MATRIX[Audience.PUBLIC]), edition)


def _refresh(draft: Draft, head: Passport, now: datetime, *, demonstration: bool, look: str) -> None:
    """The same content in today's templates and style sheet. Nothing is written when the bytes are the same."""
    key = address(head.gtin, head.serial)
    there = {row.media_type: bytes(row.body) for row in forms(key)}
    body = there.get(JSON)
    if body is not None and f'content="Lodeline {look}"'.encode() in there.get(HTML, b""):
        return
    if body is None:
        body = to_bytes({**draft.public, "lastUpdated": f"{head.public_at:%Y-%m-%dT%H:%M:%SZ}"})
    edition = rendering.Edition(
        name=head.model,
        version=head.public_version,
        position=head.public_position,
        first_at=head.first_published_at,
        changed_at=head.public_at,
        digest=head.public_hash,
        size=len(body),
        demonstration=demonstration,
        look=look,
    )
    # What else stands there (the signed form) is about the same content.
    wanted = there | {HTML: _page(draft, edition), JSON: body}
    if there != wanted:
        put = withdraw if draft.ceased else publish
        put(key=key, forms=wanted, kind=KIND, position=head.public_position, now=now)
