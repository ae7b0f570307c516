"""A program that shares no code with us accepts our log and refuses every forgery of it."""

from __future__ import annotations

import pytest
from benchmarks import foreign_verifier
from tests.apps.log.saying import put
from tests.conftest import missing

from lodeline_server.log import files, notebook
from lodeline_server.log.books import MAIN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _there():
    if not foreign_verifier.here():
        missing("node with @noble/curves")


def log(tmp_path, *counts):
    for count in counts:
        put(*range(count))
    folder = tmp_path / "main"
    files.publish(MAIN, to=folder)
    return (
        folder,
        notebook.verifier(),
        foreign_verifier.Product(folder, notebook.verifier()),
    )


def test_it_accepts_what_holds(tmp_path):
    folder, vkey, product = log(tmp_path, 300, 1_000, 700)
    assert product.size == 2_000
    jobs = [
        *product.inclusion(100),
        *product.consistency(100),
        *({"inclusion": index} for index in (0, 255, 256, 1_791, 1_792, 1_999)),
        *({"consistency": old} for old in (1, 2, 255, 256, 257, 1_024, 1_792, 1_999, 2_000)),
        product.extends(2_000, 2_000),
    ]
    assert foreign_verifier.judge(folder, vkey, jobs) == [None] * len(jobs)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 256])
def test_small_trees(tmp_path, count):
    folder, vkey, product = log(tmp_path, count)
    jobs = [{"inclusion": index} for index in range(min(count, 20))]
    jobs += [{"consistency": old} for old in range(1, min(count, 20) + 1)]
    jobs += [product.extends(old, new) for new in range(1, min(count, 9) + 1) for old in range(1, new + 1)]
    assert foreign_verifier.judge(folder, vkey, jobs) == [None] * len(jobs)


def test_it_refuses_forgeries(tmp_path):
    folder, vkey, product = log(tmp_path, 2_000)
    found = dict(foreign_verifier.forgeries(folder, vkey, product))
    assert len(found) == foreign_verifier.KINDS
    for kind, verdicts in found.items():
        assert verdicts, kind
        assert None not in verdicts, kind
    assert set(found["foreign key"]) == {"the checkpoint is not signed by this key"}
    assert found["edited size in the checkpoint"] == ["the signature does not hold"] * 2
    assert found["flipped byte in tile/0/001"] == ["tile 0/1 does not lead to the signed root"]
    assert foreign_verifier.judge(folder, vkey, [{"inclusion": 333}]) == [None]


def test_jobs_that_cannot_be(tmp_path):
    folder, vkey, _ = log(tmp_path, 5)
    jobs = [{"inclusion": 5}, {"inclusion": -1}, {"consistency": 0}, {"consistency": 6}, {}, {"receipt": "x"}]
    assert foreign_verifier.judge(folder, vkey, jobs) == [
        "the position is not in the tree", "not a size or position", "no such consistency proof",
        "no such consistency proof", "not a job", "not a tlog-proof",
    ]  # fmt: skip
