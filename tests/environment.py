"""A pytest plugin, loaded before Django reads its settings: tests work in a data folder of their own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

JOURNEYS = "tests/journeys/"
_data = tempfile.mkdtemp(prefix="lodeline-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
(Path(_data) / "static").mkdir()
os.environ["LODELINE_DATA"] = _data
for name in (
    "LODELINE_URL",
    "LODELINE_ORIGIN",
    "LODELINE_WITNESS",
    "LODELINE_LOG_MLDSA",
    "LODELINE_HOSTS",
    "LODELINE_MAX_UPLOAD",
    "LODELINE_OIDC_ISSUER",
    "LODELINE_VC_HOSTS",
    "LODELINE_VC_OPEN",
):
    os.environ.pop(name, None)
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's sync API runs a loop beside the ORM

import pytest  # noqa: E402 - after the environment stands
from hypothesis import HealthCheck, settings  # noqa: E402

# No deadlines: machines are busy at times. Where CI runs, the same examples each time.
settings.register_profile(
    "lodeline",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lodeline")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests go to one process; all journeys too, which share one server with one world."""
    from xdist.scheduler import LoadFileScheduling

    class ByWorld(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return JOURNEYS if file.startswith(JOURNEYS) else file

    return ByWorld(config, log) if config.getoption("dist") == "loadfile" else None
