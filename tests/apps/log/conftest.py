from __future__ import annotations

import shutil

import pytest

from lodeline_server.log import files, notebook, projections, witness
from lodeline_server.log.books import AUDIT, BOOKS, MAIN


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


@pytest.fixture
def write(data_folder):
    """Writes policies; they and published files are gone afterwards."""
    shutil.rmtree(files.folder(MAIN), ignore_errors=True)
    yield lambda name, text: (data_folder / f"{name}.policy").write_text(text)
    for name in ("log", "witness"):
        (data_folder / f"{name}.policy").unlink(missing_ok=True)
    shutil.rmtree(files.folder(MAIN), ignore_errors=True)


@pytest.fixture
def own(live_server, write):
    """This installation witnesses both of its own books; the address of its witness."""
    url = f"{live_server.url}/witness"
    write("witness", f"log {notebook.verifier(MAIN)}\nlog {notebook.verifier(AUDIT)}\nquorum none\n")
    plain, lattice = witness.cosigners()
    write("log", f"witness a {plain.key} {url}\nwitness b {lattice.key} {url}/\ngroup g all a b\nquorum g\n")
    return url
