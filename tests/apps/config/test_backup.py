"""Backups bring everything back, and refuse what is damaged, newer or in the way."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lodeline_server.config.backup import BackupRefused, backup, restore, unpack

LODELINE = Path(sys.executable).parent / "lodeline"


@pytest.fixture
def folder(tmp_path, now):
    data = tmp_path / "data"
    (data / "secrets").mkdir(parents=True)
    (data / "secrets" / "log.key").write_bytes(b"k" * 32)
    (data / "log").mkdir()
    (data / "log" / "checkpoint").write_text("origin\n")
    with sqlite3.connect(data / "lodeline.sqlite3") as connection:
        connection.execute("CREATE TABLE fact (id INTEGER PRIMARY KEY, text TEXT)")
        connection.executemany("INSERT INTO fact (text) VALUES (?)", [(f"fact {n}",) for n in range(500)])
    connection.close()
    return data


def sqlite(data: Path) -> dict:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(data / "lodeline.sqlite3")}


def test_what_is_backed_up_comes_back_byte_for_byte(folder, tmp_path, now):
    archive = tmp_path / "one.tar.gz"
    manifest = backup(data=folder, database=sqlite(folder), target=archive, now=now)
    assert sorted(manifest["files"]) == ["lodeline.sqlite3", "log/checkpoint", "secrets/log.key"]
    assert archive.stat().st_mode & 0o777 == 0o600
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    restore(archive=archive, data=fresh, database=sqlite(fresh))
    assert (fresh / "secrets/log.key").read_bytes() == b"k" * 32
    with sqlite3.connect(fresh / "lodeline.sqlite3") as connection:
        assert connection.execute("SELECT count(*), max(text) FROM fact").fetchone() == (500, "fact 99")
    connection.close()


def test_what_can_be_written_anew_stays_out(folder, tmp_path, now):
    for name in (
        "log/main/tile/0/000.p/1",
        "log/audit/checkpoint",
        "log/audit.checkpoint",
        "log/checkpoint.part",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    manifest = backup(data=folder, database=sqlite(folder), target=tmp_path / "one.tar.gz", now=now)
    assert [name for name in manifest["files"] if name.startswith("log/")] == [
        "log/audit.checkpoint",
        "log/checkpoint",
    ]


def test_policies_come_back(folder, tmp_path, now):
    (folder / "log.policy").write_text("quorum none\n")
    (folder / "other.policy").write_text("mine")
    archive, fresh = tmp_path / "one.tar.gz", tmp_path / "fresh"
    manifest = backup(data=folder, database=sqlite(folder), target=archive, now=now)
    assert sorted(name for name in manifest["files"] if "policy" in name) == ["log.policy"]
    fresh.mkdir()
    restore(archive=archive, data=fresh, database=sqlite(fresh))
    assert (fresh / "log.policy").read_text() == "quorum none\n"


def test_a_backup_never_overwrites(folder, tmp_path, now):
    archive = tmp_path / "one.tar.gz"
    archive.write_text("mine")
    with pytest.raises(BackupRefused, match="never overwrites"):
        backup(data=folder, database=sqlite(folder), target=archive, now=now)
    assert archive.read_text() == "mine"


def test_restoring_over_data_is_refused(folder, tmp_path, now):
    archive = tmp_path / "one.tar.gz"
    backup(data=folder, database=sqlite(folder), target=archive, now=now)
    with pytest.raises(BackupRefused, match="already holds data"):
        restore(archive=archive, data=folder, database=sqlite(folder))


@pytest.mark.parametrize("damage", ["truncated", "edited", "not an archive"])
def test_a_damaged_archive_is_refused_and_leaves_nothing(folder, tmp_path, now, damage):
    archive = tmp_path / "one.tar.gz"
    backup(data=folder, database=sqlite(folder), target=archive, now=now)
    if damage == "truncated":
        archive.write_bytes(archive.read_bytes()[:400])
    elif damage == "not an archive":
        archive.write_bytes(b"not an archive")
    else:
        room = tmp_path / "room"
        with tarfile.open(archive) as opened:
            unpack(opened, room)
        (room / "secrets/log.key").write_bytes(b"x" * 32)
        with tarfile.open(archive, "w:gz") as changed:
            for path in room.rglob("*"):
                if path.is_file():
                    changed.add(path, arcname=str(path.relative_to(room)))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    with pytest.raises(BackupRefused, match="damaged|cannot be read"):
        restore(archive=archive, data=fresh, database=sqlite(fresh))
    assert list(fresh.iterdir()) == []


def test_a_newer_backup_is_refused(folder, tmp_path, now, monkeypatch):
    archive = tmp_path / "one.tar.gz"
    monkeypatch.setattr("lodeline_server.config.backup.FORMAT", 99)
    backup(data=folder, database=sqlite(folder), target=archive, now=now)
    monkeypatch.undo()
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    with pytest.raises(BackupRefused, match="newer Lodeline"):
        restore(archive=archive, data=fresh, database=sqlite(fresh))


def link(name, to, kind):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../climbed"),
        tarfile.TarInfo("log/../../climbed"),
        tarfile.TarInfo("/climbed"),
        link("climbed", "../../loot", tarfile.SYMTYPE),
        link("climbed", "../loot", tarfile.LNKTYPE),
        link("climbed", "", tarfile.FIFOTYPE),
        link("climbed", "", tarfile.CHRTYPE),
    ],
    ids=lambda member: f"{member.name} {member.type.decode()}",
)
def test_what_is_no_file_below_the_folder_is_refused(tmp_path, member):
    evil = tmp_path / "evil.tar.gz"
    (tmp_path / "loot").write_text("x")
    with tarfile.open(evil, "w:gz") as archive:
        archive.addfile(member)
    fresh = tmp_path / "deep" / "fresh"
    fresh.mkdir(parents=True)
    with pytest.raises(BackupRefused, match="damaged.*climbed"):
        restore(archive=evil, data=fresh, database=sqlite(fresh))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "evil.tar.gz", "fresh", "loot"]
    assert not Path("/climbed").exists()


def run(data: Path, *words: str) -> subprocess.CompletedProcess:
    kept = {key: value for key, value in os.environ.items() if key not in {"LODELINE_DATA", "DATABASE_URL"}}
    return subprocess.run(
        [str(LODELINE), *words],
        env=kept | {"LODELINE_DATA": str(data)},
        text=True,
        capture_output=True,
        check=False,
    )


def test_by_command_line_the_log_is_sound_after_a_restore(tmp_path):
    data, fresh = tmp_path / "data", tmp_path / "fresh"
    assert run(data, "manage", "migrate", "--verbosity", "0").returncode == 0
    assert run(data, "user", "workspace", "Kept", "--slug", "kept").returncode == 0
    made = run(data, "backup", str(tmp_path / "b.tar.gz"), "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["files"]["lodeline.sqlite3"]["size"] > 0
    assert run(data, "backup", str(tmp_path / "b.tar.gz")).returncode == 1
    assert run(fresh, "restore", str(tmp_path / "b.tar.gz")).returncode == 0
    assert (fresh / "secrets/django.key").read_bytes() == (data / "secrets/django.key").read_bytes()
    assert run(fresh, "doctor").returncode == 0
    assert run(fresh, "log", "fsck").returncode == 0
    assert run(fresh, "restore", str(tmp_path / "b.tar.gz")).returncode == 1


def test_the_list_of_the_erased_comes_back_and_a_newer_one_is_joined_to_it(folder, tmp_path, now):
    (folder / "erased.jsonl").write_text(
        '{"workspace": 1, "pseudonym": "a"}\n{"workspace": 1, "pseudonym": "b"}\n'
    )
    archive, fresh = tmp_path / "one.tar.gz", tmp_path / "fresh"
    manifest = backup(data=folder, database=sqlite(folder), target=archive, now=now)
    assert "erased.jsonl" in manifest["files"]
    fresh.mkdir()
    (fresh / "erased.jsonl").write_text(
        '{"workspace": 1, "pseudonym": "b"}\n{"workspace": 2, "pseudonym": "c"}'
    )
    restore(archive=archive, data=fresh, database=sqlite(fresh))
    names = [json.loads(line)["pseudonym"] for line in (fresh / "erased.jsonl").read_text().splitlines()]
    assert names == ["a", "b", "c"]
    assert (fresh / "erased.jsonl").stat().st_mode & 0o777 == 0o600
