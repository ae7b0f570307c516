"""What checking and signing need beside the document: contexts, the RDF worker, the resolver, status lists.

Each process has one of each. Nobody outside is asked but hosts that the operator named in `LODELINE_VC_HOSTS`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from lodeline import strictjson
from lodeline.credentials import resolve
from lodeline.credentials.status import Code, StatusRefused
from lodeline_server.credentials import dids, queries
from lodeline_server.credentials.pinned import VENDOR, canonize, held
from lodeline_server.kit import outbound
from lodeline_server.kit.clock import now

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.strictjson import JSON

__all__ = (
    "VENDOR", "canonize", "fetch", "held", "list_of_others", "list_text", "resolver",
)  # fmt: skip
FETCH_SECONDS = 1.5
LIST_BYTES = 4 * 1024 * 1024


def fetch(url: str, most: int) -> bytes:
    """Bytes from a host that the operator allows, else `ConnectionError`. https, no redirects, no private address."""
    host = urlsplit(url).hostname or ""
    if "*" not in settings.VC_HOSTS and host not in settings.VC_HOSTS:
        raise ConnectionError(
            f"{host or 'this'} is not among the hosts that may be asked (LODELINE_VC_HOSTS)"
        )
    try:
        answer = outbound.call(url, seconds=FETCH_SECONDS, limit=most, strangers=True)
    except outbound.Unreachable as error:
        raise ConnectionError(str(error)) from None
    if answer.status != 200:
        raise ConnectionError(f"it answers {answer.status}")
    return answer.body


@lru_cache(maxsize=1)
def resolver() -> resolve.Resolver:
    """Our own DIDs from the database, did:key by itself, others from allowed hosts."""
    return resolve.resolver(fetch, now, dids.own, dids.own_log)


def list_text(url: str, moment: datetime) -> JSON:
    """A status list as it came, its proof not verified: ours as of a moment, those of others as they are now."""
    name = queries.own_list(url)
    if name is not None:
        version = queries.list_version(name, moment) if "\x00" not in name else None
        if version is None:
            raise StatusRefused(Code.RETRIEVAL, "there was no such status list")
        return strictjson.loads(bytes(version.body))
    return list_of_others(url, moment)


def list_of_others(url: str, _moment: datetime) -> JSON:
    """A status list from an allowed host, as it is now; its proof not verified."""
    try:
        data = fetch(url, LIST_BYTES)
    except (OSError, ValueError) as error:
        raise StatusRefused(Code.RETRIEVAL, f"{url[:200]} cannot be had: {error}") from None
    if data[:1] != b"{":
        return data.decode("ascii", errors="replace").strip()
    try:
        found: Any = strictjson.loads(data)
    except ValueError as error:
        raise StatusRefused(Code.VERIFICATION, f"the status list is no JSON: {error}") from None
    return found
