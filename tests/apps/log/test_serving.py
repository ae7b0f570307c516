"""The log's files over HTTP: from the files and, before they are written, from the database; proofs by the API."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from tests.apps.log.saying import put

from lodeline.log import layout
from lodeline.log.checkpoint import from_base64
from lodeline.log.client import Tree
from lodeline.log.proof import verify_consistency, verify_inclusion
from lodeline_server.log import files, notebook
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import Checkpoint, Entry, Tile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Where files are published here. The secrets stay those of the tests."""
    (tmp_path / "secrets").symlink_to(settings.DATA / "secrets")
    settings.DATA = tmp_path
    cache.clear()
    return files.folder(MAIN)


def fetch(client, prefix="/log"):
    def get(path):
        answer = client.get(f"{prefix}/{path}")
        if answer.status_code != 200:
            raise LookupError(path)
        return answer.content

    return get


@pytest.mark.parametrize("written", [False, True])
def test_a_stranger_can_check_everything(client, written):
    put(*range(300))
    put(*range(300))
    if written:
        files.publish(MAIN)
        Tile.objects.all().delete()
        Entry.objects.all().delete()
    notebook.publish_newest()
    point = notebook.read(client.get("/log/checkpoint").content.decode())
    tree = Tree(fetch(client), point)
    assert len(list(tree.entries(0, 600))) == 600
    for old in (1, 256, 300, 511, 600):
        verify_consistency(old, 600, tree.root_at(old), point.root, tree.consistency(old))


def test_the_audit_trail_is_served_below_its_own_address(client):
    put(*range(5), book=AUDIT)
    notebook.publish_newest(AUDIT)
    note = client.get("/log/audit/checkpoint").content.decode()
    point = notebook.read(note, AUDIT)
    assert (point.origin, point.size) == (AUDIT.origin, 5)
    tree = Tree(fetch(client, "/log/audit"), point)
    assert [entry for _, entry in tree.entries(0, 5)] == [
        bytes(one.leaf) for one in AUDIT.entries.objects.order_by("position")
    ]
    assert client.get("/log/checkpoint").status_code == 404
    assert client.get("/log/tile/0/000.p/5").status_code == 404


def test_types_and_caching(client):
    put(*range(300))
    notebook.publish_newest()
    for path in (
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ):
        answer = client.get(f"/log/{path}")
        assert answer.status_code == 200, path
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
        again = client.get(f"/log/{path}", headers={"if-none-match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(f"/log/{path}")
        assert (head.status_code, head.content, head["Content-Length"]) == (
            200,
            b"",
            str(len(answer.content)),
        )
        assert client.post(f"/log/{path}").status_code == 405
    assert client.get("/log/checkpoint")["Cache-Control"] == "public, max-age=5"


@pytest.mark.parametrize(
    "path",
    [
        "0", "0/0", "0/0001", "0/x000/001", "00/000", "64/000", "0/000.p/0", "0/000.p/01", "0/000.p/256", "0/000.p/",
        "0/000/", "entries", "data/000", "0/../checkpoint", "../checkpoint", "..%2f..%2fsecrets/kek.key",
        "%2e%2e/%2e%2e/secrets/kek.key", "0/000%00", "0//000", "0/000.p/1.part", "x" * 5000,
    ],
)  # fmt: skip
def test_paths_that_are_none(client, path):
    put(*range(300))
    files.publish(MAIN)
    answer = client.get(f"/log/tile/{path}")
    assert answer.status_code == 400, answer.content[:200]
    assert answer.content == b"not the path of a tile\n"


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/001.p/45", "0/002.p/1", "1/000.p/2", "1/000", "2/000.p/1", "63/000.p/1", "entries/001",
     "entries/001.p/45", "0/x999/x999/x999/x999/x999/x999/999", "0/000%0a"],
)  # fmt: skip
def test_tiles_that_the_log_does_not_have(client, path):
    put(*range(300))
    files.publish(MAIN)
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_a_partial_tile_is_answered_while_its_full_one_is_there(client):
    put(*range(3))
    files.publish(MAIN)
    put(*range(300))
    files.publish(MAIN)
    partial = client.get("/log/tile/0/000.p/3")
    assert partial.content == client.get("/log/tile/0/000").content[:96]
    assert len(layout.unbundle(client.get("/log/tile/entries/000.p/3").content, 3)) == 3


def test_inclusion_by_the_api(api_client):
    put(*range(5))
    put(*range(8))
    client = api_client("auditor")
    for size in range(1, 14):
        for position in range(size):
            said = client.get("/api/log/proof/inclusion", {"position": position, "size": size}).json()
            path = [from_base64(one) for one in said["inclusion"]]
            leaf = bytes.fromhex(said["leafHash"])
            verify_inclusion(leaf, position, size, path, from_base64(said["root"]))
            assert leaf == bytes(Entry.objects.get(position=position).leaf_hash)
            assert said["treeSize"] == size
    said = client.get("/api/log/proof/inclusion", {"position": 4}).json()
    assert (said["treeSize"], said["checkpoint"]) == (13, Checkpoint.objects.get(size=13).note)
    said = client.get("/api/log/proof/inclusion", {"position": 4, "size": 6}).json()
    assert said["checkpoint"] is None


def test_consistency_by_the_api(api_client):
    put(*range(5))
    put(*range(8))
    said = api_client("auditor").get("/api/log/proof/consistency", {"old": 5}).json()
    old, new = (bytes(Checkpoint.objects.get(size=size).root) for size in (5, 13))
    assert (said["new"], from_base64(said["oldRoot"]), from_base64(said["newRoot"])) == (13, old, new)
    verify_consistency(5, 13, old, new, [from_base64(one) for one in said["consistency"]])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("inclusion", {"position": 13}, 404),
        ("inclusion", {"position": -1}, 404),
        ("inclusion", {"position": 5, "size": 5}, 404),
        ("inclusion", {"position": 0, "size": 0}, 404),
        ("inclusion", {"position": 0, "size": 14}, 404),
        ("inclusion", {"position": 10**30, "size": 10**31}, 404),
        ("inclusion", {}, 422),
        ("inclusion", {"position": "x"}, 422),
        ("inclusion", {"position": "1e3"}, 422),
        ("consistency", {"old": 0}, 404),
        ("consistency", {"old": 6, "new": 5}, 404),
        ("consistency", {"old": 1, "new": 14}, 404),
        ("consistency", {"old": 10**30}, 404),
        ("consistency", {"new": 3}, 422),
    ],
)
def test_proofs_that_cannot_be(api_client, path, query, status):
    put(*range(13))
    answer = api_client("auditor").get(f"/api/log/proof/{path}", query)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_proofs_of_an_empty_and_of_a_damaged_log(api_client):
    client = api_client("auditor")
    assert client.get("/api/log/proof/inclusion", {"position": 0}).status_code == 404
    put(*range(13))
    Tile.objects.update(hashes=bytes(32 * 13))
    answer = client.get("/api/log/proof/inclusion", {"position": 0})
    assert (answer.status_code, answer.json()["title"]) == (500, "The log is damaged")
