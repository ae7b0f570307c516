"""One engine of data frames for all tests of a process."""

from __future__ import annotations

import pytest

from lodeline.lots import frames


@pytest.fixture(scope="session")
def spark():
    with frames.session() as found:
        yield found
