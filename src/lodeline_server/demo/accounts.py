"""The demonstration's workspace, organisations and people, made through the same actions as real ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from lodeline.access import Actor, Role, platform
from lodeline_server.demo.people import NAMES, PASSWORD, PEOPLE, SLUG, email, loaded
from lodeline_server.parties import actions
from lodeline_server.parties.authentication import actor_of_key
from lodeline_server.parties.models import ApiKey, Membership, Organisation, User

if TYPE_CHECKING:
    from lodeline_server.demo.world import Party, World
    from lodeline_server.parties.models import Workspace

LOADER = "demonstration loader"
# Which part a party's machine plays; who has no role in the chain captures nothing.
MACHINES = {
    "pack": Role.MAKER,
    "second_life": Role.MAKER,
    "vehicle": Role.BUYER,
    "fleet": Role.BUYER,
    "recycler": Role.RECYCLER,
    "certification_body": Role.AUDITOR,
    "laboratory": Role.AUDITOR,
}


def set_up(world: World) -> Workspace:
    """Workspace, organisations, people and their parts. What is there stays."""
    root = platform()
    start = _noon(world.month(0))
    there = loaded()
    workspace = (
        there.workspace
        if there
        else actions.create_workspace(
            actor=root, slug=SLUG, name=NAMES[world.small], now=start, demonstration=True
        )
    )
    actor = platform(workspace.pk)
    have = {row.slug: row for row in Organisation.objects.filter(workspace=workspace)}
    for party in world.parties.values():
        if party.slug not in have:
            have[party.slug] = actions.create_organisation(
                actor=actor,
                workspace=workspace,
                slug=party.slug,
                name=party.name,
                party=party.uri,
                country=party.country,
                now=start,
            )
    hashed = ""
    for role, slug, name in PEOPLE:
        user = User.objects.filter(email=email(role)).first()
        if user is None:
            user = actions.create_user(actor=actor, email=email(role), name=name)
            # One password for all, hashed once: hashing is slow on purpose.
            user.password = hashed = hashed or make_password(PASSWORD)
            user.save(update_fields=["password"])
        if not Membership.objects.filter(user=user, organisation=have[slug], role=role.value).exists():
            actions.add_membership(actor=actor, user=user, organisation=have[slug], role=role, now=start)
    return workspace


def machines(world: World, workspace: Workspace) -> dict[str, Actor]:
    """An actor for each party that captures: a key of its own, for as long as the loading takes."""
    put_away(world, workspace)
    start = _noon(world.month(0))
    actor = platform(workspace.pk)
    found: dict[str, Actor] = {}
    for organisation in Organisation.objects.filter(workspace=workspace):
        party = world.parties.get(organisation.slug)
        if party is None or not party.roles:
            continue
        _, secret = actions.create_api_key(
            actor=actor, organisation=organisation, name=LOADER, role=machine(party), now=start
        )
        acting = actor_of_key(secret, now=start)
        if acting is None:
            raise RuntimeError(f"the key just made for {organisation.slug} is not accepted")
        found[organisation.slug] = acting
    return found


def machine(party: Party) -> Role:
    return next((MACHINES[role] for role in party.roles if role in MACHINES), Role.SUPPLIER)


def put_away(world: World, workspace: Workspace) -> None:
    """Revoke the loader's keys; nobody holds their secrets any more."""
    for key in ApiKey.objects.filter(organisation__workspace=workspace, name=LOADER, revoked_at=None):
        actions.revoke_api_key(actor=platform(workspace.pk), key=key, now=_noon(world.anchor))


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
