"""Capture: take a document, put it into the log whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from django.conf import settings
from django.db import OperationalError, transaction

from lodeline.access import Actor, Permission
from lodeline.events.check import Checked, check
from lodeline.events.limits import Limits
from lodeline.evidence import Finding, Severity
from lodeline.keys import SignatureRefused, VerifyKey, verify_detached
from lodeline_server.events import filing, queries
from lodeline_server.events.models import CaptureJob, SigningKey
from lodeline_server.kit.collecting import uncollected
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
EPCIS, STATEMENTS = "epcis", "statements"
MEDIA_TYPES = frozenset(
    {"application/json", "application/ld+json", "application/jsonld", "application/xml", "text/xml"}
)
INVALID = "epcisException:ValidationException"


@frozen(kw_only=True)
class Document:
    """What a client sends: the bytes as they came (inflated), and what it says about them."""

    data: bytes
    media_type: str = "application/json"
    jws: str = ""
    name: str = ""
    behaviour: str = CaptureJob.Behaviour.ROLLBACK
    lenient: bool = False
    """Repair by named rules first; each repair is listed with the job and kept with its event."""
    wanted: str = ""
    """`epcis` or `statements`: the kind this address takes; nothing: either."""


def limits() -> Limits:
    return Limits(max_bytes=settings.MAX_UPLOAD)


def submit(*, actor: Actor, document: Document, now: datetime, queue: bool = True) -> CaptureJob:
    """Check a document and queue it. Raises `Problem`: 400 findings, 409 conflict, 413, 415.

    `queue` False: the caller processes the job itself.
    """
    actor.require(Permission.CAPTURE_SUBMIT)
    if actor.workspace is None or actor.organisation is None:
        raise Problem(403, "Only an organisation captures", detail="This actor acts for none.")
    if document.media_type.partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise Problem(
            415,
            "Send JSON or XML",
            detail="Content-Type is application/json, application/ld+json or application/xml.",
            kind="epcisException:UnsupportedMediaTypeException",
        )
    if len(document.data) > settings.MAX_UPLOAD:
        raise Problem(
            413,
            "The document is too large",
            detail=f"At most {settings.MAX_UPLOAD} bytes are taken.",
            kind="epcisException:CaptureLimitExceededException",
        )
    kid = _signer(actor, document, now)
    with uncollected():
        space = queries.namespace(actor.organisation) if document.lenient else ""
        checked = check(document.data, now=now, limits=limits(), lenient=document.lenient, namespace=space)
        _refuse(checked.findings)
        _refuse_other_kind(checked, document.wanted)
        content = filing.Content.of(checked, document.data)
        conflicts = filing.conflicts(actor.workspace, actor.organisation, content)
    if conflicts and document.behaviour == CaptureJob.Behaviour.ROLLBACK:
        raise Problem(
            409,
            "An id is on record with another body",
            detail="Nothing was written.",
            kind="epcisException:ResourceAlreadyExistsException",
            findings=conflicts,
        )
    with _written(), transaction.atomic():
        job = CaptureJob.objects.create(
            workspace_id=actor.workspace,
            organisation_id=actor.organisation,
            actor=actor.id,
            name=clean(document.name),
            raw=document.data,
            sha256=sha256(document.data).hexdigest(),
            size=len(document.data),
            media_type=document.media_type[:100],
            kind=checked.kind,
            jws=document.jws,
            kid=kid,
            behaviour=document.behaviour,
            lenient=document.lenient,
            repairs=[repair.as_dict() for repair in checked.repairs],
            findings=[finding.as_dict() for finding in checked.findings],
            created_at=now,
        )
        if queue:
            from lodeline_server.events.tasks import ask

            ask()
    if not queue:
        filing.remember(content, document.data, lenient=document.lenient, namespace=space)
    log.info("document taken in", job=str(job.uuid), by=actor.id, kind=job.kind, size=job.size)
    return job


def clean(name: str) -> str:
    """A file name as text that any database keeps."""
    text = name.encode("utf-8", "replace").decode()
    return "".join(letter for letter in text if letter.isprintable())[:200]


@contextmanager
def _written() -> Iterator[None]:
    """A database that stays busy is a reason to come again, not a fault."""
    try:
        yield
    except OperationalError as error:
        log.warning("database busy", error=str(error))
        raise Problem(
            503,
            "The database is busy",
            detail="Nothing was written. Try again in a minute.",
            kind="epcisException:ImplementationException",
        ) from None


def _signer(actor: Actor, document: Document, now: datetime) -> str:
    """Verify the party's own signature before anything is read; the key id, or nothing without one."""
    if not document.jws:
        return ""
    try:
        return verify_detached(document.jws, document.data, queries.verify_keys(actor.organisation or 0, now))
    except SignatureRefused as error:
        finding = Finding(
            rule="signature.refused",
            severity=Severity.ERROR,
            pointer="",
            message=f"{error}. Sign the raw bytes with a registered key.",
        )
        raise Problem(400, "The signature does not hold", kind=INVALID, findings=[finding]) from None


def _refuse(findings: Sequence[Finding]) -> None:
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise Problem(
            400, "The document has errors", detail="Nothing was written.", kind=INVALID, findings=findings
        )


def _refuse_other_kind(checked: Checked, wanted: str) -> None:
    statements = checked.kind == "StatementDocument"
    if wanted and statements != (wanted == STATEMENTS):
        other = "/api/statements" if statements else "/epcis/capture"
        message = f"A {checked.kind} is sent to {other}."
        finding = Finding(rule="document.type", severity=Severity.ERROR, pointer="/type", message=message)
        raise Problem(400, "The document has errors", kind=INVALID, findings=[finding])


def register_key(
    *,
    actor: Actor,
    organisation: Organisation,
    kid: str,
    public_key: bytes,
    now: datetime,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> SigningKey:
    """Register a party's public key (32 bytes). The same key again changes nothing; another one is a 409."""
    actor.require(Permission.KEYS_MANAGE)
    allowed = actor.kind == "platform" or actor.may(Permission.MEMBERS_MANAGE)
    if organisation.workspace_id != actor.workspace or not (allowed or organisation.pk == actor.organisation):
        raise Problem(404, "No such organisation")
    try:
        VerifyKey(public_key)
        fits = kid.isprintable() and 0 < len(kid) <= 200
    except ValueError:
        fits = False
    if not fits:
        raise Problem(
            422, "This is not an Ed25519 public key with a name", detail="32 bytes and a printable key id."
        )
    values: dict[str, Any] = {
        "public_key": public_key,
        "valid_from": valid_from or now,
        "valid_until": valid_until,
    }
    with transaction.atomic():
        row, made = SigningKey.objects.get_or_create(
            organisation=organisation, kid=kid, defaults={**values, "created_at": now}
        )
    if bytes(row.public_key) != public_key:
        raise Problem(409, "Another key has this id", detail=kid)
    if made:
        log.info("signing key registered", by=actor.id, organisation=organisation.pk, kid=kid)
    return row


def end_key(*, actor: Actor, kid: str, now: datetime) -> SigningKey:
    """From now on nothing new may be signed with this key; what was signed before stays as it is."""
    actor.require(Permission.KEYS_MANAGE)
    row = queries.signing_keys(actor).filter(kid=kid).first()
    if row is None:
        raise Problem(404, "No such key", kind="epcisException:NoSuchResourceException")
    if row.valid_until is None or row.valid_until > now:
        row.valid_until = now
        row.save(update_fields=["valid_until"])
        log.info("signing key ended", by=actor.id, kid=kid)
    return row
