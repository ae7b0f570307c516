"""DID documents of issuers and batteries, made of their rows, and our own DIDs as the resolver asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.conf import settings

from lodeline.credentials import did
from lodeline_server.credentials import addresses, keyring, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline_server.credentials.models import BatteryDid, Issuer

PASSPORT, CREDENTIALS = "DigitalProductPassport", "CredentialList"


def listed(issuer: Issuer, moment: datetime | None = None) -> list[did.Published]:
    """All keys that were there at `moment`, retired ones with their end."""
    rows = issuer.keys.order_by("pk")
    if moment is not None:
        rows = rows.filter(valid_from__lte=moment)
    return [
        did.Published(row.name, keyring.public(row), tuple(row.purposes), row.revoked_at, row.valid_until)
        for row in rows
    ]


def document(issuer: Issuer, moment: datetime | None = None, at: str | None = None) -> dict[str, Any]:
    """The issuer's did:web document; `at` is a home of before, where the same keys are found under the old name."""
    own = addresses.did_of(issuer.name, at)
    newest = queries.newest_entry(issuer)
    others = [addresses.did_of(issuer.name), newest.did if newest else own, issuer.organisation.party]
    aliases = [other for other in dict.fromkeys(others) if other != own]
    return did.document(own, listed(issuer, moment), also_known_as=aliases)


def state(
    issuer: Issuer, identifier: str, before: Sequence[tuple[str, str]], moment: datetime
) -> dict[str, Any]:
    """The document of an issuer's did:webvh. `before`: what it was called, and where it was then."""
    names = [addresses.did_of(issuer.name)]
    for old, home in before:
        names += [old, addresses.did_of(issuer.name, home)]
    names.append(issuer.organisation.party)
    aliases = [name for name in dict.fromkeys(names) if name != identifier]
    return did.document(identifier, listed(issuer, moment), also_known_as=aliases)


def of_battery(row: BatteryDid, at: str | None = None) -> dict[str, Any]:
    """A battery has no keys of its own: its economic operator speaks for it. It says where its passport is."""
    own = addresses.battery_of(row.gtin, row.serial_part, at)
    now = addresses.battery_of(row.gtin, row.serial_part)
    passport = f"{settings.PUBLIC_URL}/01/{row.gtin}/21/{quote(row.serial, safe='')}"
    credentials = f"{settings.PUBLIC_URL}/batteries/{row.gtin}/{row.serial_part}/credentials.json"
    return did.document(
        own,
        [],
        also_known_as=[name for name in (now, row.item) if name != own],
        services=[
            {"id": f"{own}#passport", "type": PASSPORT, "serviceEndpoint": passport},
            {"id": f"{own}#credentials", "type": CREDENTIALS, "serviceEndpoint": credentials},
        ],
        controller=addresses.did_of(row.issuer.name) if row.issuer else None,
    )


def own(identifier: str, moment: datetime | None) -> dict[str, Any] | None:
    """Our own did:web from the database; also what they were called before this installation moved."""
    found = addresses.read(identifier)
    if found is None or found.scid:
        return None
    if found.home != addresses.home() and found.home not in queries.homes():
        return None
    if found.name:
        issuer = queries.issuer_named(found.name)
        return document(issuer, moment, found.home) if issuer else None
    battery = queries.battery(found.gtin, found.serial)
    return of_battery(battery, found.home) if battery else None


def own_log(identifier: str) -> bytes | None:
    """The log of a did:webvh of ours, whichever of its names it is asked by."""
    found = addresses.read(identifier)
    if found is None or not found.scid:
        return None
    return queries.history_of(found.name, f"did:webvh:{found.scid}:")
