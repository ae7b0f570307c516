"""Facility records and certificates as credentials, from the statements on record."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lodeline.credentials.contexts import is_iri
from lodeline.credentials.kinds.parts import scheme_of
from lodeline.credentials.kinds.terms import ASSESSMENTS, ASSESSORS, ATTESTATIONS
from lodeline.credentials.kinds.values import Conformity, Facility, Party, Place, Scheme
from lodeline_server.credentials.kinds import Said
from lodeline_server.evidence import queries
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from lodeline_server.credentials.kinds import Wanted
    from lodeline_server.evidence.models import Fact


def facility(wanted: Wanted) -> Said:
    """`about`: identifier of a site of the organisation's own."""
    row = queries.site(wanted.organisation.workspace_id, wanted.about)
    if row is None or row.party != wanted.organisation.party:
        raise Problem(404, "The organisation has no such site on record", detail=wanted.about[:200])
    number, address, name = scheme_of(row.uri)
    return Said(
        values=Facility(
            id=row.uri,
            name=row.name,
            number=number,
            scheme=Scheme(id=address, name=name),
            operator=_party(wanted, row.party),
            country=row.country,
            processes=(row.kind,) if row.kind else (),
            latitude=_degrees(row.latitude),
            longitude=_degrees(row.longitude),
        )
    )


def conformity(wanted: Wanted) -> Said:
    """`about`: id of a certificate's statement, or the certificate's number. Only who stated it signs it."""
    rows = queries.statements(
        wanted.organisation.workspace_id, kinds=["certificate"], issuer=wanted.organisation.party
    )
    found = [row for row in rows if wanted.about in (row.statement_id, row.content.get("number"))]
    if not found:
        raise Problem(
            404, "The organisation has stated no such certificate", detail=f"{wanted.about[:200]} of its own"
        )
    row = found[-1]
    content = row.content
    places = {one.uri: one.name for one in queries.sites(wanted.organisation.workspace_id)}
    scheme = str(content.get("scheme", ""))
    return Said(
        values=Conformity(
            id=row.statement_id,
            name=f"{scheme} {content.get('number', '')}".strip(),
            scheme=Scheme(
                id=scheme if is_iri(scheme) else f"urn:x-lodeline:scheme:{_plain(scheme)}", name=scheme
            ),
            holder=_party(wanted, row.party or row.subject),
            decided=row.issued or row.logged_at.date(),
            conforms=content.get("status") == "valid",
            assessor=_code(row, "assessorLevel", ASSESSORS, "unspecified"),
            assessment=_code(row, "assessmentLevel", ASSESSMENTS, "no-endorsement"),
            attestation=_code(row, "attestationType", ATTESTATIONS, "certification"),
            places=tuple(
                Place(id=uri, name=places.get(uri, uri)) for uri in content.get("sites", []) if is_iri(uri)
            ),
            accreditation=str(content.get("accreditation", "")),
            digest=row.document,
        ),
        until=None
        if row.valid_until is None
        else datetime.combine(row.valid_until + timedelta(days=1), time(), UTC) - timedelta(seconds=1),
    )


def _party(wanted: Wanted, uri: str) -> Party:
    row = queries.party(wanted.organisation.workspace_id, uri)
    number, address, name = scheme_of(uri)
    return Party(id=uri, name=row.name if row else uri, number=number, scheme=Scheme(id=address, name=name))


def _degrees(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


def _code(row: Fact, name: str, codes: list[str], otherwise: str) -> str:
    """A code of the statement where the vocabulary has it: other versions wrote some of them otherwise."""
    found: Any = (row.assurance or {}).get(name)
    return found if found in codes else otherwise


def _plain(text: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text.lower()) or "unnamed"
