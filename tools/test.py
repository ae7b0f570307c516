"""Runs the tests: everything on SQLite, then what touches the database on PostgreSQL.

    python tools/test.py [words for pytest]     with words: those only, on the database of DATABASE_URL

A missing system package skips with a reason, or fails where LODELINE_REQUIRE_ALL=1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import postgres

ROOT = Path(__file__).resolve().parent.parent
# In the order given: else files of few tests, which are the long ones, come last.
PARALLEL = ["-q", "-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder"]
# These start commands in data folders of their own, with SQLite in either case.
OWN_FOLDERS = (
    "tests/contracts/test_docs.py",
    "tests/apps/config/test_kept_folders.py",
    "tests/apps/demo/test_kill.py",
    "tests/apps/log/test_audit_threads.py",
    "tests/apps/log/anchoring/test_commands.py",
)
OWN_FOLDER = (
    "tests/apps/config/test_backup.py::test_by_command_line_the_log_is_sound_after_a_restore",
    "tests/apps/log/test_keystores.py::test_an_installation_that_signs_and_wraps_in_the_token_only",
    "tests/apps/log/test_concurrency.py::test_processes_at_the_same_time",
    "tests/apps/log/test_concurrency.py::test_processes_that_are_killed",
    "tests/apps/log/test_monitor.py::test_the_demonstration_world_is_the_same_in_log_and_tables",
)
# The long ones first: whoever is done early has something left to do.
ALL = ["tests/durability", "tests/journeys", "tests/contracts", "tests/apps", "tests/core"]
ON_BOTH = [
    "tests/contracts",
    "tests/apps",
    *(f"--ignore={path}" for path in OWN_FOLDERS),
    *(f"--deselect={name}" for name in OWN_FOLDER),
]


def pytest(*words: str, **environment: str) -> int:
    return subprocess.call(
        [sys.executable, "-m", "pytest", *words], cwd=ROOT, env={**os.environ, **environment}
    )


def main() -> int:
    if sys.argv[1:]:
        return pytest(*sys.argv[1:])
    print("tests on SQLite", flush=True)
    code = pytest(*PARALLEL, *ALL)
    if postgres.programs() is None:
        print("tests on PostgreSQL: skipped, PostgreSQL is not installed", flush=True)
        return code or (1 if os.environ.get("LODELINE_REQUIRE_ALL") else 0)
    print("tests on PostgreSQL", flush=True)
    with postgres.cluster() as url:
        return pytest(*PARALLEL, "-m", "not browser", *ON_BOTH, DATABASE_URL=url) or code


if __name__ == "__main__":
    sys.exit(main())
