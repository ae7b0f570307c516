"""The only writer of grants: an owner lets another organisation use the opening of a number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from lodeline.access import Permission
from lodeline.credentials.thresholds.statement import ThresholdRefused
from lodeline_server.credentials import acting as issuing
from lodeline_server.credentials.thresholds import allowed, queries
from lodeline_server.credentials.thresholds.acting import record, told
from lodeline_server.credentials.thresholds.models import CommittedNumber, OpeningGrant
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.parties.models import Organisation

LONGEST: Final = timedelta(days=366)
MOST: Final = 50


def grant(
    *,
    actor: Actor,
    organisation: Organisation,
    credential: str,
    to: str,
    claims: Sequence[str],
    until: datetime,
    now: datetime,
) -> list[OpeningGrant]:
    """Let `to` use the openings of all own numbers in a credential, for these claims, until then.

    Who puts a sum together learns the openings it uses, as far as it computes on a machine of its own; here they are
    unsealed for the proof only, and not shown.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    issuing.own(actor, organisation)
    if not now < until <= now + LONGEST:
        raise Problem(422, "A grant ends in the future, within a year")
    if not 1 <= len(claims) <= MOST:
        raise Problem(422, "A grant is for named claims of the allow-list")
    for name in claims:
        try:
            allowed.policy().claim(name)
        except ThresholdRefused as refused:
            raise Problem(422, "A grant is for named claims of the allow-list", detail=str(refused)) from None
    receiver = queries.organisation(organisation.workspace_id, to)
    if receiver is None or receiver.pk == organisation.pk:
        raise Problem(422, "There is no such other organisation", detail=to[:200])
    numbers = CommittedNumber.objects.filter(owner=organisation)
    numbers = (
        numbers.filter(credential__identifier=credential) if "\x00" not in credential else numbers.none()
    )
    if not numbers.exists():
        raise Problem(404, "You have no sealed number in such a credential", detail=credential[:200])
    with transaction.atomic():
        said = {
            "credential": credential,
            "to": receiver.party,
            "claims": list(claims),
            "until": until.isoformat(),
        }
        position = record(actor, organisation, "threshold.grant", said, now)
        rows = [
            OpeningGrant.objects.create(
                number=number,
                to=receiver,
                claims=list(claims),
                until=until,
                granted_at=now,
                position=position,
            )
            for number in numbers.order_by("pk")
        ]
        told(
            actor, organisation, "threshold.granted", now, kind=audit.Kind.GRANT, to=receiver.pk, until=until
        )
    return rows


def revoke(*, actor: Actor, organisation: Organisation, grant: int, now: datetime) -> OpeningGrant:
    """End a grant. What was proven under it stays proven. Twice keeps the first instant."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    issuing.own(actor, organisation)
    with transaction.atomic():
        row = (
            OpeningGrant.objects.select_for_update(of=("self",))
            .select_related("number__credential", "to")
            .filter(pk=grant, number__owner=organisation)
            .first()
        )
        if row is None:
            raise Problem(404, "There is no such grant")
        if row.revoked_at is None:
            said = {"credential": row.number.credential.identifier, "to": row.to.party, "grant": row.position}
            record(actor, organisation, "threshold.grant-ended", said, now)
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            told(actor, organisation, "threshold.grant-ended", now, kind=audit.Kind.REVOKE, grant=row.pk)
    return row
