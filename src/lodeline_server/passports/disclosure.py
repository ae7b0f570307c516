"""Who is which reader of a passport's credential, and what such a reader is shown. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from lodeline.credentials import audience as readers
from lodeline.credentials.sdjwt_verify import hold
from lodeline.passports import disclosure
from lodeline.passports.access import Audience
from lodeline_server.credentials.thresholds import allowed
from lodeline_server.passports import queries
from lodeline_server.passports.models import PassportCredential, ReadGrant

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.audience import Rules
    from lodeline_server.passports.models import Passport


def rules() -> Rules:
    """Annex XIII, with the ladders of this installation's allow-list."""
    return disclosure.rules(allowed.policy(), f"{settings.PUBLIC_URL}/app/passports/")


def reader(actor: Actor, passport: Passport, now: datetime) -> Audience:
    """The law's reader behind an actor: with a grant that is not over, one with a legitimate interest."""
    found = queries.audience(actor, passport.maker)
    if found is not Audience.PUBLIC or actor.organisation is None:
        return found
    live = ReadGrant.objects.filter(
        workspace_id=passport.workspace_id,
        key=passport.key,
        to_id=actor.organisation,
        until__gt=now,
        revoked_at__isnull=True,
    )
    return Audience.LEGITIMATE_INTEREST if live.exists() else found


def current(passport: Passport) -> PassportCredential | None:
    """The credential of a passport as it stands; None when none was issued, or one of an older version."""
    rows = PassportCredential.objects.select_related("credential").filter(
        workspace_id=passport.workspace_id, key=passport.key
    )
    row = rows.order_by("-pk").first()
    return row if row is not None and row.content_hash == passport.content_hash else None


def present(row: PassportCredential, audience: Audience, only: Collection[str] | None = None) -> str:
    """What an audience is handed: the signed token with the disclosures of what it may read, and no other."""
    return readers.present(bytes(row.credential.body).decode(), rules(), audience, only)


def shown(presentation: str, audience: Audience) -> dict[str, Any]:
    """A presentation as its reader sees it: the values, and a marker for each that is not there."""
    return readers.view(hold(presentation).payload, rules(), audience)
