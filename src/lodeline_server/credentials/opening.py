"""The VC-API without a token, for conformance suites on the same machine: `LODELINE_VC_OPEN=1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from lodeline.access import Actor, Permission, Role
from lodeline_server.credentials import addresses
from lodeline_server.credentials.models import Issuer

if TYPE_CHECKING:
    from django.http import HttpRequest

# Present when somebody else's request was passed on, or when a web page sent it.
PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "Origin", "Sec-Fetch-Site", "Authorization")


def opened(request: HttpRequest) -> Actor | None:
    """Whoever asks from this machine acts for the oldest issuer. None unless setting, address and caller are local."""
    near = request.META.get("REMOTE_ADDR") in addresses.LOOPBACK
    if not (settings.VC_OPEN and near and addresses.on_loopback()):
        return None
    if any(name in request.headers for name in PASSED_ON):
        return None
    issuer = Issuer.objects.select_related("organisation").filter(keys__isnull=False).order_by("pk").first()
    if issuer is None:
        return None
    organisation = issuer.organisation
    request.actor = Actor(  # type: ignore[attr-defined]  # the audit trail knows it
        kind="key",
        id="open:loopback",
        name="VC-API without a token",
        workspace=organisation.workspace_id,
        organisation=organisation.pk,
        party=organisation.party,
        role=Role.MAKER,
        scopes=frozenset({Permission.CREDENTIALS_ISSUE, Permission.CREDENTIALS_VERIFY}),
    )
    return request.actor  # type: ignore[attr-defined,no-any-return]
