"""A battery's passport as one credential for all readers: each closed data point is a disclosure of its own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from lodeline.access import Permission
from lodeline.credentials.kinds.parts import scheme_of
from lodeline.credentials.kinds.terms import ENVELOPE, POINTS
from lodeline.credentials.kinds.values import Party, Passport, Place, Scheme
from lodeline.passports.access import Audience, may_read
from lodeline.passports.datapoints import points
from lodeline_server.credentials.kinds import Said
from lodeline_server.credentials.naming import key as written
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit.problems import Problem
from lodeline_server.lots.credential_kinds import thing
from lodeline_server.passports import queries
from lodeline_server.passports.models import Passport as Row

if TYPE_CHECKING:
    from lodeline_server.credentials.kinds import Wanted

SUBJECT = "credentialSubject"


def closed() -> frozenset[str]:
    """Data points that some reader the law knows may not read."""
    readers = [one for one in Audience if one is not Audience.OPERATOR]
    return frozenset(
        one.id for one in points().values() if not all(may_read(reader, one) for reader in readers)
    )


def passport(wanted: Wanted) -> Said:
    """`about`: identifier of a battery of the organisation's own making, with a passport on record."""
    wanted.actor.require(Permission.PASSPORTS_ISSUE)  # it holds all data points
    workspace = wanted.organisation.workspace_id
    row = Row.objects.filter(workspace_id=workspace, key=written(wanted.about)).first()
    if row is None or row.maker != wanted.organisation.party:
        raise Problem(404, "The organisation has issued no passport for this", detail=wanted.about[:200])
    document: dict[str, Any] = queries.body(row).get("document", {})
    if not document:
        raise Problem(404, "The passport is not on record any more", detail=wanted.about[:200])
    elements = {name: value for name, value in document.items() if name in {*POINTS, *ENVELOPE}}
    number, address, name = scheme_of(row.maker)
    site = evidence.site(workspace, str(document.get("facilityId", "")))
    never = closed()
    return Said(
        values=Passport(
            thing=thing(row.key, row.model),
            maker=Party(
                id=row.maker,
                name=row.maker_name or row.maker,
                number=number,
                scheme=Scheme(id=address, name=name),
            ),
            place=Place(id=site.uri, name=site.name) if site else None,
            country=site.country if site else "",
            made=_day(document.get("dateOfManufacture")),
            elements=elements,
        ),
        hide=[(SUBJECT, one) for one in elements if one in never],
        pad={(SUBJECT,): len(never)},
    )


def _day(element: Any) -> date | None:
    try:
        return date.fromisoformat(str(element["value"])[:10])
    except (KeyError, TypeError, ValueError):
        return None
