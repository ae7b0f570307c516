from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Answers are kept by log position, and each test's log begins anew."""
    from lodeline_server.lots import queries
    from lodeline_server.web import balances

    for kept in (queries._picture, balances._gaps, balances._traced):
        kept.cache_clear()
