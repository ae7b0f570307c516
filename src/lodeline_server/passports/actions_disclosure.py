"""The only writer of passport credentials and of grants to read them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from lodeline.access import Denied, Permission
from lodeline.credentials import audience as readers
from lodeline.credentials.statusbook import Act
from lodeline.passports import disclosure as law
from lodeline.passports.access import Audience
from lodeline_server.credentials import actions as credentials
from lodeline_server.credentials import kinds
from lodeline_server.credentials.actions_issue import Hidden
from lodeline_server.credentials.models import Credential
from lodeline_server.credentials.thresholds import allowed
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.parties.models import Organisation
from lodeline_server.passports import disclosure, queries
from lodeline_server.passports.actions import KIND, address
from lodeline_server.passports.models import PassportCredential, ReadGrant
from lodeline_server.publishing.actions import publish
from lodeline_server.publishing.queries import forms
from lodeline_server.publishing.serving import SD_JWT

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.passports.models import Passport

LONGEST: Final = timedelta(days=366)


def issue_credential(*, actor: Actor, passport: Passport, now: datetime) -> PassportCredential:
    """Sign the passport as it stands, once for all readers, and publish what everybody may read.

    Asked again for the same content, it answers what there is. An older version's credential is revoked with it.
    """
    actor.require(Permission.PASSPORTS_ISSUE)
    home = _maker(actor, passport)
    if passport.ceased:
        raise Problem(409, "The battery is no more, and its passport with it")
    with transaction.atomic():
        _lock(home)
        there = disclosure.current(passport)
        if there is not None:
            return there
        rules = disclosure.rules()
        made = credential(actor, home, passport, now)
        paths, pad = readers.hiding(made, rules)
        issued = credentials.issue(
            actor=actor,
            organisation=home,
            credential=made,
            now=now,
            form=Credential.Form.SD_JWT,
            hidden=Hidden(paths=paths, pad=pad),
        )
        _supersede(actor, home, passport, now)
        row = PassportCredential.objects.create(
            workspace_id=passport.workspace_id,
            key=passport.key,
            credential=issued.row,
            content_hash=passport.content_hash,
            issued_at=now,
        )
        _publish(row, passport, now)
    return row


def credential(actor: Actor, home: Organisation, passport: Passport, now: datetime) -> dict[str, Any]:
    """The unsigned credential with all elements, and every step of the ladders on what it says exactly."""
    wanted = kinds.Wanted(actor=actor, organisation=home, about=passport.key, now=now)
    made = kinds.prepare("passport", wanted).credential
    steps = law.steps(queries.body(passport).get("document", {}), allowed.policy())
    subject = {**made["credentialSubject"], readers.STEPS: steps}
    return {**made, "@context": [*made["@context"], law.CONTEXT], "credentialSubject": subject}


def grant(*, actor: Actor, passport: Passport, to: str, purpose: str, days: int, now: datetime) -> ReadGrant:
    """Let an organisation of the workspace read a battery's passport as one with a legitimate interest."""
    actor.require(Permission.PASSPORTS_ISSUE)
    home = _maker(actor, passport)
    rows = Organisation.objects.filter(workspace_id=passport.workspace_id)
    receiver = rows.filter(slug=to).first() or rows.filter(party=to).first() if "\x00" not in to else None
    if receiver is None or receiver.pk == home.pk:
        raise Problem(422, "There is no such other organisation", detail=to[:200])
    if not purpose.strip() or "\x00" in purpose or not timedelta() < timedelta(days=days) <= LONGEST:
        raise Problem(422, "A grant has a purpose, and ends within a year")
    until = now + timedelta(days=days)
    body = {"subject": passport.key, "to": receiver.party, "purpose": purpose, "until": until.isoformat()}
    with transaction.atomic():
        position = _record(actor, home, "passport.grant", body, now)
        row = ReadGrant.objects.create(
            workspace_id=passport.workspace_id,
            key=passport.key,
            to=receiver,
            purpose=purpose[:300],
            until=until,
            granted_at=now,
            position=position,
        )
        _told(actor, audit.Kind.GRANT, "passport.granted", now, passport=passport.pk, to=receiver.pk)
    return row


def end_grant(*, actor: Actor, passport: Passport, grant: int, now: datetime) -> ReadGrant:
    """End a grant. What was read under it stays read. Twice keeps the first instant."""
    actor.require(Permission.PASSPORTS_ISSUE)
    home = _maker(actor, passport)
    with transaction.atomic():
        rows = ReadGrant.objects.select_for_update(of=("self",)).select_related("to")
        row = rows.filter(pk=grant, workspace_id=passport.workspace_id, key=passport.key).first()
        if row is None:
            raise Problem(404, "There is no such grant")
        if row.revoked_at is None:
            body = {"subject": passport.key, "to": row.to.party, "grant": row.position}
            _record(actor, home, "passport.grant-ended", body, now)
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            _told(actor, audit.Kind.REVOKE, "passport.grant-ended", now, passport=passport.pk, grant=row.pk)
    return row


def _maker(actor: Actor, passport: Passport) -> Organisation:
    """The organisation that made the battery; only it (and the platform for it) acts here."""
    if queries.audience(actor, passport.maker) is not Audience.OPERATOR:
        raise Denied(Permission.PASSPORTS_ISSUE)
    home = Organisation.objects.filter(workspace_id=passport.workspace_id, party=passport.maker).first()
    if home is None:
        raise Problem(409, "The maker has no account here")
    return home


def _lock(home: Organisation) -> None:
    """One credential at a time for a maker's passports."""
    Organisation.objects.select_for_update().get(pk=home.pk)


def _supersede(actor: Actor, home: Organisation, passport: Passport, now: datetime) -> None:
    older = PassportCredential.objects.filter(workspace_id=passport.workspace_id, key=passport.key)
    for row in older.select_related("credential").exclude(credential__changes__act=Act.REVOKE.value):
        credentials.set_status(
            actor=actor,
            organisation=home,
            identifier=row.credential.identifier,
            act=Act.REVOKE,
            now=now,
            reason="a newer version of the passport was issued",
        )


def _publish(row: PassportCredential, passport: Passport, now: datetime) -> None:
    """One more form at the passport's public address: the same bytes for everybody."""
    key = address(passport.gtin, passport.serial)
    there = {form.media_type: bytes(form.body) for form in forms(key)}
    if there:
        token = disclosure.present(row, Audience.PUBLIC).encode()
        publish(
            key=key, forms={**there, SD_JWT: token}, kind=KIND, position=passport.public_position, now=now
        )


def _record(actor: Actor, home: Organisation, kind: str, body: dict[str, Any], now: datetime) -> int:
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": home.party,
        "captured_by": actor.id,
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, **body},
    }
    statement = NewStatement(type=kind, payload=payload)
    return append(actor=actor, workspace=home.workspace_id, statements=[statement], now=now)[0].position


def _told(actor: Actor, kind: audit.Kind, action: str, now: datetime, **objects: object) -> None:
    audit.record(kind, action, actor=actor, objects=objects, now=now)
