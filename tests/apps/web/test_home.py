"""The dashboard: the small demonstration world, seen by every role."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import transaction
from django.test import Client

from lodeline.access import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def workspace(django_db_setup, django_db_blocker):
    """The small world; everything is rolled back after the module."""
    from lodeline_server.demo.actions import load
    from lodeline_server.parties.models import Workspace

    with django_db_blocker.unblock(), transaction.atomic():
        load(now=NOW, small=True)
        yield Workspace.objects.get(slug="demo")
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("lodeline_server.web.pages.clock", lambda: NOW)


@pytest.fixture
def client(workspace):
    from lodeline_server.parties.models import User

    def sign_in(role):
        browser = Client()
        browser.force_login(User.objects.get(email=f"{role}@demo.example"))
        return browser

    return sign_in


def words(page, tag):
    return [
        unescape(re.sub(r"<[^>]+>|\s+", " ", part)).strip()
        for part in re.findall(rf"<{tag}[ >].*?</{tag}>", page, re.DOTALL)
    ]


@pytest.mark.parametrize("role", Role)
def test_every_role_is_answered_in_one_sentence(client, role):
    answer = client(role).get("/app/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    (heading,) = words(page, "h1")
    assert heading.endswith(".")
    assert 3 <= len(heading.split()) <= 20
    assert 1 <= page.count('<div class="figure">') <= 4
    assert "Demonstration data. All companies, places and figures are invented." in page


def test_signed_out_leads_to_the_sign_in(workspace):
    answer = Client().get("/app/")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/app/"


def test_the_inbox_tells_the_worlds_stories(client):
    page = client(Role.QUALITY).get("/app/?all").content.decode()
    assert "Certificate NM-2207 (Vellamo Cobalt Refining Oy) ends on 2026-11-28" in page
    assert "6 days left" in page
    assert "gate G3 would cap the score at 50" in page


def test_a_role_is_shown_only_what_it_may_open(client):
    recycler = client(Role.RECYCLER).get("/app/?all").content.decode()
    assert "Certificate NM-2207" not in recycler
    assert "Recalls and drills" not in recycler
    assert 'href="/app/suppliers/' not in recycler
    financier = client(Role.FINANCIER).get("/app/?all").content.decode()
    assert 'href="/app/captures/' not in financier


def test_a_supplier_sees_itself(client, workspace):
    page = client(Role.SUPPLIER).get("/app/?all").content.decode()
    tasks = re.findall(r'<ul class="tasks">.*?</ul>', page, re.DOTALL)
    assert "Vellamo" in tasks[0]
    for other in ("Port Aldous", "Drakensund", "Kolomba", "Bluff Point"):
        assert other not in page


def test_every_chart_has_its_facts_in_a_table(client):
    page = client(Role.QUALITY).get("/app/").content.decode()
    charts = re.findall(r'<svg class="chart"', page)
    assert len(charts) == 2
    assert page.count("<table") == 2


def test_links_lead_somewhere(client):
    browser = client(Role.QUALITY)
    page = browser.get("/app/?all").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    for href in sorted(set(re.findall(r'href="(/[^"]*)"', main))):
        assert browser.get(unescape(href)).status_code == 200, href


def test_the_page_asks_the_database_seldom(client, django_assert_max_num_queries):
    browser = client(Role.QUALITY)
    browser.get("/app/")
    with django_assert_max_num_queries(40):
        browser.get("/app/")


def test_an_empty_workspace_teaches(client_as):
    page = client_as(Role.MAKER).get("/app/").content.decode()
    assert words(page, "h1") == ["Nothing waits for you. All that is on record stands."]
    assert "Nothing was captured yet." in page
    assert "No recall drill is on record." in page
    assert "the log is empty" in page or "ago" in page
    assert "Demonstration data" not in page
