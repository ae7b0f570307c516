"""Reading what an organisation issued and holds, and what hangs on a battery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials.statusbook import Account, Act, Change
from lodeline_server.credentials import addresses
from lodeline_server.credentials.models import Audience, Credential, Held

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor


def issued(actor: Actor) -> QuerySet[Credential]:
    """What the actor's organisation issued, the newest first."""
    return (
        Credential.objects.filter(
            issuer__organisation_id=actor.organisation, issuer__organisation__workspace_id=actor.workspace
        )
        .prefetch_related("changes")
        .order_by("-pk")
    )


NEEDS: Final = {"DigitalProductPassport": Permission.PASSPORTS_ISSUE}
"""Kinds that hold more than everybody who signs for an organisation may read, with the permission that may."""


def openable(actor: Actor, row: Credential) -> bool:
    """Whether the actor may have a credential of its organisation itself, not only learn of it."""
    return actor.may(Permission.CREDENTIALS_ISSUE) and (row.kind not in NEEDS or actor.may(NEEDS[row.kind]))


def held(actor: Actor) -> QuerySet[Held]:
    """What it holds of others, the newest first."""
    return Held.objects.filter(
        organisation_id=actor.organisation, organisation__workspace_id=actor.workspace
    ).order_by("-pk")


def standing(row: Credential, moment: datetime) -> str:
    """good, suspended or revoked, from the changes that were read with it. The last word of its issuer by then."""
    changes = sorted(row.changes.all(), key=lambda one: one.pk)
    account = Account(tuple(Change(act=Act(one.act), at=one.at, reason=one.reason) for one in changes))
    return account.at(moment).value


def content(row: Credential | Held) -> tuple[bytes, str, str]:
    """Bytes, media type and ending of the file that a receiver gets."""
    body = bytes(row.body)
    if body[:1] == b"{":
        return body, "application/vc", "json"
    media = "application/vc+sd-jwt" if b"~" in body else "application/vc+jwt"
    return body, media, media.rpartition("+")[2]


def item(row: Credential | Held) -> Any:
    """The credential as the rest of the program takes it: an object or a token."""
    body = bytes(row.body)
    return strictjson.loads(body) if body[:1] == b"{" else body.decode()


@frozen(kw_only=True)
class Hanging:
    """One credential on a battery, with its status now and its place in the log."""

    issuer: str
    name: str
    kind: str
    identifier: str
    date: datetime
    status: str
    position: int
    sha256: str
    form: str
    row: Credential


def hanging(
    workspace: int,
    keys: Collection[str],
    audiences: Collection[str],
    speakers: Collection[str],
    moment: datetime,
) -> list[Hanging]:
    """Credentials on a battery, under any of its `keys`, that readers of `audiences` may know of, oldest first.

    Those of `speakers` (parties that had it in hand) hang there by themselves, others when its maker put them there.
    """
    if not audiences:
        return []
    rows = (
        Credential.objects.filter(
            about__key__in=list(keys),
            audience__in=list(audiences),
            issuer__organisation__workspace_id=workspace,
        )
        .select_related("issuer__organisation")
        .prefetch_related("changes", "about")
        .distinct()
        .order_by("pk")
    )
    found = []
    for row in rows:
        own = row.issuer.organisation.party in speakers
        if not own and not any(one.hung and one.key in keys for one in row.about.all()):
            continue
        found.append(
            Hanging(
                issuer=addresses.did_of(row.issuer.name),
                name=row.issuer.organisation.name,
                kind=row.kind,
                identifier=row.identifier,
                date=row.issued_at,
                status=standing(row, moment),
                position=row.position,
                sha256=row.sha256,
                form=row.form,
                row=row,
            )
        )
    return found


def hung(pk: int, workspace: int) -> Credential | None:
    """A credential of the workspace that its issuer lets be known."""
    rows = Credential.objects.filter(pk=pk, issuer__organisation__workspace_id=workspace)
    return rows.exclude(audience=Audience.PARTIES).select_related("issuer").first()
