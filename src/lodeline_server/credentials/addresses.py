"""Where issuers and their status lists are found: DIDs and addresses from the installation's public address.

did:web and status lists are https by definition, so both are written with https even where a trial runs on http. An
address in place of a host name cannot stand in a DID; a loopback address is called localhost there.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from lodeline.credentials import did_web

LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
DID_PATH: Final = "/orgs/{}/did.json"
LIST_PATH: Final = "/credentials/status/{}"


def did_of(name: str) -> str:
    """The DID of the issuer of that name."""
    public = urlsplit(settings.PUBLIC_URL)
    host = public.hostname or "localhost"
    before = [part for part in public.path.split("/") if part]
    return did_web.did("localhost" if host in LOOPBACK else host, [*before, "orgs", name], public.port)


def name_of(did: str) -> str | None:
    """The inverse of `did_of`; None for DIDs of others."""
    name = did.rpartition(":")[2]
    return name if name.replace("-", "").replace("_", "").isalnum() and did == did_of(name) else None


def list_url(name: str) -> str:
    """What stands in credentials as the address of a status list."""
    return (
        f"https://{urlsplit(settings.PUBLIC_URL)._replace(scheme='').geturl().lstrip('/')}"
        + LIST_PATH.format(name)
    )


def list_name(url: str) -> str | None:
    """The inverse of `list_url`; None for lists of others."""
    start = list_url("")
    return url.removeprefix(start) if url.startswith(start) else None


def on_loopback() -> bool:
    """Whether this installation is for this machine alone."""
    return urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK
