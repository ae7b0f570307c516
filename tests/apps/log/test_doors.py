"""What append refuses, where its keys live, and the copy of the checkpoint in the data folder."""

from __future__ import annotations

import stat
import threading

import pytest
from django.db import connection, transaction
from tests.apps.log.saying import NOON, put, said

from lodeline.access import platform
from lodeline.sealing import Unreadable
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.secrets import secret
from lodeline_server.log import backend, notebook, queries, vault
from lodeline_server.log.actions import LogInconsistent, NewStatement, append
from lodeline_server.log.models import Checkpoint, Entry, LogState, SubjectKey, TenantKey, Tile

pytestmark = pytest.mark.django_db


def refused(statement):
    with transaction.atomic():
        append(actor=platform(), workspace=1, statements=[*said(1), statement], now=NOON)


@pytest.mark.parametrize("kind", ["", "x" * 61])
def test_types_fit_their_column(kind):
    with pytest.raises(ValueError, match="1 to 60 characters"):
        refused(NewStatement(type=kind, payload={}))


@pytest.mark.parametrize(
    "payload",
    [{"n": float("nan")}, {"n": 2**60}, {"n": "\ud800"}, {"n": object()}, {1: 2}, {"n": b"bytes"}],
    ids=["nan", "large integer", "lone surrogate", "object", "key", "bytes"],
)
def test_what_has_no_canonical_form_is_refused_as_a_whole(payload):
    with pytest.raises(ValueError):
        refused(NewStatement(type="test.said", payload=payload))
    assert queries.size() == 0
    assert Entry.objects.count() == 0


@pytest.mark.parametrize("depth", [65, 200])
def test_deep_payloads_can_be_read_again(depth):
    """The reader of inputs stops at 64; what stands in the log, an envelope deeper, must open all the same."""
    payload: dict = {}
    inner = payload
    for _ in range(depth):
        inner["in"] = {}
        inner = inner["in"]
    with transaction.atomic():
        append(actor=platform(), workspace=1, statements=[NewStatement(type="t", payload=payload)], now=NOON)
    assert queries.get(0).payload == payload


def test_nothing_is_said_about_an_erased_person():
    put(1, subject="anna")
    SubjectKey.objects.update(destroyed_at=NOON)
    with pytest.raises(Problem) as found:
        put(2, subject="anna")
    assert (found.value.status, queries.size()) == (409, 1)
    put(3, subject="berta")
    assert queries.size() == 2


def test_no_statements_make_no_checkpoint():
    with transaction.atomic():
        assert append(actor=platform(), workspace=1, statements=[], now=NOON) == []
    assert Checkpoint.objects.count() == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda: LogState.objects.update(size=3),
        lambda: LogState.objects.update(root=bytes(32)),
        lambda: LogState.objects.update(frontier=bytes(32)),
        lambda: Checkpoint.objects.update(root=bytes(32)),
        lambda: Checkpoint.objects.update(note="x"),
        lambda: Checkpoint.objects.all().delete(),
        lambda: Tile.objects.update(hashes=b""),
        lambda: Tile.objects.all().delete(),
    ],
    ids=["size", "root", "frontier", "checkpoint", "note", "no checkpoint", "tile", "no tile"],
)
def test_on_any_inconsistency_nothing_is_appended_and_nothing_repaired(damage):
    put(1, 2)
    damage()
    before = list(LogState.objects.values_list("size", "root", "frontier"))
    with pytest.raises((LogInconsistent, ValueError)):
        put(3)
    assert list(LogState.objects.values_list("size", "root", "frontier")) == before
    assert Entry.objects.count() == 2


def test_a_note_signed_by_another_key_stops_the_log(monkeypatch):
    put(1)
    stranger = vault.SigningKey.from_seed(bytes(32)).verify_key
    monkeypatch.setattr(vault, "verify_keys", lambda _name="": [(0, stranger)])
    with pytest.raises(LogInconsistent, match="does not verify"):
        put(2)


def test_a_new_origin_goes_on_with_the_same_log(settings):
    put(1)
    settings.LOG_ORIGIN = "log.example/moved"
    put(2)
    assert queries.checkpoint().startswith("log.example/moved\n2\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite")
def test_unsafe_settings_are_refused_sqlite():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=NORMAL")
    try:
        with pytest.raises(backend.Unsafe, match="below FULL"):
            put(1)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")
    assert Entry.objects.count() == 0
    put(1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")
def test_unsafe_settings_are_refused_postgresql():
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit=off")
        with pytest.raises(backend.Unsafe, match="synchronous_commit=off"):
            put(1)


# --- keys -----------------------------------------------------------------------------------------------


def test_each_workspace_has_its_own_key_and_pseudonym():
    put(1, workspace=1)
    put(2, workspace=2)
    put(3, workspace=1)
    one, two = TenantKey.objects.order_by("workspace")
    assert TenantKey.objects.count() == 2
    assert one.pseudonym != two.pseudonym
    tenants = [queries.get(at).leaf.decode().split('"tenant":"')[1][:43] for at in range(3)]
    assert tenants == [one.pseudonym, two.pseudonym, one.pseudonym]


def test_a_payload_opens_in_its_own_row_only():
    put(1, 2)
    Entry.objects.filter(position=0).update(sealed=bytes(Entry.objects.get(position=1).sealed))
    with pytest.raises(Unreadable):
        queries.get(0)
    with pytest.raises(Unreadable):
        list(queries.read())
    assert queries.get(1).payload["body"] == {"n": 2}


def test_salts_and_nonces_are_never_used_twice():
    put(*[5] * 50)
    assert len({one.salt for one in queries.read()}) == 50
    assert len({one.leaf_hash for one in queries.read()}) == 50
    assert len({bytes(one.sealed)[:12] for one in Entry.objects.all()}) == 50


def test_secrets_are_the_owners_alone(tmp_path):
    first = secret(tmp_path, "some.key")
    assert (len(first), secret(tmp_path, "some.key")) == (32, first)
    path = tmp_path / "secrets" / "some.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["some.key"]


def test_a_secret_is_made_once_by_many(tmp_path):
    found, gate = [], threading.Barrier(8)

    def ask():
        gate.wait()
        found.append(secret(tmp_path, "some.key"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [one.name for one in (tmp_path / "secrets").iterdir()] == ["some.key"]


# --- the copy of the checkpoint -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_file_follows_what_is_committed():
    put(1)
    assert notebook.file().read_text() == queries.checkpoint()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append(actor=platform(), workspace=1, statements=said(2), now=NOON)
        raise ZeroDivisionError
    assert notebook.file().read_text().split("\n")[1] == "1"
    put(2, 3)
    assert notebook.file().read_text().split("\n")[1] == "3"
    assert not [path.name for path in notebook.file().parent.iterdir() if path.suffix == ".part"]


@pytest.mark.django_db(transaction=True)
def test_a_file_that_cannot_be_written_takes_no_acknowledgement_back(settings, tmp_path):
    (tmp_path / "log").write_text("in the way")
    settings.DATA = tmp_path
    assert [one.position for one in put(1)] == [0]
    assert queries.size() == 1
