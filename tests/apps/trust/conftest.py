from __future__ import annotations

import pytest
from tests.apps.evidence.telling import NOW
from tests.apps.trust import chain

from lodeline.access import platform
from lodeline_server.trust import actions


@pytest.fixture
def told(workspace):
    """The small chain on record."""
    chain.world(workspace.pk)
    return workspace


@pytest.fixture
def scored(told):
    """Everybody's score, by party."""
    rows = actions.score_all(actor=platform(), workspace=told.pk, now=NOW)
    return {row.party: row for row in rows}


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    """Pages ask the clock; the story is of this day."""
    for module in ("lodeline_server.trust.pages", "lodeline_server.evidence.pages"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW)
