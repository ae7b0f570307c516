"""One box for everything: lots, items, parties, sites, certificates, documents, log positions, statement ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from lodeline.access import Permission
from lodeline_server.events import queries as events
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit.templatetags.lode import groups, moment
from lodeline_server.log import reading
from lodeline_server.lots import queries as lots
from lodeline_server.passports import queries as passports
from lodeline_server.recalls import queries as recalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.access import Actor

LONGEST: Final = 500
SHORTEST: Final = 2  # letters before parts of words are looked for
SHOWN: Final = 20  # of one kind


@frozen(kw_only=True)
class Hit:
    """One thing found. Without `href` the actor may know of it, but has no page for it."""

    kind: str
    name: str
    detail: str
    href: str = ""


def search(actor: Actor, words: str) -> list[Hit]:
    """What the actor may see that fits: exact identifiers in any spelling, and parts of names."""
    words = words.strip()[:LONGEST]
    if not words or any(ord(letter) < 32 for letter in words):
        return []
    found = [hit for permission, source in SOURCES if actor.may(permission) for hit in source(actor, words)]
    return list(dict.fromkeys(found))


def _position(actor: Actor, words: str) -> Iterator[Hit]:
    digits = words.replace(",", "").replace("\u202f", "").replace(" ", "").removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        return
    for entry in reading.listed(actor).filter(position=int(digits)).only("position", "type", "time"):
        yield Hit(
            kind=_("Log position"),
            name=groups(entry.position),
            detail=f"{entry.type} · {moment(entry.time)}",
            href=reverse("statement", args=[entry.position]),
        )


def _things(actor: Actor, words: str) -> Iterator[Hit]:
    rows = lots.visible(actor)
    found = lots.find(rows, words)
    if len(words) >= SHORTEST:
        fits = Q(label__icontains=words) | Q(product__icontains=words) | Q(key__contains=words)
        found += list(rows.filter(fits).order_by("item", "-made_at", "key")[:SHOWN])
    for row in found:
        kind, view = (_("Item"), "item") if row.item else (_("Lot"), "lot")
        detail = " · ".join(filter(None, [row.product, f"{row.made_at:%Y-%m-%d}"]))
        yield Hit(kind=kind, name=row.label, detail=detail, href=reverse(view, args=[row.pk]))


def _parties(actor: Actor, words: str) -> Iterator[Hit]:
    rows = evidence.parties(actor.workspace or 0)
    if actor.only_own:
        rows = rows.filter(uri=actor.party)
    scores = actor.may(Permission.SCORES_VIEW)
    for row in rows.filter(Q(name__icontains=words) | Q(uri__contains=words))[:SHOWN]:
        detail = " · ".join(
            filter(None, [", ".join(role.replace("_", " ") for role in row.roles), row.country])
        )
        yield Hit(
            kind=_("Party"),
            name=row.name,
            detail=detail,
            href=reverse("supplier", args=[row.pk]) if scores else "",
        )


def _sites(actor: Actor, words: str) -> Iterator[Hit]:
    rows = evidence.sites(actor.workspace or 0)
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    known = dict(evidence.parties(actor.workspace or 0).values_list("uri", "pk"))
    scores = actor.may(Permission.SCORES_VIEW)
    for row in rows.filter(Q(name__icontains=words) | Q(uri__contains=words))[:SHOWN]:
        href = reverse("supplier", args=[known[row.party]]) if scores and row.party in known else ""
        yield Hit(
            kind=_("Site"), name=row.name, detail=f"{row.kind.replace('_', ' ')} · {row.country}", href=href
        )


def _statements(actor: Actor, words: str) -> Iterator[Hit]:
    """By the identifier a statement bears, and certificates by number."""
    for record in events.records(actor).filter(event_id=words)[:SHOWN]:
        yield Hit(
            kind=_("Statement"),
            name=record.event_id,
            detail=f"{record.type} · {moment(record.event_time)}",
            href=reverse("statement", args=[record.position]),
        )
    facts = evidence.statements(actor.workspace or 0, party=actor.party if actor.only_own else None)
    for fact in facts.filter(Q(statement_id=words) | Q(kind="certificate", content__number=words))[:SHOWN]:
        if fact.kind == "certificate":
            kind, name = _("Certificate"), str(fact.content.get("number", ""))
            detail = " · ".join(
                filter(None, [str(fact.content.get("scheme", "")), str(fact.valid_until or "")])
            )
        else:
            kind, name, detail = _("Statement"), fact.statement_id, f"{fact.kind} · {fact.issued}"
        yield Hit(kind=kind, name=name, detail=detail, href=reverse("statement", args=[fact.position]))


def _passports(actor: Actor, words: str) -> Iterator[Hit]:
    """By identifier or serial number; who may see lots has found the battery itself already."""
    rows = passports.visible(actor)
    found = passports.find(rows, words)
    if len(words) >= SHORTEST:
        found += list(
            rows.filter(Q(serial__icontains=words) | Q(model__icontains=words)).order_by("serial")[:SHOWN]
        )
    for row in found:
        detail = " · ".join(filter(None, [row.model, row.maker_name]))
        yield Hit(kind=_("Passport"), name=row.serial, detail=detail, href=reverse("passport", args=[row.pk]))


def _recalls(actor: Actor, words: str) -> Iterator[Hit]:
    for row in recalls.visible(actor).filter(Q(number__iexact=words) | Q(label__iexact=words))[:SHOWN]:
        yield Hit(
            kind=_("Recall"),
            name=row.number,
            detail=f"{row.label} · {moment(row.computed_at)}",
            href=row.get_absolute_url(),
        )


def _documents(actor: Actor, words: str) -> Iterator[Hit]:
    fits = Q(sha256=words.lower())
    if len(words) >= SHORTEST:
        fits |= Q(name__icontains=words)
    for job in events.jobs(actor).filter(fits)[:SHOWN]:
        detail = f"{job.organisation.name} · {moment(job.created_at)}"
        yield Hit(
            kind=_("Document"),
            name=job.name or job.sha256[:16],
            detail=detail,
            href=reverse("capture", args=[job.uuid]),
        )


SOURCES = (
    (Permission.LOG_VIEW, _position),
    (Permission.LOTS_VIEW, _things),
    (Permission.PASSPORTS_VIEW, _passports),
    (Permission.RECALLS_VIEW, _recalls),
    (Permission.PARTIES_VIEW, _parties),
    (Permission.PARTIES_VIEW, _sites),
    (Permission.EVIDENCE_VIEW, _statements),
    (Permission.CAPTURE_VIEW, _documents),
)
