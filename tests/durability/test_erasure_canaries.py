"""Twenty strings planted through capture are gone after an erasure, from every file and table; proofs verify."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.conftest import missing

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import postgres
from benchmarks import canaries, erasure

# Where they have to have stood before: each of these must have been cleaned.
TABLES = {
    "events_capturejob", "events_eventrecord", "events_thing", "evidence_fact", "evidence_party", "evidence_site",
    "lots_effect", "lots_happening", "lots_lot", "passports_passport", "publishing_published", "trust_score",
}  # fmt: skip


def holds(found):
    in_tables = set().union(*found.tables_before.values())
    assert found.by_api | in_tables == set(canaries.WORDS)
    assert (len(found.by_api), len(in_tables)) == (18, 15)
    assert set(found.tables_before) >= TABLES
    assert (found.outcome["left"], found.outcome["notes"]) == ([], [])
    assert (found.tables_after, found.files_after, found.backup_after, found.api_after) == ({}, {}, {}, set())
    assert (found.sound, found.rebuilt, found.proofs, found.erased) == (True, True, found.size, 17)
    assert found.outcome["count"] == 17
    assert found.outcome["withdrawn"] == [
        f"/01/{canaries.GTIN}/21/P1",
        f"/batteries/{canaries.GTIN}/P1/did.json",
    ]
    assert found.passport == 200  # issued anew, without the person
    assert found.refused.startswith("409 ")
    assert not canaries.in_bytes(found.refused.encode(), canaries.WORDS)


@pytest.mark.slow
def test_after_an_erasure_no_file_of_the_data_folder_holds_them():
    found = erasure.run()
    assert {"lodeline.sqlite3", "lodeline.sqlite3-wal"} <= set(found.files_before)
    holds(found)
    assert set(found.restored_before) == {
        "lodeline.sqlite3"
    }  # a backup of before, put back beside today's list
    assert found.restored_after == {}


@pytest.mark.slow
@pytest.mark.postgres
def test_after_an_erasure_no_file_of_the_cluster_holds_them():
    if postgres.programs() is None:
        missing("PostgreSQL")
    with postgres.cluster() as url:
        holds(erasure.run(database=url, cluster=erasure.cluster_of(url)))


def test_the_search_finds_what_is_there():
    """In every form it looks for; otherwise an absence would say nothing."""
    import base64
    import gzip

    word = canaries.WORDS[4]
    for hidden in (
        f"x{word}y".encode(),
        word.encode("utf-16-le"),
        word.encode().hex().encode(),
        *(base64.b64encode(b"?" * shift + word.encode() + b"tail") for shift in range(3)),
        b"noise\x1f\x8b\x08" + gzip.compress(b"before " + word.encode()),
    ):
        assert canaries.in_bytes(b"\0" * 9 + hidden + b"\0", canaries.WORDS) == {word}
    assert canaries.in_bytes(b"Kanari", canaries.WORDS) == set()


def test_without_the_cleaning_of_free_pages_they_are_found(tmp_path):
    """The same deletes without it: the harness can fail."""
    import sqlite3

    base = sqlite3.connect(tmp_path / "base.sqlite3", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA secure_delete=OFF")  # some builds have it on by default
    base.execute("CREATE TABLE one (said TEXT)")
    base.executemany("INSERT INTO one VALUES (?)", [(f"{word} " * 50,) for word in canaries.WORDS])
    base.execute("DELETE FROM one")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    base.close()
    assert canaries.in_folder(tmp_path) == {"base.sqlite3": set(canaries.WORDS)}
