from __future__ import annotations

from datetime import timedelta

import pytest
from tests.apps.log.anchoring.authority import Served

from lodeline.access import platform
from lodeline_server.log import notebook
from lodeline_server.log.anchoring import actions, targets
from lodeline_server.log.books import AUDIT, MAIN

PLATFORM = platform()


@pytest.fixture(autouse=True)
def _no_old_files():
    """The data folder is shared by all tests."""

    def clear():
        targets.file().unlink(missing_ok=True)
        for book in (MAIN, AUDIT):
            notebook.file(book).unlink(missing_ok=True)

    clear()
    yield
    clear()


@pytest.fixture
def authority(now):
    """Answers with the time of the tests, five seconds on."""
    with Served() as served:
        served.time = lambda: now + timedelta(seconds=5)
        yield served


@pytest.fixture
def named(tmp_path):
    """Name a place for anchors, in the data folder's file."""

    def add(kind, name="one", **settings):
        row = {"name": name, "kind": kind, **settings}
        targets.add(targets.checked(row, targets.file().parent))

    return add


@pytest.fixture
def stamped(named, authority, tmp_path):
    """The authority is named: `one`, main book."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.authority.pem)
    named("rfc3161", url=authority.url, roots=str(roots), books=["main"])
    return authority


def queue(now, **words):
    return actions.queue(actor=PLATFORM, now=now, **words)


def work(now, **words):
    return actions.work(actor=PLATFORM, now=now, **words)
