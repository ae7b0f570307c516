"""Reading issuers, keys, credentials and status lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from lodeline_server.credentials import addresses
from lodeline_server.credentials.models import (
    BatteryDid,
    Credential,
    DidEntry,
    Home,
    Issuer,
    IssuerKey,
    StatusVersion,
)

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
    rows = rows.exclude(sealed=b"")  # taken away when it was rotated
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


def own_list(url: str) -> str | None:
    """The name of a status list of ours, at this address or at one of before."""
    name = addresses.list_name(url)
    if name is None:
        place, old = addresses.list_place(url)
        name = old if old and place in homes() else None
    return name


def issuer_named(name: str) -> Issuer | None:
    return Issuer.objects.select_related("organisation").filter(name=name).first()


def newest_entry(issuer: Issuer) -> DidEntry | None:
    """The newest entry of the issuer's history."""
    return DidEntry.objects.filter(issuer=issuer).order_by("-number").first()


def history(issuer: Issuer) -> bytes:
    """The issuer's did:webvh log as it is served."""
    lines = DidEntry.objects.filter(issuer=issuer).order_by("number").values_list("line", flat=True)
    return b"".join(map(bytes, lines))


def history_of(name: str, start: str) -> bytes | None:
    """The log of the issuer of that name, if its DIDs start so."""
    rows = DidEntry.objects.filter(issuer__name=name).order_by("number").values_list("did", "line")
    found = list(rows)
    return b"".join(bytes(line) for _, line in found) if found and found[0][0].startswith(start) else None


def homes() -> list[str]:
    """All that ever stood as host and path in our DIDs."""
    return list(Home.objects.order_by("pk").values_list("home", flat=True))


def home() -> str | None:
    """What stands there now; None before the first DID was made."""
    return Home.objects.filter(until__isnull=True).values_list("home", flat=True).first()


def battery(gtin: str, serial_part: str) -> BatteryDid | None:
    return (
        BatteryDid.objects.select_related("issuer").filter(gtin=gtin, serial_part=serial_part[:300]).first()
    )
