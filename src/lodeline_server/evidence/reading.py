"""From a statement's payload to a fact. The log is trusted to be well formed, never to be complete:
what is absent or of the wrong type reads as unknown, so that a rebuild can never stop at a statement.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from lodeline.evidence import Assurance, grade
from lodeline.identifiers import IdentifierError, normalise
from lodeline_server.evidence.models import Fact, Party, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline_server.log.queries import Statement

# Statements by which somebody answers for an object, and must therefore name what they cover.
_SCOPED = frozenset({"certificate", "assessment.result", "site.performance"})
KINDS = frozenset(
    {
        "party.profile",
        "site.profile",
        "origin.attestation",
        "lot.assay",
        "certificate",
        "assessment.result",
        "site.performance",
        "policy.signature",
        "incident",
        "drill",
        "market.evidence",
        "delivery.performance",
        "screening",
        "battery.model",
        "battery.item",
    }
)


def text(value: Any, most: int = 500) -> str:
    return value[:most] if isinstance(value, str) else ""


def uri(value: Any) -> str:
    """One key per thing, whatever its spelling; unusable ones stay as they were stated."""
    stated = text(value)
    with suppress(IdentifierError):
        return normalise(stated)
    return stated


def words(value: Any) -> list[str]:
    return [item[:100] for item in value if isinstance(item, str)] if isinstance(value, list) else []


def day(value: Any) -> date | None:
    with suppress(ValueError, TypeError):
        return date.fromisoformat(value[:10])
    return None


def sites_named(kind: str, content: Mapping[str, Any], subject: str, owners: Mapping[str, str]) -> bool:
    """True when the statement says which sites it covers (or speaks about a site, lot or item)."""
    if kind not in _SCOPED:
        return True
    named = content.get("site") or content.get("sites")
    return bool(named) or subject in owners


def fact(statement: Statement, owners: Mapping[str, str]) -> Fact:
    """`owners`: site to party, as known at this position."""
    payload = statement.payload
    body = payload.get("body")
    stated: Mapping[str, Any] = body if isinstance(body, dict) else {}
    content: dict[str, Any] = stated["content"] if isinstance(stated.get("content"), dict) else {}
    signature = payload.get("signature")
    signed_by = text(signature.get("by"), 24) if isinstance(signature, dict) else ""
    subject, issuer = uri(stated.get("subject")), uri(stated.get("issuer") or payload.get("issuer"))
    site = uri(content.get("site"))
    party = owners.get(subject) or owners.get(site) or subject
    assurance = stated["assurance"] if isinstance(stated.get("assurance"), dict) else {}
    document = text(stated.get("documentHash"), 64)
    graded = grade(
        Assurance.of(assurance),
        own_signature=signed_by == "party",
        referenced=bool(document or text(content.get("number"))),
        about_itself=issuer == party,
        in_scope=sites_named(statement.type, content, subject, owners),
        accredited_for_scope=statement.type != "certificate" or bool(text(content.get("accreditation"))),
    )
    return Fact(
        workspace_id=statement.workspace,
        position=statement.position,
        kind=statement.type,
        statement_id=text(stated.get("id") or payload.get("id")),
        subject=subject,
        issuer=issuer,
        party=party,
        issued=day(stated.get("issued")),
        valid_from=day(stated.get("validFrom")),
        valid_until=day(stated.get("validUntil")),
        level=graded.level.value,
        lowered=list(graded.lowered),
        assurance=assurance,
        document=document,
        signed_by=signed_by,
        logged_at=statement.time,
        content=content,
    )


def party_of(workspace: int, subject: str, content: Mapping[str, Any], position: int) -> Party:
    """The party a profile describes (not saved)."""
    return Party(
        workspace_id=workspace,
        uri=subject,
        name=text(content.get("name"), 300) or subject[:300],
        country=text(content.get("country"), 2),
        roles=words(content.get("roles")),
        materials=words(content.get("materials")),
        parent=uri(content.get("parent")),
        contact=text(content.get("contact"), 300),
        position=position,
    )


def site_of(workspace: int, subject: str, content: Mapping[str, Any], position: int) -> Site:
    """The site a profile describes (not saved)."""
    return Site(
        workspace_id=workspace,
        uri=subject,
        name=text(content.get("name"), 300) or subject[:300],
        party=uri(content.get("party")),
        country=text(content.get("country"), 2),
        kind=text(content.get("kind"), 30) or "other",
        latitude=text(content.get("latitude"), 30),
        longitude=text(content.get("longitude"), 30),
        materials=words(content.get("materials")),
        position=position,
    )
