"""A newer folder is left alone; a folder of this program opens."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client

from lodeline_server.config import folder


@pytest.mark.django_db
def test_a_folder_of_this_program_opens(tmp_path):
    folder.check(tmp_path)
    folder.mark(tmp_path)
    folder.check(tmp_path)
    assert json.loads((tmp_path / "lodeline.json").read_text())["format"] == folder.FORMAT


@pytest.mark.django_db
def test_a_newer_format_is_refused_with_the_version_to_install(tmp_path):
    (tmp_path / "lodeline.json").write_text(json.dumps({"format": folder.FORMAT + 1, "program": "9.1"}))
    with pytest.raises(folder.FolderRefused, match="written by Lodeline 9.1"):
        folder.check(tmp_path)


@pytest.mark.django_db
def test_a_damaged_mark_is_refused(tmp_path):
    (tmp_path / "lodeline.json").write_text("{")
    with pytest.raises(folder.FolderRefused, match="damaged"):
        folder.check(tmp_path)


@pytest.mark.django_db
def test_a_database_of_a_newer_program_is_refused(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('log', '0099_later', '2026-11-01 00:00:00+00:00')"
        )
    with pytest.raises(folder.FolderRefused, match="log.0099_later"):
        folder.check(tmp_path)


@pytest.mark.django_db
def test_healthz_is_ready_only_when_migrated(monkeypatch):
    from lodeline_server.config import health

    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(folder, "pending", lambda: ["log.0002_more"])
    assert Client().get("/healthz").status_code == 503
    monkeypatch.setattr(folder, "pending", list)
    assert Client().get("/healthz").status_code == 200
