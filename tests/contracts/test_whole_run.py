"""What `make test` runs is all there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_folder_of_tests_is_run(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    spec = importlib.util.spec_from_file_location("whole_run", ROOT / "tools" / "test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    there = {
        f"tests/{path.parent.relative_to(ROOT / 'tests').parts[0]}"
        for path in ROOT.glob("tests/*/**/test_*.py")
    }
    assert sorted(module.ALL) == sorted(there)
    assert not list(ROOT.glob("tests/test_*.py"))
