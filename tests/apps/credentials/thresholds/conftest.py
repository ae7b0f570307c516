"""A laboratory that signs, three suppliers who own the numbers, a maker who asks: one workspace."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.apps.credentials.making import plain
from tests.conftest import NOW

from lodeline.access import platform
from lodeline_server.credentials import actions
from lodeline_server.credentials.thresholds import actions_seal


@pytest.fixture
def parties(organisation):
    """Short names to organisations; all but the maker have a key."""
    from lodeline_server.parties.models import Organisation

    made = {"lab": organisation}
    for number, slug in enumerate(("mine", "refiner", "smelter", "oem")):
        made[slug] = Organisation.objects.create(
            workspace=organisation.workspace,
            slug=slug,
            name=slug.title(),
            party=f"https://id.gs1.org/417/95210001000{number}",
            country="SE",
            created_at=NOW,
        )
    actions.add_key(
        actor=platform(organisation.workspace_id), organisation=organisation, algorithm="Ed25519", now=NOW
    )
    return SimpleNamespace(**made)


@pytest.fixture
def seal(parties, now):
    """Seal numbers {member: value or (value, member it is part of)} of an owner; the credential's id."""

    def sealed(owner, *, unit="%", identifier=None, subject="urn:example:lot:1", **members):
        numbers = []
        for member, said in members.items():
            value, whole = said if isinstance(said, tuple) else (said, None)
            numbers.append(
                actions_seal.Number(
                    path=f"/credentialSubject/{member}",
                    value=value,
                    unit=unit,
                    part_of=whole and f"/credentialSubject/{whole}",
                )
            )
        more = {"id": identifier} if identifier else {}
        made = actions_seal.seal(
            actor=platform(parties.lab.workspace_id),
            organisation=parties.lab,
            owner=owner,
            credential=plain(credentialSubject={"id": subject}, **more),
            numbers=numbers,
            now=now,
        )
        return made.issued.row.identifier

    return sealed


@pytest.fixture
def consent(parties, now):
    def at_once(owner, identifier):
        actions_seal.set_at_once(
            actor=platform(owner.workspace_id),
            organisation=owner,
            identifier=identifier,
            at_once=True,
            now=now,
        )

    return at_once


@pytest.fixture
def share(parties, seal, consent):
    """A credential of the mine with 17.3 % recycled cobalt, about which questions are answered at once."""
    identifier = seal(parties.mine, recycledShareCobalt="17.3")
    consent(parties.mine, identifier)
    return identifier


@pytest.fixture
def clock(monkeypatch, now):
    """What the edges read as the time; `clock.now = ...` moves it."""
    from lodeline_server.credentials.thresholds import api

    hand = SimpleNamespace(now=now)
    monkeypatch.setattr(api, "now", lambda: hand.now)
    return hand
