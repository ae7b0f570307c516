"""The only writer of the status of credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from lodeline.access import Permission
from lodeline.credentials.statusbook import Change
from lodeline_server.credentials import acting, lists, queries
from lodeline_server.credentials.models import Credential, StatusChange, StatusList
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.statusbook import Act
    from lodeline_server.parties.models import Organisation


def set_status(
    *, actor: Actor, organisation: Organisation, identifier: str, act: Act, now: datetime, reason: str = ""
) -> Credential:
    """Suspend, reinstate or revoke. The same again changes nothing; nothing follows a revocation.

    Raises `StatusRefused`; `Problem` 404 for a credential that the organisation did not issue with a status.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    issuer = queries.issuer_of(organisation.pk)
    row = queries.credential(issuer, identifier) if issuer else None
    if issuer is None or row is None or not row.entries.exists():
        raise Problem(404, "There is no such credential", detail=identifier[:200])
    with transaction.atomic():
        acting.lock(issuer)
        before = lists.account(row)
        after = before.after(Change(act=act, at=now, reason=reason))
        if after == before:
            return row
        touched = StatusList.objects.select_related("issuer__organisation").filter(entries__credential=row)
        keepers = [(kept, acting.signer(issuer, Credential.Form.JCS, kept.did, now)) for kept in touched]
        body = {"credential": row.identifier, "act": act.value, "reason": reason[:300]}
        position = acting.record(actor, issuer, "credential.status", body, now)
        StatusChange.objects.create(
            credential=row, act=act.value, at=now, reason=reason[:300], position=position
        )
        for kept, keeper in keepers:
            lists.publish_version(kept, keeper, now, position=position)
        acting.told(actor, issuer, f"credential.{act.value}", now, credential=row.pk)
    return row
