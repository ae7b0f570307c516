"""Changing keys: what was sealed and signed before still opens and verifies, and a crash in between loses nothing."""

from __future__ import annotations

import argparse
import base64
import json
import shutil

import pytest
from tests.apps.log.saying import NOON, put

from lodeline.access import Denied, Role, platform
from lodeline.log import checkpoint as notes
from lodeline_server.kit.keystores import KeyUnusable
from lodeline_server.kit.problems import Problem
from lodeline_server.log import notebook, queries, rotation, vault
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, LogKey, SubjectKey, TenantKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data(settings, tmp_path, monkeypatch):
    """A data folder of its own: keys come and go."""
    settings.DATA = tmp_path
    for name in ("KEK", "KEK_OLD", "LOG_KEY", "LOG_KEY_OLD", "AUDIT_KEY", "PKCS11_MODULE"):
        monkeypatch.delenv(f"LODELINE_{name}", raising=False)
    vault._open.cache_clear()
    return tmp_path


def b64(data):
    return base64.b64encode(data).decode()


def files(data):
    return sorted(one.name for one in (data / "secrets").iterdir())


def kek():
    return rotation.rotate_kek(actor=platform())


def readable():
    """Every statement opens, and the log is sound."""
    return [one.payload["body"]["n"] for one in queries.read(types={"test.said"})], fsck().findings


def test_a_new_installation_key_wraps_everything_anew_and_the_old_one_goes(data):
    put(1)
    put(2, subject="anna")
    put(3, workspace=2)
    old = (data / "secrets/kek.key").read_bytes()
    before = {row.pk: bytes(row.wrapped) for row in TenantKey.objects.all()}
    done = kek()
    assert (done.changed, done.source, done.key) == (2, "file kek.key", vault.keks()[0].id)
    assert files(data) == ["kek.key", "log.key"]
    assert (data / "secrets/kek.key").read_bytes() != old
    assert all(bytes(row.wrapped) != before[row.pk] for row in TenantKey.objects.all())
    vault._open.cache_clear()
    put(4)
    assert readable() == ([1, 2, 3, 4], ())
    (data / "secrets/kek.key").write_bytes(old)
    with pytest.raises(queries.Unreadable):
        queries.get(0)


def test_rows_of_before_ids_were_kept_are_rotated_too(data):
    put(1)
    TenantKey.objects.update(kek="")
    assert readable() == ([1], ())
    assert kek().changed == 1
    assert TenantKey.objects.get().kek == vault.keks()[0].id
    assert readable() == ([1], ())


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("step", ["_put_in_place", "_forget_old"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_loses_no_key_and_rotating_again_ends_it(step, when, data, monkeypatch):
    put(1)
    put(2, subject="anna")
    real = getattr(rotation, step)

    def crash(*words):
        if when == "after":
            real(*words)
        raise Crash

    monkeypatch.setattr(rotation, step, crash)
    with pytest.raises(Crash):
        kek()
    monkeypatch.setattr(rotation, step, real)
    vault._open.cache_clear()
    assert readable() == ([1, 2], ())
    put(3, workspace=2)  # a new key, made in between
    assert readable() == ([1, 2, 3], ())
    kek()
    vault._open.cache_clear()
    assert readable() == ([1, 2, 3], ())
    assert files(data) == ["kek.key", "log.key"]
    assert {row.kek for row in TenantKey.objects.all()} == {vault.keks()[0].id}


def test_into_the_environment_and_on_to_the_next_value(data, monkeypatch):
    put(1)
    one, two = b64(b"1" * 32), b64(b"2" * 32)
    monkeypatch.setenv("LODELINE_KEK", one)
    assert readable() == ([1], ())
    done = kek()
    assert (done.changed, done.source) == (1, "environment LODELINE_KEK")
    assert files(data) == ["log.key"]
    with pytest.raises(Problem) as refused:
        kek()
    assert (refused.value.status, refused.value.title) == (409, "Set the new key first")
    monkeypatch.setenv("LODELINE_KEK", two)
    vault._open.cache_clear()
    with pytest.raises(queries.Unreadable):
        queries.get(0)
    with pytest.raises(queries.Unreadable):
        kek()
    monkeypatch.setenv("LODELINE_KEK_OLD", one)
    assert kek().changed == 1
    monkeypatch.delenv("LODELINE_KEK_OLD")
    vault._open.cache_clear()
    assert readable() == ([1], ())


def test_a_new_workspace_key_seals_what_is_new_and_the_people_s_keys_go_under_it():
    put(1)
    put(2, subject="anna")
    put(3, subject="anna\nbo")
    put(9, workspace=2)
    done = rotation.rotate_tenant(actor=platform(), workspace=1, now=NOON)
    assert (done.key, done.changed) == ("version 2", 2)
    put(4)
    put(5, subject="anna")
    put(6, subject="bo\nanna")
    versions = MAIN.entries.objects.order_by("position").values_list("key_version", flat=True)
    assert list(versions) == [1, 1, 1, 1, 2, 2, 2]
    assert sorted(SubjectKey.objects.values_list("key_version", flat=True)) == [0, 2, 2]
    assert len(set(TenantKey.objects.filter(workspace=1).values_list("pseudonym", flat=True))) == 1
    assert readable() == ([1, 2, 3, 9, 4, 5, 6], ())
    with pytest.raises(Problem) as unknown:
        rotation.rotate_tenant(actor=platform(), workspace=7, now=NOON)
    assert unknown.value.status == 404
    kek()
    vault._open.cache_clear()
    assert readable() == ([1, 2, 3, 9, 4, 5, 6], ())


def test_a_new_log_key_is_on_record_under_the_old_one_and_old_checkpoints_still_verify(data):
    put(1)
    old = vault.signing_key().verify_key
    done = rotation.rotate_log(actor=platform(), now=NOON)
    assert (done.position, files(data)) == (1, ["kek.key", "log.0002.key", "log.key"])
    assert vault.signing_key().verify_key != old
    put(2)
    put(3)
    said = queries.get(1)
    assert (said.type, said.payload["body"]["fromSize"]) == ("log.key", 3)
    new = vault.signing_key().verify_key
    assert said.payload["body"]["vkey"] == notes.vkey(MAIN.origin, new) == notebook.verifier()
    assert vault.verify_keys() == [(0, old), (3, new)]
    by_size = {row.size: row.note for row in Checkpoint.objects.all()}
    for size, key, other in ((1, old, new), (2, old, new), (3, new, old), (4, new, old)):
        assert notebook.read(by_size[size]).size == size
        assert notes.parse(by_size[size], {MAIN.origin: key}).size == size
        with pytest.raises(notes.CheckpointRefused):
            notes.parse(by_size[size], {MAIN.origin: other})
    assert fsck().findings == ()
    assert rotation.faults() == []
    assert rotation.rotate_log(actor=platform(), now=NOON).position == 4
    put(4)
    assert [size for size, _ in vault.verify_keys()] == [0, 3, 6]
    assert fsck().findings == ()


def test_a_checkpoint_by_the_key_of_another_time_is_refused():
    put(1)
    first = vault.signing_key()
    rotation.rotate_log(actor=platform(), now=NOON)
    put(2)
    row = Checkpoint.objects.get(size=3)
    forged = notes.sign(notes.Checkpoint(origin=MAIN.origin, size=3, root=bytes(row.root)), first)
    Checkpoint.objects.filter(size=3).update(note=forged)
    with pytest.raises(notes.CheckpointRefused):
        notebook.read(forged)
    assert "L-SIGNATURE" in {one.rule for one in fsck().findings}
    with pytest.raises(LogInconsistent):
        put(3)


def test_the_books_have_keys_of_their_own():
    put(1, book=AUDIT)
    put(1)
    rotation.rotate_log(actor=platform(), book=AUDIT, now=NOON)
    put(2, book=AUDIT)
    assert [len(vault.verify_keys(book.key_file)) for book in (MAIN, AUDIT)] == [1, 2]
    assert (fsck().findings, fsck(book=AUDIT).findings) == ((), ())


def test_the_log_goes_on_under_a_key_of_the_environment_only_after_it_took_over(monkeypatch, data):
    put(1)
    monkeypatch.setenv("LODELINE_LOG_KEY", b64(b"1" * 32))
    put(2)  # the key on record goes on
    assert [len(vault.verify_keys()), fsck().findings] == [1, ()]
    done = rotation.rotate_log(actor=platform(), now=NOON)
    assert done.source == "environment LODELINE_LOG_KEY"
    (data / "secrets/log.key").unlink()
    put(3)
    assert readable() == ([1, 2, 3], ())
    with pytest.raises(Problem) as refused:
        rotation.rotate_log(actor=platform(), now=NOON)
    assert refused.value.status == 409
    monkeypatch.setenv("LODELINE_LOG_KEY", b64(b"2" * 32))
    with pytest.raises(KeyUnusable):
        put(4)
    monkeypatch.setenv("LODELINE_LOG_KEY_OLD", b64(b"1" * 32))
    assert rotation.rotate_log(actor=platform(), now=NOON).source == "environment LODELINE_LOG_KEY"
    put(5)
    assert readable() == ([1, 2, 3, 5], ())


def test_a_lost_log_key_stops_the_log_and_makes_no_other(data):
    put(1)
    shutil.move(data / "secrets/log.key", data / "kept")
    with pytest.raises(KeyUnusable):
        put(2)
    shutil.move(data / "kept", data / "secrets/log.key")
    put(3)
    assert readable() == ([1, 3], ())


def test_a_key_slipped_into_the_table_is_found():
    put(1)
    LogKey.objects.create(name="log.key", from_size=7, public_key=b"x" * 32)
    assert [what for _, what in rotation.faults()] == ["a signing key took over and no statement says so"]
    LogKey.objects.filter(from_size=7).update(position=0)
    assert rotation.faults() == [
        (0, "the statement here does not name the signing key that took over after it")
    ]


def test_only_operators_rotate(actor):
    for role in Role:
        if role is not Role.OPERATOR:
            with pytest.raises(Denied):
                rotation.rotate_kek(actor=actor(role))
            with pytest.raises(Denied):
                rotation.rotate_tenant(actor=actor(role), workspace=1, now=NOON)
            with pytest.raises(Denied):
                rotation.rotate_log(actor=actor(role), now=NOON)
    assert LogKey.objects.count() == 0


def test_the_command_shows_and_rotates(organisation, capsys):
    from lodeline_server.log import command_keys

    def run(*words):
        parser = argparse.ArgumentParser()
        command_keys.add_arguments(parser)
        code = command_keys.run(parser.parse_args(list(words)))
        return code, capsys.readouterr().out

    put(1, workspace=organisation.workspace_id)
    code, said = run("status", "--json")
    status = json.loads(said)
    assert (code, [one["wraps"] for one in status["kek"]], status["unreadable"]) == (0, [1], [])
    assert [one["signs"] for one in status["books"]] == [True, True]
    assert "seed" not in said
    code, said = run("rotate", "kek", "--json")
    assert (code, json.loads(said)["changed"]) == (0, 1)
    code, said = run("rotate", "tenant", "--workspace", "north", "--json")
    assert (code, json.loads(said)["key"]) == (0, "version 2")
    assert run("rotate", "tenant", "--workspace", "nowhere")[0] == 2
    code, said = run("rotate", "log", "--json")
    assert (code, json.loads(said)["position"]) == (0, 1)
    assert run("rotate", "audit")[0] == 0
    code, said = run("make", "--json")
    assert (code, "LODELINE_PKCS11_MODULE is not set" in json.loads(said)["error"]) == (1, True)
    put(2, workspace=organisation.workspace_id)
    assert readable() == ([1, 2], ())
    assert run("status")[0] == 0


def test_doctor_says_which_key_is_missing_and_which_erasure_is_open(data):
    from lodeline_server.config import doctor
    from lodeline_server.log import erasing

    put(1, subject="anna")
    assert list(doctor.secured()) == []
    (data / "secrets/log.key").rename(data / "kept")
    (data / "secrets/kek.key").unlink()
    assert [(one.rule, one.pointer) for one in doctor.secured()] == [("D-KEY", "kek"), ("D-KEY", "main")]
    (data / "kept").replace(data / "secrets/log.key")
    erasing.listed().write_text(json.dumps({"workspace": 1, "pseudonym": "x"}) + "\n")
    TenantKey.objects.all().delete()
    assert [(one.rule, one.pointer) for one in doctor.secured()] == [("D-ERASED", "erasures")]
    erasing.listed().write_text("{")
    assert [one.pointer for one in doctor.secured()] == [str(erasing.listed())]
