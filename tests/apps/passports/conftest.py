from __future__ import annotations

import pytest
from tests.apps.passports.telling import MAKER, about, chain, pack, tell

from lodeline.access import platform


@pytest.fixture
def ground(workspace, organisation):
    """A workspace whose organisation made three batteries. The organisation is the maker."""
    assert organisation.party == MAKER
    batteries = [(pack(f"A{n}"), about(f"A{n}", {"51": "219.7", "61": "97.31"})) for n in (1, 2, 3)]
    tell(workspace.pk, *chain(), *(one for pair in batteries for one in pair))
    return workspace


@pytest.fixture
def issued(ground, now):
    from lodeline_server.passports.actions import issue_all

    done = issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now)
    assert (len(done.issued), done.unchanged, done.skipped) == (3, [], [])
    return ground
