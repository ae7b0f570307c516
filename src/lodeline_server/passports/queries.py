"""Reading passports. Who reads decides which groups of data points are shown; nothing crosses a workspace's border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.access import Role
from lodeline.passports.access import Audience
from lodeline_server.log import queries as log
from lodeline_server.lots import queries as lots
from lodeline_server.lots.models import Lot
from lodeline_server.passports import gathering
from lodeline_server.passports.models import Passport

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from lodeline.access import Actor

OPERATORS = frozenset({Role.MAKER, Role.QUALITY})


def visible(actor: Actor) -> QuerySet[Passport]:
    """The passports an actor may open; for a supplier those of its own batteries."""
    rows = Passport.objects.filter(workspace_id=actor.workspace)
    return rows.filter(maker=actor.party) if actor.only_own else rows


def audience(actor: Actor, maker: str) -> Audience:
    """The law's reader behind a role.

    The maker's own people read everything of its own batteries; a regulator reads as a market surveillance authority.
    A recycler, and everybody else, reads what is public: there are no grants of a legitimate interest yet.
    """
    if actor.kind == "platform" or (actor.role in OPERATORS and actor.party and actor.party == maker):
        return Audience.OPERATOR
    return Audience.AUTHORITY if actor.role is Role.REGULATOR else Audience.PUBLIC


def waiting(actor: Actor) -> QuerySet[Lot]:
    """Batteries of a stated model that have no passport yet, of the actor's workspace."""
    rows = gathering.batteries(actor.workspace or 0)
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    issued = Passport.objects.filter(workspace_id=actor.workspace).values("key")
    return rows.exclude(key__in=issued).order_by("gtin", "key")


def battery(actor: Actor, key: str) -> Lot | None:
    """One battery of a stated model, by its key."""
    rows = gathering.batteries(actor.workspace or 0)
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    return rows.filter(key=key).first() if "\x00" not in key else None


def find(rows: QuerySet[Passport], word: str) -> list[Passport]:
    """Passports a person may mean: by identifier in any spelling, address, or serial number."""
    keys = [lot.key for lot in lots.find(Lot.objects.filter(item=True), word)]
    return list(rows.filter(key__in=keys).order_by("key")[:20])


def body(passport: Passport) -> dict[str, Any]:
    """The statement by which a passport was issued, from the log itself. Empty when it was erased."""
    statement = log.get(passport.position, passport.workspace_id)
    return {} if statement is None or statement.erased else dict(statement.payload["body"])
