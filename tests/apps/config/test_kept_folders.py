"""Data folders of earlier versions open with this program: migrated, sound, rebuilt to the same content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LODELINE = Path(sys.executable).parent / "lodeline"
KEPT = sorted((Path(__file__).parent / "folders").glob("*.tar.gz"))


def run(data: Path, *words: str) -> subprocess.CompletedProcess:
    kept = {key: value for key, value in os.environ.items() if key not in {"LODELINE_DATA", "DATABASE_URL"}}
    return subprocess.run([str(LODELINE), *words], env=kept | {"LODELINE_DATA": str(data)}, text=True,
                          capture_output=True, check=False)  # fmt: skip


def test_a_folder_is_kept():
    assert KEPT


@pytest.mark.parametrize("archive", KEPT, ids=lambda path: path.name.removesuffix(".tar.gz"))
def test_a_kept_folder_opens(archive, tmp_path):
    data = tmp_path / "data"
    assert run(data, "restore", str(archive)).returncode == 0
    migrated = run(data, "manage", "migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    fsck = run(data, "log", "fsck", "--json")
    assert fsck.returncode == 0, fsck.stdout
    assert json.loads(fsck.stdout)["size"] > 500
    assert run(data, "rebuild").returncode == 0
    assert run(data, "doctor").returncode == 0
    passports = json.loads(run(data, "passport", "list", "--json").stdout)["passports"]
    traced = json.loads(run(data, "trace", "back", passports[0]["key"], "--json").stdout)
    assert len(traced["lots"]) > 5
