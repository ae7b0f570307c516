"""The credentials that hang on a battery: the words of its supply chain, with status and receipt, by audience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import F

from lodeline.access import Permission
from lodeline.credentials import dates
from lodeline.log.checkpoint import to_base64
from lodeline.passports.access import Audience
from lodeline_server.credentials import actions as credentials
from lodeline_server.credentials import addresses, queries_wallet
from lodeline_server.kit.problems import Problem
from lodeline_server.log import proofs
from lodeline_server.lots.models import Touch
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.credentials.models import About
    from lodeline_server.credentials.queries_wallet import Hanging
    from lodeline_server.passports.models import Passport

MOST: Final = 200
_LEGITIMATE, _AUTHORITY = Audience.LEGITIMATE_INTEREST.value, Audience.AUTHORITY.value
READERS: Final[dict[Audience, frozenset[str]]] = {
    Audience.PUBLIC: frozenset({"public"}),
    Audience.LEGITIMATE_INTEREST: frozenset({"public", _LEGITIMATE}),
    Audience.NOTIFIED_BODY: frozenset({"public", _AUTHORITY}),
    Audience.AUTHORITY: frozenset({"public", _AUTHORITY}),
    Audience.COMMISSION: frozenset({"public", _AUTHORITY}),
    Audience.OPERATOR: frozenset({"public", _LEGITIMATE, _AUTHORITY}),
}
"""Reader to the audiences whose credentials it may know of. As for data points: neither ladder nor sum."""


def names(passport: Passport) -> tuple[str, ...]:
    """What credentials may call the battery."""
    part = addresses.serial_part(passport.serial)
    return passport.key, addresses.battery_of(passport.gtin, part)


def speakers(passport: Passport) -> frozenset[str]:
    """Parties that made the battery or had it in hand."""
    rows = Touch.objects.filter(workspace_id=passport.workspace_id, key=passport.key, void=False)
    told = rows.values_list(F("party"), F("captured_by")).distinct()
    return frozenset({passport.maker, *(one for pair in told for one in pair)} - {""})


def hanging(passport: Passport, audience: Audience, moment: datetime) -> list[Hanging]:
    """What hangs on a battery for a reader, oldest first; at most `MOST`."""
    found = queries_wallet.hanging(
        passport.workspace_id, names(passport), READERS[audience], speakers(passport), moment
    )
    return found[-MOST:]


def document(passport: Passport, moment: datetime) -> dict[str, Any]:
    """The public list as data. Each receipt leads into the newest signed state of the log."""
    return {
        "battery": passport.key,
        "did": names(passport)[1],
        "asOf": dates.write(moment),
        "credentials": [
            {
                "issuer": one.issuer,
                "issuerName": one.name,
                "type": one.kind,
                "id": one.identifier,
                "issued": dates.write(one.date),
                "status": one.status,
                "form": one.form,
                "sha256": one.sha256,
                "receipt": receipt(one.position),
            }
            for one in hanging(passport, Audience.PUBLIC, moment)
        ],
    }


def receipt(position: int) -> dict[str, Any]:
    """The way of a statement into the log's newest signed tree; the position alone before there is one."""
    try:
        found = proofs.inclusion(position)
    except Problem as problem:
        if problem.status != 404:
            raise
        return {"position": position}
    return {
        "position": position,
        "leafHash": found.leaf_hash.hex(),
        "treeSize": found.size,
        "inclusion": [to_base64(one) for one in found.path],
        "checkpoint": found.note,
    }


def hang(*, actor: Actor, passport: Passport, number: int, now: datetime) -> About:
    """Put a credential of the workspace on one's own battery: the word about a lot that went into it.

    `Problem` 403 for another maker's battery, 404 for a credential that its issuer lets nobody know of.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    home = Organisation.objects.filter(
        workspace_id=passport.workspace_id, party=passport.maker, pk=actor.organisation
    ).first()
    if home is None:
        raise Problem(403, "Only the maker of a battery puts credentials on it")
    row = queries_wallet.hung(number, passport.workspace_id)
    if row is None:
        raise Problem(404, "There is no such credential that may be known", detail=str(number))
    return credentials.hang(actor=actor, organisation=home, key=passport.key, credential=row, now=now)
