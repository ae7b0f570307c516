"""Fixtures that every test may use. The data folder is a temporary one, see tests/environment.py."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PARTY = "https://id.gs1.org/417/9521000000004"
OTHER_PARTY = "https://id.gs1.org/417/9521999000003"
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path(os.environ.get("LODELINE_CHROMIUM", "/usr/bin/chromium"))
CHROMIUM_ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = ROOT / "src/lodeline_server/kit/static/vendor/axe-core/axe.min.js"


def missing(what: str) -> None:
    """Something from outside is not on this machine: skip, or fail where everything has to be there."""
    if os.environ.get("LODELINE_REQUIRE_ALL"):
        pytest.fail(f"{what} is not here, and LODELINE_REQUIRE_ALL is set")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    return Path(os.environ["LODELINE_DATA"])


@pytest.fixture(autouse=True)
def _no_files_of_another_log(data_folder):
    """Every test has a log of its own; the copy of another one's checkpoint would stop it.

    Taken away afterwards, too: what a module makes once is made before the next test starts.
    """
    shutil.rmtree(data_folder / "log", ignore_errors=True)
    yield
    shutil.rmtree(data_folder / "log", ignore_errors=True)


@pytest.fixture(autouse=True)
def _plain_settings(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.AUDIT_THREAD = False  # a thread would write into a database that the test undoes


@pytest.fixture(autouse=True)
def _reads_of_this_test_only():
    """What waits for the audit trail is forgotten with the test's database."""
    yield
    from lodeline_server.log.auditing.outbox import OUTBOX

    OUTBOX.forget()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def conformance() -> Path:
    folder = Path(os.environ.get("LODELINE_CONFORMANCE") or ROOT.parent / "shared" / "conformance")
    if not folder.is_dir():
        pytest.skip("external example documents are not here (LODELINE_CONFORMANCE names their folder)")
    return folder


def _organisation(slug, party):
    from lodeline_server.parties.models import Organisation, Workspace

    space = Workspace.objects.create(slug=slug, name=slug.title(), created_at=NOW)
    return Organisation.objects.create(
        workspace=space,
        slug=f"{slug}-works",
        name=f"{slug.title()} Works",
        party=party,
        country="SE",
        created_at=NOW,
    )


@pytest.fixture
def organisation(db):
    return _organisation("north", PARTY)


@pytest.fixture
def workspace(organisation):
    return organisation.workspace


@pytest.fixture
def other_organisation(db):
    return _organisation("south", OTHER_PARTY)


@pytest.fixture
def other_workspace(other_organisation):
    return other_organisation.workspace


def _membership(organisation, role):
    from lodeline_server.parties.models import Membership, User

    user, _ = User.objects.get_or_create(
        email=f"{role}@{organisation.workspace.slug}.example", defaults={"name": f"{role} person"}
    )
    membership, _ = Membership.objects.get_or_create(
        user=user, organisation=organisation, role=role, defaults={"created_at": NOW}
    )
    return membership


def _actor_factory(organisation):
    from lodeline_server.parties.queries import actor_of

    return lambda role: actor_of(_membership(organisation, str(role)))


@pytest.fixture
def actor(organisation):
    return _actor_factory(organisation)


@pytest.fixture
def other_actor(other_organisation):
    return _actor_factory(other_organisation)


@pytest.fixture
def client_as(organisation):
    from django.test import Client

    def sign_in(role, of=None):
        client = Client()
        client.force_login(_membership(of or organisation, str(role)).user)
        return client

    return sign_in


@pytest.fixture
def api_client(organisation):
    from django.test import Client

    from lodeline_server.parties.actions import create_api_key

    def connect(role, of=None):
        from lodeline.access import Role, platform

        home = of or organisation
        _, secret = create_api_key(
            actor=platform(home.workspace_id),
            organisation=home,
            name="test",
            role=Role(str(role)),
            scopes=(),
            now=NOW,
        )
        return Client(headers={"authorization": f"Bearer {secret}"})

    return connect


def lodeline(data: Path, *words: str) -> None:
    """A command in a process of its own, in a data folder of its own, on SQLite."""
    import subprocess
    import sys

    dropped = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    command = str(Path(sys.executable).parent / "lodeline")
    subprocess.run(
        [command, *words], env=kept | {"LODELINE_DATA": str(data)}, check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory):
    """A data folder (SQLite) as the first start leaves it. It is copied, not used: making one takes seconds."""
    data = tmp_path_factory.mktemp("new")
    lodeline(data, "manage", "migrate", "--verbosity", "0")
    return data


@pytest.fixture(scope="session")
def demo_folder(new_folder, tmp_path_factory):
    """A data folder (SQLite) with the small demonstration world, loaded by the command line."""
    data = tmp_path_factory.mktemp("demo") / "data"
    shutil.copytree(new_folder, data)
    lodeline(data, "demo", "load", "--small", "--as-of", "2026-11-01")
    return data


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of a process: Playwright's loop cannot be started twice in one."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        missing("Chromium (LODELINE_CHROMIUM names it)")
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe():
    """Checks the accessibility of a page: the list of what is wrong, in words."""
    if not AXE.exists():
        missing("axe-core (the set-up brings it)")
    source = AXE.read_text()

    def violations(page):
        page.evaluate(source)  # evaluated by the browser's own tools, so the content policy stays on
        # Colours that are still on their way from one scheme to the other are neither's.
        page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
        result = page.evaluate("async () => await axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']} at {', '.join(node['target'][0] for node in one['nodes'][:4])}"
            f" ({one['nodes'][0].get('failureSummary', '')})"
            for one in result["violations"]
        ]

    return violations
