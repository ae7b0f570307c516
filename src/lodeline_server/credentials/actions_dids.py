"""The only writers of batteries' DIDs, and of the address that stands in all DIDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from django.db import transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline_server.credentials import acting, actions_keys, addresses, dids, histories, queries
from lodeline_server.credentials.models import BatteryDid, Home, Issuer
from lodeline_server.parties.models import Organisation
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor

log = structlog.get_logger(__name__)
CHUNK = 200
"""Batteries per transaction of a move."""


@frozen(kw_only=True)
class Battery:
    """A battery whose passport is published; `operator` is its economic operator's identifier."""

    gtin: str
    serial: str
    item: str
    operator: str
    position: int


@frozen(kw_only=True)
class Moved:
    """What a move did. `old` is None when nothing was there to be moved."""

    old: str | None
    new: str
    issuers: int
    batteries: int


def make_batteries(*, actor: Actor, workspace: int, batteries: Sequence[Battery], now: datetime) -> int:
    """Give those batteries a DID that have none; the number of new ones. In the transaction of their passports.

    None while the address is not the one in our DIDs, or no name at all: passports go on, and their next issue
    after the move makes up.
    """
    actor.require(Permission.PASSPORTS_ISSUE)
    there = BatteryDid.objects.filter(gtin__in={one.gtin for one in batteries}).values_list("gtin", "serial")
    known = set(there.filter(serial__in=[one.serial for one in batteries]))
    fresh = {(one.gtin, one.serial): one for one in batteries if (one.gtin, one.serial) not in known}
    if not fresh:
        return 0
    if not usable():
        log.warning("no DIDs for batteries at this address", known=queries.home(), now=addresses.home())
        return 0
    with transaction.atomic():
        actions_keys.enter_home(now)
        parties = {one.operator for one in fresh.values()}
        rows = Organisation.objects.select_related("workspace").filter(workspace=workspace, party__in=parties)
        operators = {one.party: actions_keys.reserve(one, now) for one in rows}
        made = BatteryDid.objects.bulk_create(
            [
                BatteryDid(
                    issuer=operators.get(one.operator),
                    gtin=one.gtin,
                    serial=one.serial,
                    serial_part=addresses.serial_part(one.serial),
                    item=one.item,
                    created_at=now,
                    position=one.position,
                )
                for one in fresh.values()
            ]
        )
        for row in made:
            _publish(row, now)
    return len(made)


def usable() -> bool:
    """Whether DIDs can be made: the installation has a name, and it is the one in our DIDs."""
    return bool(addresses.home()) and queries.home() in {None, addresses.home()}


def follow_trial(*, actor: Actor, now: datetime) -> None:
    """A trial that starts on another port moves by itself: nobody outside its machine knows its names."""
    known = queries.home()
    if known is not None and addresses.on_trial(known) and addresses.on_trial(addresses.home()):
        move(actor=actor, now=now)


def move(*, actor: Actor, now: datetime) -> Moved:
    """Enter the present public address into all DIDs: one more entry in each history, all documents anew.

    What was stopped half-way goes on when it is called again.
    """
    actor.require(Permission.OPERATE)
    old, new = queries.home(), addresses.home()
    if not new:
        acting.settled()  # says why
    if old in {None, new}:
        return Moved(old=None, new=new, issuers=0, batteries=0)
    issuers = batteries = 0
    for issuer in Issuer.objects.select_related("organisation__workspace").order_by("pk"):
        with transaction.atomic():
            acting.lock(issuer)
            newest = queries.newest_entry(issuer)
            if newest is None or newest.home == new:
                continue
            at = histories.next_time(issuer, now)
            body = {"change": "moved", "from": newest.home, "to": new}
            position = acting.record(actor, issuer, "credential.did", body, now)
            histories.write(issuer, f"moved from {newest.home}"[:200], at=at, position=position)
            acting.told(actor, issuer, "did.moved", now)
            issuers += 1
    last = 0
    while rows := list(
        BatteryDid.objects.select_related("issuer").filter(pk__gt=last).order_by("pk")[:CHUNK]
    ):
        with transaction.atomic():
            for row in rows:
                _publish(row, now)
        batteries += len(rows)
        last = rows[-1].pk
    with transaction.atomic():
        Home.objects.filter(until__isnull=True).update(until=now)
        Home.objects.update_or_create(home=new, defaults={"until": None}, create_defaults={"since": now})
    log.info("DIDs moved", by=actor.id, old=old, new=new, issuers=issuers, batteries=batteries)
    return Moved(old=old, new=new, issuers=issuers, batteries=batteries)


def _publish(row: BatteryDid, now: datetime) -> None:
    publish(
        key=addresses.BATTERY_PATH.format(row.gtin, row.serial_part),
        forms={histories.DOCUMENT: strictjson.canonical(dids.of_battery(row))},
        kind="did",
        position=row.position,
        now=now,
    )
