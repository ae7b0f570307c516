"""Identity and membership: what is on record about organisations and the people who act for them."""

from __future__ import annotations

from datetime import UTC

from lodeline.credentials import did
from lodeline.credentials.kinds.parts import scheme_of
from lodeline.credentials.kinds.values import Identity, Membership, Party, Scheme
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, queries
from lodeline_server.credentials.kinds import Said, Wanted
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import Membership as Member
from lodeline_server.parties.models import Organisation


def party(organisation: Organisation) -> Party:
    """An organisation as credentials name it."""
    number, address, name = scheme_of(organisation.party)
    return Party(
        id=organisation.party,
        name=organisation.name,
        number=number,
        scheme=Scheme(id=address, name=name),
    )


def identity(wanted: Wanted) -> Said:
    """`about`: short name of an organisation of the workspace; without one, the issuer itself."""
    rows = Organisation.objects.select_related("workspace").filter(
        workspace_id=wanted.organisation.workspace_id
    )
    found = rows.filter(slug=wanted.about).first() if wanted.about else wanted.organisation
    holder = queries.issuer_of(found.pk) if found else None
    if found is None or holder is None:
        raise Problem(404, "There is no such organisation with a DID", detail=wanted.about[:80])
    registered = party(found)
    if registered.scheme is None:
        raise Problem(404, "The organisation has no registered number", detail=found.slug)
    return Said(
        values=Identity(
            did=next(iter(acting.names_of(holder))),
            name=found.name,
            number=registered.number,
            since=found.created_at.astimezone(UTC).date(),
            scheme=registered.scheme,
            registrar=party(wanted.organisation),
        )
    )


def membership(wanted: Wanted) -> Said:
    """`about`: e-mail of somebody who acts for the organisation; choices `role`, and `did` of the person's own key.

    The role must be on record. Only name and role are said, never the e-mail.
    """
    identifier = wanted.choices.get("did", "")
    try:
        did.parse(identifier)
    except CredentialRefused:
        raise CredentialRefused("subject", "--did names the DID that the person's key has") from None
    rows = Member.objects.select_related("user").filter(
        organisation=wanted.organisation, user__email=wanted.about.lower(), user__is_active=True
    )
    if "role" in wanted.choices:
        rows = rows.filter(role=wanted.choices["role"][:20])
    found = list(rows.order_by("pk")[:2])
    if len(found) != 1:
        said = "Somebody has several roles: name one" if found else "Nobody on record has this role here"
        raise Problem(404, said, detail=wanted.choices.get("role", "")[:40])
    row = found[0]
    return Said(
        values=Membership(
            did=identifier,
            name=row.user.name or "member",
            organisation=party(wanted.organisation),
            role=row.role,
            since=row.created_at.astimezone(UTC).date(),
        )
    )
