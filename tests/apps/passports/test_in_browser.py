"""Public page and workbench in a real browser: axe finds nothing, nothing overflows, nothing foreign is loaded."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from tests.apps.passports.telling import GTIN, about, chain, pack, tell

from lodeline.access import Role, platform

WIDER = """[...document.querySelectorAll('body *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 120))"""
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(workspace, now):
    from lodeline_server.passports.actions import issue_all

    tell(workspace.pk, *chain(), pack("A1"), about("A1", {"51": "219.7"}))
    issue_all(actor=platform(workspace.pk), workspace=workspace.pk, now=now)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_page(browser, axe, live_server, world, scheme):
    context = browser.new_context(
        base_url=live_server.url, color_scheme=scheme, viewport={"width": 320, "height": 700}
    )
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: said.append(line.text))
    page.goto(f"/01/{GTIN}/21/A1")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate(WIDER) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(live_server.url).netloc}
    assert context.cookies() == []
    assert axe(page) == []
    assert said == []
    context.close()


def test_public_page_needs_no_script_and_its_policy_holds(browser, live_server, world):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    said = []
    page.on("console", lambda line: said.append(line.text))
    page.goto(f"/01/{GTIN}/21/A1")
    page.click("text=Identity and maker")
    assert page.is_visible("text=Packgatan 1, Acmeby >> nth=1")
    assert page.locator(".figures").bounding_box()["width"] > 100
    assert said == []
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_workbench(browser, axe, live_server, world, client_as, width):
    from django.conf import settings

    cookie = client_as(Role.MAKER).cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": 800})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    for path in ("/app/passports/", "/app/passports/waiting/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        assert axe(page) == [], path
    page.goto("/app/passports/")
    page.click("main table a >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe(page) == []
    page.click("a[href='#p36'] >> nth=0")
    assert page.url.endswith("#p36")
    context.close()
