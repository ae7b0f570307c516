from __future__ import annotations

import shutil

import pytest

from lodeline_server.log import files, notebook, projections
from lodeline_server.log.books import BOOKS


@pytest.fixture
def registered(monkeypatch):
    """Only the projections of the test are registered."""
    found = {}
    monkeypatch.setattr(projections, "_registered", found)
    return lambda *seen: found.update({one.name: one for one in seen})


@pytest.fixture(autouse=True)
def _no_old_checkpoint():
    """The data folder is shared by all tests; a checkpoint of an earlier test's database is no finding."""
    notebook.file().unlink(missing_ok=True)
    for book in BOOKS.values():
        shutil.rmtree(files.folder(book), ignore_errors=True)
