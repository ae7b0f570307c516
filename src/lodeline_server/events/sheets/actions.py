"""Look at a sheet, then capture what it says: the same way into the log as any document."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import structlog
from attrs import evolve, frozen
from django.conf import settings
from django.db import transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.events.check import check
from lodeline.events.sheet import Sheet, form_of, read_grid, shown, source_of, unreadable
from lodeline.events.sheet_events import Made, name_of
from lodeline.events.sheet_grid import CellFinding, SheetLimits, Unreadable
from lodeline.events.sheet_templates import TEMPLATES
from lodeline.events.sheet_values import Wrong
from lodeline.evidence import Severity
from lodeline_server.events import actions as capture
from lodeline_server.events import filing
from lodeline_server.events import queries as events
from lodeline_server.events.sheets import queries, worker
from lodeline_server.events.sheets.models import SheetPreview
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.events.sheet_templates import Template
    from lodeline_server.events.models import CaptureJob

log = structlog.get_logger(__name__)
KEPT: Final = timedelta(hours=24)
"""A preview that nobody captures is gone after this."""
KEPT_CAPTURED: Final = timedelta(days=90)
"""How long the rows of a captured sheet stand beside its events on the job's page."""
SHOWN: Final = 100
MOST_OPEN: Final = 20
"""Previews of one person at a time; the oldest goes."""
MOST_REVISIONS: Final = 20
NEW, DUPLICATE, CONFLICT, CORRECTION = "new", "duplicate", "conflict", "correction"
CORRECT: Final = "incorrect_data"


@frozen(kw_only=True)
class Upload:
    """A sheet as it came. `zone`, `decimal`: hold where the sheet does not say them."""

    data: bytes
    template: str
    name: str = ""
    zone: str = ""
    decimal: str = ""


def template_of(name: str) -> Template:
    """Raises `Problem` 404."""
    if name not in TEMPLATES:
        raise Problem(404, "No such template", detail=f"There are {', '.join(TEMPLATES)}.")
    return TEMPLATES[name]


def preview(*, actor: Actor, upload: Upload, now: datetime) -> SheetPreview:
    """Read a sheet and keep what it would become. A sheet with errors is kept too, with its findings."""
    actor.require(Permission.CAPTURE_SUBMIT)
    if actor.workspace is None or actor.organisation is None:
        raise Problem(403, "Only an organisation captures", detail="This actor acts for none.")
    template = template_of(upload.template)
    if len(upload.data) > SheetLimits().max_bytes:
        raise Problem(
            413, "The sheet is too large", detail=f"At most {SheetLimits().max_bytes} bytes are taken.",
            kind="epcisException:CaptureLimitExceededException",
        )  # fmt: skip
    party = events.own_organisation(actor).party
    sheet = _read(upload, template, party, now)
    made: list[dict[str, Any]] = []
    document = None
    if not sheet.refused:
        sheet, made, document = _against_record(sheet, upload, actor, party, now)
    with transaction.atomic():
        own = SheetPreview.objects.filter(
            actor=queries.owner(actor), organisation_id=actor.organisation, job=None
        )
        own.filter(pk__in=list(own.order_by("-id").values_list("pk", flat=True)[MOST_OPEN - 1 :])).delete()
        row = SheetPreview.objects.create(
            workspace_id=actor.workspace,
            organisation_id=actor.organisation,
            actor=queries.owner(actor),
            template=template.label,
            name=capture.clean(upload.name),
            sheet=sheet.sheet,
            sha256=sha256(upload.data).hexdigest(),
            size=len(upload.data),
            columns=[column.title for _, column in sheet.columns],
            rows=[[number, cells] for number, cells in shown(sheet, SHOWN)],
            total=len(sheet.rows),
            made=made,
            findings=[finding.as_dict() for finding in sheet.findings],
            errors=sheet.errors,
            document=None if sheet.refused else document,
            created_at=now,
            expires_at=now + KEPT,
        )
    log.info(
        "sheet looked at", preview=str(row.uuid), by=actor.id, template=template.label, errors=row.errors
    )
    return row


def confirm(
    *, actor: Actor, preview: SheetPreview, now: datetime, correct: bool = False, queue: bool = True
) -> CaptureJob:
    """Capture what a preview showed. A second time gives the same job.

    `correct`: events on record that rows differ from are declared wrong, and the rows put in their place.
    Raises `Problem`: 404 not the actor's own or gone, 409 it has errors, and whatever capture refuses.
    """
    actor.require(Permission.CAPTURE_SUBMIT)
    with transaction.atomic():
        rows = queries.previews(actor, now).defer(None).select_for_update()
        row = rows.filter(pk=preview.pk).first()
        if row is None:
            raise Problem(
                404, "No such preview", detail="It ended, or it is not yours. Upload the sheet again."
            )
        if row.job is not None:
            return row.job
        if row.errors or row.document is None:
            raise Problem(
                409, "The sheet has errors", detail="Correct it and upload it again.", kind=capture.INVALID
            )
        corrections = row.count(CORRECTION)
        if corrections and not correct:
            raise Problem(
                409,
                "Rows differ from what is on record",
                detail=f"{corrections} of them. Say that they are to be corrected (correct=true), or leave them out.",
                kind="epcisException:ResourceAlreadyExistsException",
            )
        document = capture.Document(data=bytes(row.document), name=row.name)
        row.job = capture.submit(actor=actor, document=document, now=now, queue=queue)
        row.document, row.expires_at = None, now + KEPT_CAPTURED
        row.save(update_fields=["job", "document", "expires_at"])
    return row.job


def drop(*, actor: Actor, preview: SheetPreview, now: datetime) -> None:
    """Forget a preview that was not captured."""
    actor.require(Permission.CAPTURE_SUBMIT)
    queries.previews(actor, now).filter(pk=preview.pk, job=None).delete()


def forget_ended(now: datetime) -> int:
    """Delete the previews whose time is over."""
    return SheetPreview.objects.filter(expires_at__lte=now).delete()[0]


def _read(upload: Upload, template: Template, party: str, now: datetime) -> Sheet:
    try:
        grid = worker.grid(upload.data, form_of(upload.name, upload.data))
    except Unreadable as refused:
        return unreadable(template, refused.finding)
    except Wrong as wrong:
        return unreadable(template, CellFinding(rule=wrong.rule, severity=Severity.ERROR, message=str(wrong)))
    return read_grid(
        grid, template, party=party, now=now, zone=upload.zone, decimal=upload.decimal, checks=capture.limits()
    )  # fmt: skip


def _against_record(
    sheet: Sheet, upload: Upload, actor: Actor, party: str, now: datetime
) -> tuple[Sheet, list[dict[str, Any]], bytes | None]:
    """How each row stands to what is on record, and the document to capture."""
    assert actor.workspace is not None
    assert actor.organisation is not None
    made = _revised(list(sheet.made), sheet.template.name, party, actor.workspace)
    checked = sheet.checked
    if checked is None or any(one is not before for one, before in zip(made, sheet.made, strict=True)):
        whole = evolve(sheet, made=tuple(made)).document(now)
        checked = check(strictjson.canonical(whole), now=now, limits=capture.limits())
    decisions = filing.Content.of(checked).decisions(actor.workspace, actor.organisation)
    states = [DUPLICATE if one.duplicate else NEW if one.kind is not None else CONFLICT for one in decisions]
    told: list[CellFinding] = []
    declared: list[dict[str, Any]] = []
    clashes = [index for index, state in enumerate(states) if state == CONFLICT]
    names = [_id(made[index].raw) for index in clashes if sheet.template.name != "assays"]
    known = queries.on_record(actor.workspace, actor.organisation, names)
    for index in clashes:
        old = known.get(_id(made[index].raw))
        told.append(_differs(sheet, made[index], old))
        if old is not None:
            states[index] = CORRECTION
            made[index] = _next(made[index], sheet.template.name, party)
            declared.append(_declaration(old, _id(made[index].raw), now))
    errors = sum(one.severity is Severity.ERROR for one in told)
    sheet = evolve(sheet, made=tuple(made), findings=(*told, *sheet.findings), errors=sheet.errors + errors)
    listed = [
        {"rows": list(one.rows), "id": _id(one.raw), "state": state}
        for one, state in zip(made, states, strict=True)
    ]
    if errors:
        return sheet, listed, None
    before = [{"rows": [], "id": one["eventID"], "state": "declared"} for one in declared]
    source = source_of(
        sheet,
        upload.data,
        name=capture.clean(upload.name),
        zone=upload.zone,
        decimal=upload.decimal,
        rows=[one["rows"] for one in (*before, *listed)],
    )
    whole = sheet.document(now, source)
    if declared:
        whole["epcisBody"]["eventList"] = [*declared, *whole["epcisBody"]["eventList"]]
    return sheet, [*before, *listed], _packed(whole)


def _packed(document: dict[str, Any]) -> bytes:
    data = strictjson.canonical(document)
    if len(data) > settings.MAX_UPLOAD:
        raise Problem(
            413, "The sheet is too large", detail=f"As a document it is over {settings.MAX_UPLOAD} bytes. Split it.",
            kind="epcisException:CaptureLimitExceededException",
        )  # fmt: skip
    return data


def _revised(made: list[Made], template: str, party: str, workspace: int) -> list[Made]:
    """Rows whose event was declared wrong and corrected before stand for the correction."""
    if template == "assays":
        return made
    open_ = dict(enumerate(made))
    for revision in range(1, MOST_REVISIONS):
        gone = queries.ended(workspace, [_id(one.raw) for one in open_.values()])
        open_ = {index: one for index, one in open_.items() if _id(one.raw) in gone}
        if not open_:
            break
        for index, one in open_.items():
            made[index] = open_[index] = _named(one, template, party, revision)
    return made


def _named(one: Made, template: str, party: str, revision: int) -> Made:
    return evolve(one, raw={**one.raw, "eventID": name_of(party, template, one.key, revision)})


def _next(one: Made, template: str, party: str) -> Made:
    """The same row under the name of its next revision."""
    names = [name_of(party, template, one.key, revision) for revision in range(MOST_REVISIONS)]
    return _named(one, template, party, names.index(_id(one.raw)) + 1)


def _declaration(old: dict[str, Any], successor: str, now: datetime) -> dict[str, Any]:
    """The event as it is on record, declared wrong (EPCIS 2.0, section 7.4.1.4)."""
    declared = {"declarationTime": now.isoformat(), "reason": CORRECT, "correctiveEventIDs": [successor]}
    return {**old, "errorDeclaration": declared}


def _differs(sheet: Sheet, one: Made, old: dict[str, Any] | None) -> CellFinding:
    """The row is on record with other values."""
    if old is not None:
        message = (
            f"This row is on record with other values{_amount(old)}. Capturing it declares that event wrong and puts "
            "this one in its place."
        )
    elif sheet.template.name == "assays":
        message = (
            "This is on record with other values. A statement stays as it is: use a new certificate number."
        )
    else:
        message = "An event that is not yours has this name. Give the row another number."
    return CellFinding(
        rule="sheet.on-record",
        severity=Severity.ERROR if old is None else Severity.WARNING,
        message=message,
        sheet=sheet.sheet,
        row=one.rows[0],
    )


def _amount(old: dict[str, Any]) -> str:
    """What the event on record says of the amount, where it says one."""
    listed = old.get("quantityList") or []
    if len(listed) != 1:
        return ""
    return f" ({listed[0].get('quantity')} {listed[0].get('uom', '')} at {old['eventTime']})"


def _id(raw: dict[str, Any]) -> str:
    return str(raw.get("eventID") or raw.get("id"))
