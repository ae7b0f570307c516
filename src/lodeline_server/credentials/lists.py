"""Status lists of an issuer: numbers for new credentials, versions that are signed, published and kept."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials import dates, integrity, status, statusbook
from lodeline.credentials.statusbook import Account, Act, Change
from lodeline_server.credentials import addresses, keyring
from lodeline_server.credentials.models import StatusChange, StatusEntry, StatusList, StatusVersion
from lodeline_server.publishing import serving
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.credentials.models import Credential, Issuer, IssuerKey

MEDIA_TYPES = serving.OFFERS[addresses.LIST_PATH.format("")]
TTL = 60_000  # milliseconds for which a copy may be kept
TICK = timedelta(microseconds=1)


@frozen(kw_only=True)
class Signer:
    """A key, the DID that it signs for, and the method by which verifiers find it."""

    key: IssuerKey
    did: str
    method: str


def places(issuer: Issuer, by: Signer, now: datetime) -> list[tuple[StatusList, int]]:
    """A free number in a list of each purpose; a list is made when there is none with room. In a transaction."""
    found = []
    for purpose in StatusList.Purpose.values:
        newest = StatusList.objects.filter(issuer=issuer, did=by.did, purpose=purpose).order_by("-pk").first()
        index = _number(newest) if newest else None
        if newest is None or index is None:
            newest = StatusList.objects.create(
                issuer=issuer, did=by.did, name=secrets.token_hex(12), purpose=purpose, created_at=now
            )
            publish_version(newest, by, now, position=0)
            index = _number(newest)
        if index is None:
            raise AssertionError("a new list has room")
        found.append((newest, index))
    return found


def _number(kept: StatusList) -> int | None:
    rows = StatusEntry.objects.filter(status_list=kept)
    return statusbook.allocate(
        lambda index: rows.filter(index=index).exists(), rows.count(), secrets.token_bytes
    )


def entry(kept: StatusList, index: int) -> dict[str, Any]:
    """What stands in the credential."""
    return status.new_entry(addresses.list_url(kept.name), kept.purpose, index)


def account(credential: Credential) -> Account:
    """All that happened to a credential, from its rows."""
    return Account(tuple(map(_change, credential.changes.order_by("pk"))))


def _change(row: StatusChange) -> Change:
    return Change(act=Act(row.act), at=row.at, reason=row.reason)


def _accounts(kept: StatusList) -> list[tuple[int, Account]]:
    """Number and account of each credential of the list to which anything happened, in two queries."""
    rows = StatusChange.objects.filter(credential__entries__status_list=kept).order_by("pk")
    changes: dict[int, list[Change]] = defaultdict(list)
    for row in rows:
        changes[row.credential_id].append(_change(row))
    indexes = StatusEntry.objects.filter(status_list=kept, credential__changes__isnull=False).distinct()
    return [(one.index, Account(tuple(changes[one.credential_id]))) for one in indexes]


def publish_version(kept: StatusList, by: Signer, now: datetime, *, position: int) -> StatusVersion | None:
    """Sign and publish the list as it is at `now`; None when nothing changed. In the transaction of the change."""
    last = StatusVersion.objects.filter(status_list=kept).order_by("-number").first()
    if last is not None:
        # Whoever waited for the lock may have read the clock before the one it waited for.
        now = max(now, last.at + TICK)
    bits = statusbook.packed(kept.purpose, _accounts(kept), now)
    before = [statusbook.Version(number=last.number, at=last.at, bits=_bits(last))] if last else []
    following = statusbook.publish(before, bits, purpose=kept.purpose, at=now)
    if following is None:
        return None
    url = addresses.list_url(kept.name)
    plain = status.new_list(
        url=url,
        issuer=by.did,
        purpose=kept.purpose,
        bits=bits,
        since=dates.write(now),
        ttl=TTL,
    )
    body = strictjson.canonical(integrity.add(plain, keyring.opened(by.key), by.method, created=now))
    row = StatusVersion.objects.create(status_list=kept, number=following.number, at=now, body=body)
    path = addresses.LIST_PATH.format(kept.name)
    publish(key=path, forms=dict.fromkeys(MEDIA_TYPES, body), kind="status-list", position=position, now=now)
    return row


def _bits(version: StatusVersion) -> bytes:
    return status.decode(strictjson.loads(bytes(version.body))["credentialSubject"]["encodedList"])
