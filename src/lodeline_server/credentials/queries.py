"""Reading issuers, keys, credentials and status lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from lodeline_server.credentials.models import Credential, Issuer, IssuerKey, StatusVersion

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet


def issuer_of(organisation: int) -> Issuer | None:
    rows = Issuer.objects.select_related("organisation__workspace")
    return rows.filter(organisation_id=organisation).first()


def usable_keys(issuer: Issuer, moment: datetime) -> QuerySet[IssuerKey]:
    """Keys that may sign at a moment, the newest first."""
    rows = IssuerKey.objects.select_related("issuer__organisation").filter(
        issuer=issuer, valid_from__lte=moment, revoked_at__isnull=True
    )
    return rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=moment)).order_by("-pk")


def credential(issuer: Issuer, identifier: str) -> Credential | None:
    if "\x00" in identifier:
        return None
    return Credential.objects.filter(issuer=issuer, identifier=identifier).first()


def on_record(sha256: str) -> Credential | None:
    """The credential with exactly these bytes, whoever issued it."""
    return Credential.objects.select_related("issuer").filter(sha256=sha256).order_by("pk").first()


def list_version(name: str, at: datetime | None = None) -> StatusVersion | None:
    """The version of a status list that was out at a moment, else the newest."""
    rows = StatusVersion.objects.filter(status_list__name=name)
    if at is not None:
        rows = rows.filter(at__lte=at)
    return rows.order_by("-number").first()
