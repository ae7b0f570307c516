"""The call to a subscriber: where it may go, how it is signed, what counts as taken.

`GS1-Signature` holds the HMAC-SHA-256 (RFC 2104) over the bytes of the body, as lower-case hex; the key is the
client's signature token in UTF-8. GS1 leaves the choice of the signature open.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen
from django.conf import settings

from lodeline import sealing
from lodeline_server.kit import outbound
from lodeline_server.log import vault

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

SIGNATURE: Final = "GS1-Signature"
SECONDS: Final = 10.0
ANSWER: Final = 64 * 1024
LONGEST: Final = 2_000
LONGEST_TOKEN: Final = 500
INSIDE: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
GOOD, MORE, GONE = 200, 300, 410


class DestinationRefused(ValueError):  # noqa: N818 - said to the client
    """This address is not called."""


@frozen(kw_only=True)
class Told:
    """How a call ended. `gone`: the other side said that it never wants another one."""

    ok: bool
    error: str = ""
    gone: bool = False


def check(dest: str) -> None:
    """Raises `DestinationRefused` unless the address may be called: https and public, or allowed by the operator.

    Names are looked up only when a call is made, and what they lead to is looked at then.
    """
    if len(dest) > LONGEST or not dest.isascii() or not dest.isprintable() or " " in dest:
        raise DestinationRefused(f"at most {LONGEST} characters of ASCII, without blanks")
    try:
        parts = urlsplit(dest)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise DestinationRefused(f"no address: {error}") from None
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise DestinationRefused("an address is https://host[:port]/path")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise DestinationRefused("an address has no user, password or fragment: use a signature token")
    if _allowed(dest):
        return
    if parts.scheme != "https":
        raise DestinationRefused("only https is called (LODELINE_WEBHOOK_HOSTS names exceptions)")
    if (
        host == "localhost"
        or host.endswith(INSIDE)
        or ("." not in host and ":" not in host)
        or _private(host)
    ):
        raise DestinationRefused("this is not a public address (LODELINE_WEBHOOK_HOSTS names exceptions)")


def _private(host: str) -> bool:
    """True for numbers that are not of the public net, also in the spellings that a resolver understands."""
    try:
        place = ipaddress.ip_address(host)
    except ValueError:
        last = host.rsplit(".", 1)[-1]
        return last.isdigit() or last.startswith("0x")
    inner = getattr(place, "ipv4_mapped", None) or place
    return not inner.is_global or inner.is_multicast or inner.is_reserved


def _allowed(dest: str) -> bool:
    """Hosts inside that the operator named: `host`, or `host:port`."""
    parts = urlsplit(dest)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return bool({host, f"{host}:{port}"} & settings.WEBHOOK_HOSTS)


def signature(token: str, body: bytes) -> str:
    """What `GS1-Signature` holds."""
    return hmac.digest(token.encode(), body, hashlib.sha256).hex()


def call(dest: str, body: bytes, token: str | None, media_type: str = "application/json") -> Told:
    """POST `body`. Any 2xx within 10 s is a yes; redirects are not followed."""
    headers = {"Content-Type": media_type}
    if token is not None:
        headers[SIGNATURE] = signature(token, body)
    try:
        check(dest)  # the operator's list may have changed
        answer = outbound.call(
            dest,
            body=body,
            headers=headers,
            seconds=SECONDS,
            limit=ANSWER,
            strangers=not _allowed(dest),
            with_query=True,
        )
    except (outbound.Unreachable, ValueError) as error:
        return Told(ok=False, error=str(error)[:300])
    if GOOD <= answer.status < MORE:
        return Told(ok=True)
    return Told(ok=False, error=f"it answers {answer.status}", gone=answer.status == GONE)


def seal(token: str, workspace: int, uuid: UUID, now: datetime) -> tuple[bytes, int]:
    """The token for its row, and the version of the workspace's key that seals it."""
    owner = vault.tenant(workspace, now=now)
    sealed = sealing.seal(owner.key, token.encode(), aad=_place(uuid), random=secrets.token_bytes)
    return sealed, owner.version


def unseal(sealed: bytes, workspace: int, uuid: UUID, version: int) -> str:
    """Raises `sealing.Unreadable`."""
    owner = vault.Keyring()[workspace, version]
    return sealing.unseal(owner.key, sealed, aad=_place(uuid)).decode()


def _place(uuid: UUID) -> bytes:
    return sealing.place("events_subscription", str(uuid), "sealed")
